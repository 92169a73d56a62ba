"""Who hears of a repository: webhooks, what was sent to them, what they answered."""

import json
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Form
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from towpath.forge import service
from towpath.forge.model.webhooks import ALL, EVENTS
from towpath.forge.pages.visiting import GOVERNS, HERE, Changes, Line, Visit
from towpath.forge.service import Webhook
from towpath.kernel.errors import InvalidInput, TowpathError

_A_PAGE = 30


class Form_(BaseModel):  # noqa: N801 - FastAPI has the other name
    url: Line
    secret: Line = ""
    events: list[Line] = Field(default_factory=list)
    active: bool = False


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False, dependencies=[GOVERNS])
    base = f"{HERE}/webhooks"
    one = f"{base}/{{hook:int}}"
    routes.add_api_route(base, webhooks, methods=["GET"])
    routes.add_api_route(base, add, methods=["POST"])
    routes.add_api_route(one, webhook, methods=["GET"])
    routes.add_api_route(one, change, methods=["POST"])
    routes.add_api_route(f"{one}/remove", remove, methods=["POST"])
    routes.add_api_route(f"{one}/deliveries/{{delivery:int}}", delivery, methods=["GET"])
    routes.add_api_route(f"{one}/deliveries/{{delivery:int}}/again", again, methods=["POST"])
    return routes


def _find(here: Visit, hook: int) -> Webhook:
    return here.kernel.db.read(lambda tx: service.webhook(tx, here.id, hook))


def webhooks(here: Changes) -> Response:
    """Every webhook and how its last message went."""
    return _webhooks(here, None, None)


def _webhooks(here: Visit, given: Form_ | None, problem: TowpathError | None) -> Response:
    known = here.kernel.db.read(lambda tx: service.webhooks(tx, here.id))
    last = here.kernel.db.read(
        lambda tx: {one.id: service.deliveries(tx, one.id, None, 1) for one in known}
    )
    given = given or Form_(url="", events=["push", "pull_request"], active=True)
    return here.render(
        "forge/webhooks.html", problem, webhooks=known, last=last, given=given, choices=(*EVENTS,)
    )


def add(here: Changes, given: Annotated[Form_, Form()]) -> Response:
    try:
        made = service.add_webhook(
            here.kernel,
            here.id,
            given.url,
            given.events or [ALL],
            given.secret,
            active=given.active,
        )
    except InvalidInput as error:
        return _webhooks(here, given, error)
    return _to(here, made)


def _to(here: Visit, webhook: Webhook, rest: str = "") -> Response:
    address = f"/{here.repository.full_name}/webhooks/{webhook.handle}{rest}"
    return RedirectResponse(address, status_code=303)


def webhook(here: Changes, hook: int, before: str | None = None) -> Response:
    """One webhook, its log, and the form to change it."""
    found = _find(here, hook)
    return _webhook(here, found, None, before)


def _webhook(
    here: Visit, found: Webhook, problem: TowpathError | None, before: str | None = None
) -> Response:
    sent = here.kernel.db.read(lambda tx: service.deliveries(tx, found.id, before, _A_PAGE + 1))
    return here.render(
        "forge/webhook.html",
        problem,
        webhook=found,
        deliveries=sent[:_A_PAGE],
        older=sent[_A_PAGE - 1].id if len(sent) > _A_PAGE else None,
        has_secret=here.kernel.db.read(lambda tx: service.has_secret(tx, found)),
        choices=(*EVENTS,),
    )


def change(here: Changes, hook: int, given: Annotated[Form_, Form()]) -> Response:
    """An empty secret leaves the one there is."""
    found = _find(here, hook)
    try:
        after = service.change_webhook(
            here.kernel,
            found,
            url=given.url,
            events=given.events or [ALL],
            secret=given.secret or None,
            active=given.active,
        )
    except InvalidInput as error:
        return _webhook(here, found, error)
    return _to(here, after)


def remove(here: Changes, hook: int) -> Response:
    found = _find(here, hook)
    here.kernel.db.write(lambda tx: service.remove_webhook(tx, found))
    return RedirectResponse(f"/{here.repository.full_name}/webhooks", status_code=303)


def delivery(here: Changes, hook: int, delivery: int) -> Response:
    """One message: what was sent, what came back."""
    found = _find(here, hook)
    one = here.kernel.db.read(lambda tx: service.delivery(tx, found.id, delivery))
    return here.render(
        "forge/delivery.html",
        webhook=found,
        delivery=one,
        headers=service.headers_of(found, one),
        sent=_indented(msgspec.json.decode(one.body)),
        answered=_lines(one.answer.headers) if one.answer else {},
    )


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _lines(headers: str) -> dict[str, str]:
    """Headers of an answer; none when they were too long to be kept whole."""
    try:
        return dict(json.loads(headers))
    except ValueError:
        return {}


def again(here: Changes, hook: int, delivery: int) -> Response:
    found = _find(here, hook)
    before = here.kernel.db.read(lambda tx: service.delivery(tx, found.id, delivery))
    here.kernel.db.write(lambda tx: service.deliver_again(tx, found, before))
    return _to(here, found)
