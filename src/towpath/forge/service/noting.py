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


def note(tx: Tx, repository: str, *happened: Happening) -> None:
    """Have things told, those of which anybody wants to hear of this repository.

    A push may move thousands of refs: who wants to hear is asked once for all of them.
    """
    there = rows.webhooks(tx, repository)
    heard = {
        kind: any(one.wants(event) for one in there for event in events)
        for kind, events in happenings.EVENTS_OF.items()
    }
    work.add_many(tx, [_telling(repository, one) for one in happened if heard[type(one)]])


def _telling(repository: str, happening: Happening) -> work.New:
    guid = ids.new("guid")
    about = {"kind": type(happening).__name__, "about": msgspec.to_builtins(happening)}
    payload = about | {"repository": repository, "guid": guid}
    return work.New(kind=TELL, payload=payload, key=guid, order=f"webhooks:{repository}")


def hears(tx: Tx, repository: str, *events: str) -> bool:
    """Whether any webhook wants one of these, so that nobody makes ready what nobody hears."""
    there = rows.webhooks(tx, repository)
    return any(one.wants(event) for one in there for event in events)


def noted(payload: Mapping[str, Any]) -> tuple[str, str, Happening]:
    """Take a noted happening out of its work: the repository, its guid, and what happened."""
    kind = _KINDS[payload["kind"]]
    happened: Happening = msgspec.convert(payload["about"], kind)
    return payload["repository"], payload["guid"], happened


def actor(tx: Tx) -> str:
    """The login of whoever asked for this transaction; we ourselves where nobody did."""
    return tx.origin.login or OURSELVES
