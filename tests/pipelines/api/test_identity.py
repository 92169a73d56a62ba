"""Where others find who signs for our jobs, and where jobs ask."""

import pytest

from tests.pipelines.leaving import ONE, leaver
from towpath.kernel.secrets import service as secrets
from towpath.pipelines.api.identity import DISCOVERY, KEYS, TOKENS


@pytest.fixture
def boat(canal):
    secrets.prepare(canal.kernel)
    asks = ONE.replace("    runs-on", "    permissions: {id-token: write}\n    runs-on")
    return leaver(canal, workflow=asks)


def test_whoever_wants_to_judge_a_token_finds_the_keys(canal, boat):
    told = boat.client.get(DISCOVERY).json()
    assert told["issuer"] == canal.kernel.url
    assert told["jwks_uri"] == canal.kernel.url + KEYS
    assert [key["kty"] for key in boat.client.get(KEYS).json()["keys"]] == ["RSA"]


def test_a_job_gets_a_token_with_its_own_token_alone(boat):
    url = f"{TOKENS}?api-version=2.0&audience=sts"
    headers = {"Authorization": f"Bearer {boat.taken.runtime}"}
    assert boat.client.get(url, headers=headers).json()["value"].count(".") == 2
    for wrong in ({}, {"Authorization": "Bearer a.b.c"}):
        assert boat.client.get(url, headers=wrong).status_code == 401


def test_a_job_that_did_not_ask_for_it_is_refused_in_words(canal, boat):
    plain = leaver(canal, key="k2")
    headers = {"Authorization": f"Bearer {plain.taken.runtime}"}
    answer = plain.client.get(TOKENS, headers=headers)
    assert answer.status_code == 403
    assert "id-token: write" in answer.json()["next_step"]
