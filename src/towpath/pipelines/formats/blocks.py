"""The few words of Azure's blob storage that clients of artifacts and caches use.

https://learn.microsoft.com/rest/api/storageservices/put-block-list
"""

import re
from base64 import b64decode
from xml.sax.saxutils import unescape

from towpath.kernel.errors import InvalidInput, TooLarge
from towpath.pipelines.model.results import MOST_BLOCKS

_LIST = re.compile(
    r"\s*(?:<\?xml[^<>]*\?>)?\s*<BlockList\s*/?>(.*?)(?:</BlockList>)?\s*", re.DOTALL
)
_ITEM = re.compile(r"\s*<(Latest|Uncommitted|Committed)>([^<>]{0,128})</\1>\s*")
_NAME = re.compile(r"[A-Za-z0-9+/_=-]{1,88}")
_LONGEST = 64


def block_name(given: str) -> str:
    """Read the id of a block: base64 of up to 64 bytes, as Azure asks."""
    if _NAME.fullmatch(given):
        try:
            if len(b64decode(given, altchars=b"-_")) <= _LONGEST:
                return given
        except ValueError:
            pass
    raise InvalidInput(f"{given[:80]!r} is not the id of a block.", next_step="Send base64.")


def block_list(source: bytes) -> list[str]:
    """Read a list of blocks in order; anything beyond the plain list is refused."""
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable() from error
    whole = _LIST.fullmatch(text)
    if not whole:
        raise _unreadable()
    names: list[str] = []
    at, inside = 0, whole[1]
    while at < len(inside) and not inside[at:].isspace():
        item = _ITEM.match(inside, at)
        if not item:
            raise _unreadable()
        if len(names) == MOST_BLOCKS:
            raise TooLarge(f"An upload has {MOST_BLOCKS} blocks at most.")
        names.append(block_name(unescape(item[2])))
        at = item.end()
    return names


def _unreadable() -> InvalidInput:
    return InvalidInput(
        "The list of blocks cannot be read.",
        next_step="Send <BlockList><Latest>ID</Latest>…</BlockList>.",
    )
