"""What people tell the gate in comments, and its one answer to each."""

from towpath.forge import service as forge
from towpath.gate import store
from towpath.gate.model import apply, chat, views
from towpath.gate.model.chat import Heard
from towpath.gate.model.commands import Command, parse
from towpath.gate.service.showing import scenery_of
from towpath.gate.service.telling import VOICE, wake
from towpath.gate.service.upkeep import nudge_request
from towpath.gate.store import Place
from towpath.kernel.access import service as access
from towpath.kernel.db.interface import Tx


def hear(tx: Tx, heard: Heard) -> None:
    """Do what a comment tells us, and answer it once."""
    commands = parse(heard.body)
    if not commands or heard.author == VOICE:
        return
    words = "\n\n".join(dict.fromkeys(_obey(tx, heard, command) for command in commands))
    once = f"gate:answer:{heard.comment}"
    forge.comment(tx, heard.repository, heard.number, VOICE, words, once=once)
    nudge_request(tx, heard.repository, heard.number)


def _obey(tx: Tx, heard: Heard, command: Command) -> str:
    request = forge.merge_request(tx, heard.repository, heard.number)
    place = Place(heard.repository, request.target)
    before = apply.watch(store.load(tx, place), heard.number)
    scenery = scenery_of(tx, place, before, [request])
    (change,) = (each for each in before.changes if each.number == heard.number)
    here = forge.repository(tx, heard.repository)
    member = access.has_role(tx, heard.author, access.Role.member, resource=here)
    by = chat.Speaker(login=heard.author, member=member, saw=heard.head)
    line = views.line_of(scenery, change)
    said = chat.answer(command, line, change, scenery.requests[heard.number], by)
    if said.approve:
        forge.review(tx, heard.repository, heard.number, heard.author, "approve", head=heard.head)
    queue = apply.put(before, said.change)
    if store.save(tx, place, before, queue):
        wake(tx, place, before, queue)
    return said.words


def speak(tx: Tx, repository: str, number: int, login: str, command: str) -> None:
    """Say a command as a comment of somebody who pressed a button."""
    forge.comment(tx, repository, number, login, command)
