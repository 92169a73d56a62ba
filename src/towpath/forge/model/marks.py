"""Small marks that people and programs put on merge requests: labels and reactions."""

import re
from dataclasses import dataclass

from towpath.forge.model.names import handle_of
from towpath.forge.model.requests import LONGEST_DESCRIPTION, storable
from towpath.kernel.clock import Micros
from towpath.kernel.errors import InvalidInput

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
LONGEST_LABEL = 50
MOST_LABELS = 100
PLAIN_COLOR = "ededed"
_COLOR = re.compile(r"[0-9a-fA-F]{6}")


@dataclass(frozen=True, kw_only=True)
class Label:
    """A word of a repository that merge requests can carry; `key` is its name in one case."""

    id: str
    name: str
    color: str
    description: str

    @property
    def key(self) -> str:
        return label_key(self.name)


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """One of a few pictures, put on what somebody said: each of them once by each person."""

    id: str
    author: str
    content: str
    at: Micros

    @property
    def handle(self) -> int:
        return handle_of(self.id)


def label_key(name: str) -> str:
    return name.casefold()


def label(id: str, name: str, color: str | None, description: str | None) -> Label:
    """Check a label; InvalidInput says what is wrong with it."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_LABEL or not storable(name) or not name.isprintable():
        raise InvalidInput(
            "The name of a label is empty, too long or not text.",
            next_step=f"Use 1 to {LONGEST_LABEL} characters.",
        )
    color = (color or PLAIN_COLOR).lower()
    if not _COLOR.fullmatch(color):
        raise InvalidInput(
            f"{color[:20]!r} is not a color.", next_step="Give six hexadecimal digits."
        )
    description = description or ""
    if len(description) > LONGEST_DESCRIPTION or not storable(description):
        raise InvalidInput(
            "The description is too long or not text.",
            next_step=f"Use at most {LONGEST_DESCRIPTION} characters.",
        )
    return Label(id=id, name=name, color=color, description=description)


def require_reaction(content: str) -> str:
    if content not in REACTIONS:
        raise InvalidInput(
            f"{content[:20]!r} is not a reaction.", next_step=f"Use one of {', '.join(REACTIONS)}."
        )
    return content
