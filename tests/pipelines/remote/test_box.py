"""Which box a job gets."""

import pytest

from tests.pipelines.remote.conftest import need_walls
from towpath.kernel.errors import Unavailable
from towpath.pipelines.remote import box, namespaces
from towpath.pipelines.remote.box import Isolation, Place
from towpath.pipelines.remote.session import Exit


@pytest.fixture(autouse=True)
def fresh_eyes():
    box.detect.cache_clear()
    yield
    box.detect.cache_clear()


def test_a_sandbox_is_really_tried_once(monkeypatch):
    need_walls()
    assert box.detect() == Isolation(
        "namespaces", "Each job runs in a bubblewrap sandbox of its own."
    )
    monkeypatch.setattr(namespaces.shutil, "which", lambda _: None)
    assert box.detect().level == "namespaces"


def test_without_bubblewrap_only_trusted_code_runs_and_it_says_so(monkeypatch):
    monkeypatch.setattr(namespaces.shutil, "which", lambda _: None)
    found = box.detect()
    assert found.level == "none"
    assert found.why.startswith("Trusted code only: Bubblewrap is not installed.")


def test_a_kernel_that_refuses_is_believed(monkeypatch):
    monkeypatch.setattr(namespaces.shutil, "which", lambda _: "/bin/false")
    namespaces._options.cache_clear()
    assert box.detect().level == "none"
    namespaces._options.cache_clear()


def test_the_box_is_of_the_level_that_was_asked_for(workspace):
    need_walls()
    with box.open_box(Place(workspace)) as walled:
        assert walled.workspace == "/workspace/work"
    with box.open_box(Place(workspace), Isolation("none", "asked for")) as bare:
        assert bare.workspace == str(workspace)
        assert bare.run(["true"], env={}, output=len) == Exit(0, "exited")


def test_walls_can_be_insisted_on_or_done_without(monkeypatch):
    monkeypatch.setattr(namespaces.shutil, "which", lambda _: None)
    assert box.choose("auto").level == "none"
    assert box.choose("none").level == "none"
    with pytest.raises(Unavailable, match="--isolation none"):
        box.choose("namespaces")
