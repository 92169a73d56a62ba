"""The audit log taken away again and again while many write, through one server or two."""

import json
import threading

import httpx2
import pytest
from click.testing import CliRunner

from tests.kill.harness import Server
from towpath.app.cli import main

WRITERS, EACH = 8, 60
TEAMS = "/api/towpath/v1/teams"


@pytest.fixture
def servers(store, stores, tmp_path):
    """One server on SQLite; two on PostgreSQL, which share it."""
    url = stores.url(store, tmp_path)
    one = Server(tmp_path, name="one", database=None if store == "sqlite" else url)
    two = Server(tmp_path, name="two", database=url, data=one.data, options=("--role", "web"))
    started = [one] if store == "sqlite" else [one, two]
    try:
        yield [server.start() for server in started]
    finally:
        for server in reversed(started):
            server.stop()
        stores.drop(url)


def write(server, token, name, done):
    """Add teams and count those that were acknowledged; every fourth is refused and undone."""
    with httpx2.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        for number in range(EACH):
            slug = f"{name}-{number - number % 4 // 3}"
            reply = client.post(server.url + TEAMS, json={"slug": slug})
            if reply.status_code == 201:
                done.append(f"team:{slug}")


def export(server, token, file, *words):
    command = ["audit", "export", "--what", "team.", "--url", server.url, "--out", str(file)]
    ended = CliRunner().invoke(main, [*command, *words], env={"TOWPATH_TOKEN": token})
    assert ended.exit_code == 0, ended.output


@pytest.mark.slow
def test_what_is_taken_away_under_load_is_whole_in_order_and_each_once(servers, tmp_path):
    token = json.loads((servers[0].data / "bootstrap.json").read_text())["token"]
    done, piecewise, whole = [], tmp_path / "piecewise.jsonl", tmp_path / "whole.jsonl"
    writers = [
        threading.Thread(target=write, args=(servers[n % len(servers)], token, f"w{n}", done))
        for n in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    rounds = 0
    while any(writer.is_alive() for writer in writers):
        export(servers[rounds % len(servers)], token, piecewise, "--resume")
        rounds += 1
    export(servers[0], token, piecewise, "--resume")
    export(servers[0], token, whole)
    entries = [json.loads(line) for line in piecewise.read_text().splitlines()]
    print(f"{len(entries)} entries in {rounds} exports while {WRITERS} wrote")
    assert rounds
    assert len(done) == WRITERS * EACH * 3 // 4
    assert sorted(entry["subject"] for entry in entries) == sorted(done)
    numbers = [entry["id"] for entry in entries]
    assert numbers == sorted(set(numbers))
    assert piecewise.read_bytes() == whole.read_bytes()
