"""What the pre-receive hook asks; it comes over our own unix socket with the token of its push."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from towpath.forge import service
from towpath.forge.model.names import NO_OBJECT
from towpath.forge.service import RefUpdate
from towpath.kernel.errors import InvalidInput, NotFound, TooLarge, TowpathError
from towpath.kernel.http.callers import TheKernel
from towpath.kernel.http.permissions import Anybody

ADDRESS = "/api/towpath/v1/hooks/pre-receive"
_MOST_BYTES = 8 * 1024**2


class Question(BaseModel):
    """`updates` are git's `old new ref`; a name of zeros means that there is nothing."""

    push: str
    updates: list[tuple[str, str, str]]
    options: list[str]


class Verdict(BaseModel):
    admitted: bool
    lines: list[str]


_QUESTION = TypeAdapter(Question)


def streams(path: str) -> bool:
    """A push of thousands of refs asks a long question; its limit stands here."""
    return path == ADDRESS


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    by_push = Depends(Anybody("answers only to the signed claim of a push that runs"))
    routes.add_api_route(ADDRESS, pre_receive, methods=["POST"], dependencies=[by_push])
    return routes


async def question(request: Request) -> Question:
    """Read the body; surrogates stand for bytes of a ref name that are not UTF-8."""
    if request.client is not None:  # only a caller by a unix socket has no address
        raise NotFound("Nobody asks this over the network.", next_step="Push with git.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise TooLarge("This push moves too many refs.", next_step="Push fewer at a time.")
    try:
        return _QUESTION.validate_json(body)
    except ValidationError:
        raise InvalidInput(
            "This is not what our hook asks.", next_step="Leave this address to git's hook."
        ) from None


def pre_receive(asked: Annotated[Question, Depends(question)], kernel: TheKernel) -> Verdict:
    try:
        push = service.push_of(kernel, asked.push)
        updates = [_update(*update) for update in asked.updates]
        kernel.db.write(lambda tx: service.admit_push(tx, push, updates, asked.options))
    except TowpathError as error:
        return Verdict(admitted=False, lines=[*error.detail.splitlines(), error.next_step])
    return Verdict(admitted=True, lines=[])


def _update(old: str, new: str, ref: str) -> RefUpdate:
    return RefUpdate(ref, _object(old), _object(new))


def _object(name: str) -> str | None:
    return None if name == NO_OBJECT else name
