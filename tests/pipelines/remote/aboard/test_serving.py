"""Talking to the services: patience with a server that restarts, words for refusals."""

import hashlib

import pytest

from towpath.pipelines.remote.aboard import serving
from towpath.pipelines.remote.aboard.serving import Absent, Fetching, Sending, Taken
from towpath.pipelines.remote.aboard.speaking import Failed


@pytest.fixture
def quick(monkeypatch):
    """No pauses between attempts."""
    monkeypatch.setattr(serving, "wait", lambda _: None)


def send(url, content):
    sending = Sending(url)
    for at in range(0, len(content), 7_000_000):
        sending.write(content[at : at + 7_000_000])
    return sending, sending.end()


def test_bytes_go_in_blocks_and_come_back(deck):
    url = serving.call("ArtifactService/CreateArtifact", name="boat")["signed_upload_url"]
    content = bytes(range(256)) * 70_000
    sending, digest = send(url, content)
    assert (sending.size, digest) == (len(content), hashlib.sha256(content).hexdigest())
    assert len(deck.storage.blocks) == 3
    assert b"".join(Fetching(url).pieces()) == content


def test_requests_about_artifacts_say_whose_they_are(deck):
    serving.call("ArtifactService/ListArtifacts")
    ((_, body),) = deck.storage.asked
    assert body == {"workflow_run_backend_id": "run_1", "workflow_job_run_backend_id": "job_1"}


def test_a_server_that_restarts_is_waited_for(deck, quick, capsys):
    deck.storage.fails = 3
    serving.call("ArtifactService/ListArtifacts")
    assert capsys.readouterr().out.count("trying again") == 3
    deck.storage.fails = 99
    with pytest.raises(Failed, match="stopping"):
        serving.call("ArtifactService/ListArtifacts")


def test_a_server_that_is_not_there_is_told(deck, quick):
    deck.set("ACTIONS_RESULTS_URL", "http://127.0.0.1:9/")
    with pytest.raises(Failed, match="cannot be reached"):
        serving.call("ArtifactService/ListArtifacts")
    with pytest.raises(Failed, match="cannot be reached"):
        Fetching("http://127.0.0.1:9/x?sig=1")


def test_refusals_are_told_apart(deck):
    with pytest.raises(Absent, match="expired"):
        serving.call("ArtifactService/GetSignedArtifactURL", name="x")
    url = serving.call("ArtifactService/CreateArtifact", name="x")["signed_upload_url"]
    _, digest = send(url, b"1")
    serving.call("ArtifactService/FinalizeArtifact", name="x", size="1", hash=f"sha256:{digest}")
    with pytest.raises(Taken):
        serving.call("ArtifactService/CreateArtifact", name="x")


@pytest.mark.parametrize("token", ["", "a.b", "a.e30.c"])
def test_without_a_server_of_its_own_nothing_works(deck, token):
    deck.set("ACTIONS_RUNTIME_TOKEN", token)
    with pytest.raises(Failed, match="no server for artifacts"):
        serving.call("ArtifactService/ListArtifacts")
