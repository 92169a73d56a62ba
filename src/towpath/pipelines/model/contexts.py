"""What github, needs, steps, job and runner mean in an expression."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Context = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a run comes from: what the `github` context is made of."""

    repository: str
    sha: str
    ref: str
    event: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""
    server_url: str = ""


def github(origin: Origin, *, workflow: str, run: str, job: str = "", attempt: int = 1) -> Context:
    """Build the context, under GitHub's names."""
    payload = origin.payload
    return {
        "repository": origin.repository,
        "repository_owner": origin.repository.split("/", 1)[0],
        "sha": origin.sha,
        "ref": origin.ref,
        "ref_name": origin.ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        "ref_type": "tag" if origin.ref.startswith("refs/tags/") else "branch",
        "head_ref": _name(payload.get("source")) or _of_request(payload, "head"),
        "base_ref": _name(payload.get("target")) or _of_request(payload, "base"),
        "event_name": origin.event,
        "event": dict(payload),
        "actor": origin.actor,
        "triggering_actor": origin.actor,
        "server_url": origin.server_url,
        **({"api_url": f"{origin.server_url}/api/v3"} if origin.server_url else {}),
        "workflow": workflow,
        "run_id": run,
        "run_attempt": str(attempt),
        "job": job,
    }


def needs(results: Iterable[tuple[str, str, Mapping[str, str]]]) -> Context:
    """Build the context from the id, the result and the outputs of each job waited for."""
    return {name: {"result": result, "outputs": dict(outs)} for name, result, outs in results}


def variables(context: Context) -> dict[str, str]:
    """GITHUB_* as a step's environment has them: whatever of the context is text, but a token."""
    return {
        f"GITHUB_{name.upper()}": value
        for name, value in context.items()
        if isinstance(value, str) and name not in {"job", "token"}
    } | {"GITHUB_JOB": str(context.get("job", ""))}


def _name(ref: Any) -> str:
    return ref.removeprefix("refs/heads/") if isinstance(ref, str) else ""


def _of_request(payload: Mapping[str, Any], end: str) -> str:
    """Find a branch where GitHub's own payload of a pull request has it."""
    found: Any = payload
    for name in ("pull_request", end, "ref"):
        found = found.get(name) if isinstance(found, Mapping) else None
    return _name(found)
