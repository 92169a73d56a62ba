"""Pages of long lists: an opaque cursor says where to go on, the Link header says how."""

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from fastapi import Query
from starlette.requests import Request

from towpath.kernel.errors import InvalidInput

MAX_LIMIT = 100
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many entries at most.")]
After = Annotated[str | None, Query(description="The cursor from the previous page.")]


@dataclass(frozen=True)
class Cursor:
    """The sort values of the last entry seen, so that what is added meanwhile shifts nothing."""

    values: tuple[str | int, ...]

    def encode(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self.values)).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read a cursor back; InvalidInput when it is not one of ours."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            return cls(msgspec.json.decode(raw, type=tuple[str | int, ...]))
        except (binascii.Error, msgspec.DecodeError, ValueError):
            raise InvalidInput(
                "This cursor is not one of ours.",
                next_step="Take it from the Link header, or leave `after` out to start again.",
            ) from None


def link_next(request: Request, cursor: Cursor | None) -> dict[str, str]:
    """Headers that point to the next page (RFC 8288); empty after the last one."""
    if cursor is None:
        return {}
    following = request.url.include_query_params(after=cursor.encode())
    return {"Link": f'<{following}>; rel="next"'}


def page(rows: list[Any], limit: int) -> tuple[list[Any], bool]:
    """Split what was read with LIMIT limit+1 into the page and whether more follows."""
    return rows[:limit], len(rows) > limit
