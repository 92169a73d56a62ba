"""Containers, services and environments."""

import pytest

from tests.pipelines.formats.reads import read, told
from towpath.pipelines.formats import containers
from towpath.pipelines.model.workflow import Container, Environment


def test_a_container_may_be_an_image_or_all_that_it_needs():
    assert read(containers.container, "node:24")[0] == Container(image="node:24")
    found, reader = read(
        containers.container,
        "{image: 'a:${{ matrix.v }}', credentials: {username: u, password: '${{ secrets.p }}'},"
        " env: {A: '${{ secrets.a }}'}, ports: [80, '81:82'], volumes: [v:/v], options: --cpus 1}",
    )
    assert told(reader) == []
    assert found == Container(
        image="a:${{ matrix.v }}", username="u", password="${{ secrets.p }}",
        env={"A": "${{ secrets.a }}"}, ports=("80", "81:82"), volumes=("v:/v",),
        options="--cpus 1",
    )  # fmt: skip


def test_a_service_may_say_how_it_starts():
    found, reader = read(
        containers.services, "{db: {image: postgres, entrypoint: sh, command: -c true}, r: redis}"
    )
    assert told(reader) == []
    assert found == {
        "db": Container(image="postgres", entrypoint="sh", command="-c true"),
        "r": Container(image="redis"),
    }


def test_an_environment_may_be_a_name_or_a_mapping():
    assert read(containers.environment, "production")[0] == Environment("production")
    found, reader = read(
        containers.environment,
        "{name: 'p-${{ matrix.a }}', url: '${{ steps.d.outputs.url }}', deployment: false}",
    )
    assert told(reader) == []
    assert found == Environment(
        "p-${{ matrix.a }}", "${{ steps.d.outputs.url }}", deployment=False
    )


@pytest.mark.parametrize(
    ("reading", "text", "says"),
    [
        (containers.container, "{image: }", "may not be empty"),
        (containers.container, "{env: {a: b}}", "needs the key `image`"),
        (containers.container, "{image: a, entrypoint: b}", "Unknown key `entrypoint`"),
        (containers.container, "{image: a, credentials: {user: b}}", "Did you mean `username`?"),
        (containers.container, "${{ secrets.a }}", "secrets"),
        (containers.services, "[redis]", "must be a mapping"),
        (containers.environment, "{url: x}", "needs the key `name`"),
        (containers.environment, "{name: x, url: '${{ secrets.a }}'}", "secrets"),
        (containers.environment, "{name: x, deployment: maybe}", "boolean"),
    ],
)
def test_what_is_wrong_is_said(reading, text, says):
    _, reader = read(reading, text)
    assert any(says in message for message in told(reader)), told(reader)
