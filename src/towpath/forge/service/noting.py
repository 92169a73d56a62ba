"""Keeping what happens for webhooks, in the very transaction in which it happens.

So it is told in the order of the transactions, once if they hold and never if they do not. What is
told takes git to find out, so telling is work of its own.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from towpath.forge.model import happenings
from towpath.forge.model.happenings import Happening
from towpath.forge.store import webhooks as rows
from towpath.kernel import ids
from towpath.kernel.db.interface import Tx
from towpath.kernel.work import service as work

TELL = "forge.tell"
OURSELVES = "towpath"
_KINDS = {kind.__name__: kind for kind in happenings.EVENTS_OF}


def note(tx: Tx, repository: str, happening: Happening) -> None:
    """Have something told, if anybody wants to hear of such things of this repository."""
    if any(hears(tx, repository, event) for event in happenings.EVENTS_OF[type(happening)]):
        guid = ids.new("guid")
        about = {"kind": type(happening).__name__, "about": msgspec.to_builtins(happening)}
        payload = about | {"repository": repository, "guid": guid}
        work.add(tx, TELL, payload, key=guid, order=f"webhooks:{repository}")


def hears(tx: Tx, repository: str, event: str) -> bool:
    """Whether any webhook wants an event, so that nobody makes ready what nobody hears."""
    return any(one.wants(event) for one in rows.webhooks(tx, repository))


def noted(payload: Mapping[str, Any]) -> tuple[str, str, Happening]:
    """Take a noted happening out of its work: the repository, its guid, and what happened."""
    kind = _KINDS[payload["kind"]]
    happened: Happening = msgspec.convert(payload["about"], kind)
    return payload["repository"], payload["guid"], happened


def actor(tx: Tx) -> str:
    """The login of whoever asked for this transaction; we ourselves where nobody did."""
    return tx.origin.login or OURSELVES
