"""What happened, as the command line says it: an event's name, or a file with its payload."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from towpath.kernel.errors import InvalidInput

_TOLD_BY = {
    "pull_request": "pull_request",
    "merge_group": "merge_group",
    "release": "release",
    "inputs": "workflow_dispatch",
    "schedule": "schedule",
}
"""By a key of GitHub's payloads, the event that has it; without any it was a push."""


@dataclass(frozen=True)
class Happened:
    """An event; `payload` is what github.event holds."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)


def event_of(text: str) -> Happened:
    """Read a name, or a JSON file; InvalidInput when there is no such file, or no object in it."""
    path = Path(text)
    if path.suffix != ".json" and not path.is_file():
        return Happened(text)
    try:
        payload = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"The event {text} cannot be read: {error}", next_step="Name a JSON file."
        ) from error
    if not isinstance(payload, dict):
        raise InvalidInput(
            f"The event {text} is no JSON object.", next_step="Write what github.event is to hold."
        )
    name = next((name for key, name in _TOLD_BY.items() if key in payload), "push")
    return Happened(name, payload)


def branch_of(happened: Happened, ref: str) -> str:
    """Tell which branch filters look at: that of a push, or the target of a request."""
    found: Any = happened.payload.get("pull_request")
    for key in ("base", "ref"):
        found = found.get(key) if isinstance(found, dict) else None
    chosen = found if isinstance(found, str) else str(happened.payload.get("ref") or ref)
    return chosen.removeprefix("refs/heads/")
