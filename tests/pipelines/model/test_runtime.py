"""The token that a job shows itself."""

import base64
import json

import pytest

from towpath.kernel.errors import Unauthenticated
from towpath.pipelines.model import runtime


def test_a_token_says_whose_it_is_as_clients_look_for_it():
    secret = runtime.secret_of("lease_1")
    token = runtime.token("run_1", "job_1", secret)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert "Actions.Results:run_1:job_1" in claims["scp"].split(" ")
    assert runtime.read(token) == runtime.Shown("job_1", secret)


def test_the_secret_follows_from_the_lease_but_is_another():
    assert runtime.secret_of("lease_1") == runtime.secret_of("lease_1")
    assert runtime.secret_of("lease_1") != runtime.secret_of("lease_2")
    assert "lease_1" not in runtime.secret_of("lease_1")


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b", "a.b.c", "e30.e30.x", "e30.W10.x", "..", "a." + "b" * 5000 + ".c", "é.é.é"],
)
def test_anything_else_is_nobodys(token):
    with pytest.raises(Unauthenticated, match="job that runs"):
        runtime.read(token)
