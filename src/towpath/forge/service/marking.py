"""Labels on merge requests, and reactions to what is said on them."""

from collections.abc import Sequence

from towpath.forge.model import marks
from towpath.forge.model.marks import Label, Reaction
from towpath.forge.service import auditing
from towpath.forge.service.telling import tell
from towpath.forge.store import marks as mark_rows
from towpath.forge.store import requests as request_rows
from towpath.kernel import ids
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Denied, InvalidInput, NotFound

MOST_A_REPOSITORY = 1_000


def add_label(tx: Tx, repository: str, name: str, color: str | None, said: str | None) -> Label:
    """Give a repository a label; Conflict when there is one of this name, in any case."""
    made = marks.label(ids.new("label"), name, color, said)
    if mark_rows.count_labels(tx, repository) >= MOST_A_REPOSITORY:
        raise InvalidInput(
            f"A repository has at most {MOST_A_REPOSITORY} labels.", next_step="Delete some first."
        )
    mark_rows.add_label(tx, repository, made)
    auditing.label_changed(tx, repository, None, made)
    return made


def change_label(
    tx: Tx, repository: str, name: str, new: str | None, color: str | None, said: str | None
) -> Label:
    """Change what a label is called, looks like or means; what is None stays."""
    before = mark_rows.label(tx, repository, name)
    kept = (before.color if color is None else color, before.description if said is None else said)
    after = marks.label(before.id, before.name if new is None else new, *kept)
    mark_rows.change_label(tx, repository, before, after)
    auditing.label_changed(tx, repository, before, after)
    return after


def delete_label(tx: Tx, repository: str, name: str) -> None:
    """Take a label off everything and forget it."""
    gone = mark_rows.label(tx, repository, name)
    mark_rows.delete_label(tx, repository, gone)
    auditing.label_changed(tx, repository, gone, None)


def put_labels(tx: Tx, repository: str, number: int, names: Sequence[str]) -> list[Label]:
    """Let a merge request carry exactly these labels; one that is new to the repository is made.

    GitHub makes them too, and bots rely on it.
    """
    names = [" ".join(name.split()) for name in names]
    if len(set(map(marks.label_key, names))) > marks.MOST_LABELS:
        raise InvalidInput(
            f"A merge request carries at most {marks.MOST_LABELS} labels.",
            next_step="Choose fewer.",
        )
    request = request_rows.merge_request(tx, repository, number)
    before = mark_rows.labels_of(tx, repository, [number])[number]
    known = {one.key for one in mark_rows.seek_labels(tx, repository, names)}
    for key, name in {marks.label_key(name): name for name in names}.items():
        if key not in known:
            add_label(tx, repository, name, None, None)
    wanted = mark_rows.seek_labels(tx, repository, names)
    mark_rows.put_labels(tx, repository, number, wanted)
    if wanted != before:
        auditing.labelled(tx, request, before, wanted)
        tell(tx, request, "edited")
    return wanted


def react(
    tx: Tx, repository: str, subject: str, author: str, content: str
) -> tuple[Reaction, bool]:
    """Put a reaction on something; the same one again changes nothing. Says whether it is new."""
    content = marks.require_reaction(content)
    for there in mark_rows.reactions(tx, repository, subject):
        if (there.author, there.content) == (author, content):
            return there, False
    made = Reaction(id=ids.new("reaction"), author=author, content=content, at=tx.now)
    mark_rows.add_reaction(tx, repository, subject, made)
    auditing.reacted(tx, repository, subject, None, made)
    return made, True


def unreact(tx: Tx, repository: str, subject: str, author: str, handle: int) -> None:
    """Take one's own reaction away."""
    there = [one for one in mark_rows.reactions(tx, repository, subject) if one.handle == handle]
    if not there:
        raise NotFound("There is no such reaction.", next_step="List those that there are.")
    if there[0].author != author:
        raise Denied("This reaction is somebody else's.", next_step="Take back your own alone.")
    mark_rows.delete_reaction(tx, there[0].id)
    auditing.reacted(tx, repository, subject, there[0], None)
