"""Who a job is, in a token that others believe: its claims, and the keys that sign them.

The claims are those that GitHub's tokens carry, so that what trusts them can trust ours.
https://docs.github.com/actions/reference/security/oidc
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towpath.kernel.clock import SECOND, Micros, after
from towpath.kernel.errors import Denied, InvalidInput
from towpath.pipelines.model.permissions import LIMITED
from towpath.pipelines.model.run import Job, Run

LIVES_SECONDS = 300
"""How long a token is believed."""
ROTATE_SECONDS = 30 * 86_400
_KNOWN_SECONDS = 86_400
"""How long a new key is only shown, until those who keep our keys a while have it."""
_MOST_KEYS = 3
_LONGEST_AUDIENCE = 500


@dataclass(frozen=True)
class Signer:
    """A private key in PEM, its name, and since when there is it."""

    id: str
    pem: str
    since: Micros


@dataclass(frozen=True)
class Asking:
    """Whose token it is to be: a job of a run, in a repository that people call `name`."""

    job: Job
    run: Run
    name: str
    issuer: str


def check(asking: Asking) -> None:
    """Refuse a job whose workflow does not ask for tokens, and whatever a fork sent."""
    event = asking.run.github.get("event")
    if isinstance(event, Mapping) and event.get("fork"):
        raise Denied("What comes from a fork gets no id tokens.")
    if (asking.job.spec.permissions or LIMITED).of("id-token") != "write":
        raise Denied(
            "This job may not ask for id tokens.",
            next_step="Write `permissions: {id-token: write}` into the workflow or the job.",
        )


def claims(asking: Asking, audience: str, token: str, now: Micros) -> dict[str, Any]:
    """Say who the job is; `audience` is whom the token is for, by default the owner's address."""
    if len(audience) > _LONGEST_AUDIENCE or not audience.isprintable():
        raise InvalidInput("Such an audience is not put into a token.")
    run, github = asking.run, asking.run.github
    owner = asking.name.split("/", 1)[0]
    seconds = now // SECOND
    where = f"{asking.name}/{run.path}@{run.ref}"
    return {
        "iss": asking.issuer,
        "sub": _subject(asking),
        "aud": audience or f"{asking.issuer}/{owner}",
        "jti": token,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + LIVES_SECONDS,
        "repository": asking.name,
        "repository_id": run.repository,
        "repository_owner": owner,
        "ref": run.ref,
        "ref_type": "tag" if run.ref.startswith("refs/tags/") else "branch",
        "sha": run.sha,
        "head_ref": str(github.get("head_ref") or ""),
        "base_ref": str(github.get("base_ref") or ""),
        "event_name": run.event,
        "actor": str(github.get("actor") or ""),
        "workflow": run.workflow,
        "workflow_ref": where,
        "workflow_sha": run.sha,
        "job_workflow_ref": where,
        "job_workflow_sha": run.sha,
        "run_id": run.id,
        "run_attempt": str(asking.job.attempt),
        "runner_environment": "self-hosted",
    }


def _subject(asking: Asking) -> str:
    """Name what others decide by. A merge request is no branch: it has not been reviewed."""
    asked = asking.run.event.startswith("pull_request")
    return f"repo:{asking.name}:" + ("pull_request" if asked else f"ref:{asking.run.ref}")


def signing(signers: Sequence[Signer], now: Micros) -> Signer:
    """Choose the newest key that others have had time to learn of, or the only one."""
    newest = sorted(signers, key=lambda each: each.since, reverse=True)
    known = (each for each in newest if after(each.since, _KNOWN_SECONDS) <= now)
    return next(known, newest[-1])


def is_due(signers: Sequence[Signer], now: Micros) -> bool:
    """Whether it is time for another key."""
    return all(after(each.since, ROTATE_SECONDS) <= now for each in signers)


def rotated(signers: Sequence[Signer], made: Signer) -> tuple[Signer, ...]:
    """Put a new key beside those before it; the oldest go, long after what they signed."""
    newest = sorted((*signers, made), key=lambda each: each.since, reverse=True)
    return tuple(newest[:_MOST_KEYS])


def discovery(issuer: str, keys: str) -> Mapping[str, Any]:
    """Say where our keys are and what tokens look like, as OpenID Connect wants it."""
    return {
        "issuer": issuer,
        "jwks_uri": keys,
        "subject_types_supported": ["public"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
        "claims_supported": [
            "iss", "sub", "aud", "jti", "iat", "nbf", "exp", "repository", "repository_id",
            "repository_owner", "ref", "ref_type", "sha", "head_ref", "base_ref", "event_name",
            "actor", "workflow", "workflow_ref", "job_workflow_ref", "run_id", "run_attempt",
            "runner_environment",
        ],
    }  # fmt: skip
