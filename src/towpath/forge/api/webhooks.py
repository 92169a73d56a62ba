"""Webhooks and their delivery log, as GitHub's API knows them.

https://docs.github.com/rest/repos/webhooks
"""

import json
from typing import Any

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from towpath.forge import service
from towpath.forge.api.manners import GOVERNS, Handle, Repo, WantedPage, paged, sliced
from towpath.forge.api.manners import routes as dialect_routes
from towpath.forge.api.payloads import Teller, test_push
from towpath.forge.api.shapes import Json, instant
from towpath.forge.service import Delivery, Repository, Webhook
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput

_A_LOG = 100
_HIDDEN = "********"


class Config(BaseModel):
    model_config = ConfigDict(extra="ignore")
    url: str | None = None
    content_type: str = "json"
    secret: str | None = None
    insecure_ssl: str | int = "0"


class NewHook(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = "web"
    config: Config
    events: list[str] = Field(default_factory=lambda: ["push"], max_length=50)
    active: bool = True


class ChangedHook(BaseModel):
    model_config = ConfigDict(extra="forbid")
    config: Config = Field(default_factory=Config)
    events: list[str] | None = None
    add_events: list[str] = Field(default_factory=list)
    remove_events: list[str] = Field(default_factory=list)
    active: bool | None = None


def router() -> APIRouter:
    routes = dialect_routes("/repos/{owner}/{repo}/hooks")
    routes.dependencies += [GOVERNS, Depends(asked)]
    routes.add_api_route("", hooks, methods=["GET"])
    routes.add_api_route("", add_hook, methods=["POST"], status_code=201)
    one = "/{hook}"
    routes.add_api_route(one, hook_, methods=["GET"])
    routes.add_api_route(one, change_hook, methods=["PATCH"])
    routes.add_api_route(one, remove_hook, methods=["DELETE"], status_code=204)
    routes.add_api_route(f"{one}/pings", ping, methods=["POST"], status_code=204)
    routes.add_api_route(f"{one}/tests", test, methods=["POST"], status_code=204)
    routes.add_api_route(f"{one}/deliveries", deliveries, methods=["GET"])
    log = f"{one}/deliveries/{{delivery}}"
    routes.add_api_route(log, delivery_, methods=["GET"])
    routes.add_api_route(f"{log}/attempts", redeliver, methods=["POST"], status_code=202)
    return routes


async def asked(request: Request) -> None:
    """Note what is asked for without its secret, of which not even a hash is kept."""
    told: Any = await request.json() if await request.body() else None
    if isinstance(told, dict) and isinstance(told.get("config"), dict):
        kept = {name: value for name, value in told["config"].items() if name != "secret"}
        request.state.asked = told | {"config": kept}


def _find(repo: Repo, hook: Handle) -> Webhook:
    return repo.kernel.db.read(lambda tx: service.webhook(tx, repo.id, hook))


def _told(repo: Repo, webhook: Webhook) -> Json:
    last = repo.kernel.db.read(lambda tx: service.deliveries(tx, webhook.id, None, 1))
    secret = repo.kernel.db.read(lambda tx: service.has_secret(tx, webhook))
    api = f"{repo.say.api}/hooks/{webhook.handle}"
    answer = last[0].answer if last else None
    return {
        "type": "Repository",
        "id": webhook.handle,
        "name": "web",
        "active": webhook.active and not webhook.stopped,
        "events": list(webhook.events),
        "config": {"content_type": "json", "insecure_ssl": "0", "url": webhook.url}
        | ({"secret": _HIDDEN} if secret else {}),
        "created_at": instant(webhook.created),
        "updated_at": instant(webhook.updated),
        "url": api,
        "test_url": f"{api}/tests",
        "ping_url": f"{api}/pings",
        "deliveries_url": f"{api}/deliveries",
        "last_response": {
            "code": answer.status if answer else None,
            "status": "unused" if answer is None else "active" if answer.taken else "failed",
            "message": webhook.stopped or (answer.words if answer else None),
        },
    }


def hooks(request: Request, repo: Repo, page: WantedPage) -> Response:
    """List the webhooks of a repository; for maintainers, like all about them."""
    found = repo.kernel.db.read(lambda tx: service.webhooks(tx, repo.id))
    return paged(request, page, [_told(repo, one) for one in sliced(page, found)])


def add_hook(repo: Repo, new: NewHook) -> Json:
    """Let an address hear of this repository; it is sent a ping first."""
    if new.name != "web" or new.config.url is None:
        raise InvalidInput("A webhook needs config.url.", next_step="Name the address to send to.")
    _check(new.config)
    made = service.add_webhook(
        repo.kernel,
        repo.id,
        new.config.url,
        new.events,
        new.config.secret or "",
        active=new.active,
    )
    greet(repo.kernel, repo.about, made, repo.caller.login)
    return _told(repo, made)


def _check(config: Config) -> None:
    if config.content_type != "json" or str(config.insecure_ssl) != "0":
        raise InvalidInput(
            "Webhooks are sent as JSON, over TLS that is checked.",
            next_step="Set content_type to json and insecure_ssl to 0.",
        )


def hook_(repo: Repo, hook: Handle) -> Json:
    """Describe a webhook; its secret is never shown."""
    return _told(repo, _find(repo, hook))


def change_hook(repo: Repo, hook: Handle, new: ChangedHook) -> Json:
    """Change a webhook; one that was stopped is tried again."""
    before = _find(repo, hook)
    _check(new.config)
    events = set(before.events if new.events is None else new.events)
    secret = new.config.secret if new.config.secret != _HIDDEN else None
    after = service.change_webhook(
        repo.kernel,
        before,
        url=new.config.url,
        events=sorted((events | set(new.add_events)) - set(new.remove_events)),
        secret=secret,
        active=new.active,
    )
    return _told(repo, after)


def remove_hook(repo: Repo, hook: Handle) -> Response:
    """Remove a webhook with its secret and its log."""
    found = _find(repo, hook)
    repo.kernel.db.write(lambda tx: service.remove_webhook(tx, found))
    return Response(status_code=204)


def ping(repo: Repo, hook: Handle) -> Response:
    """Send a ping."""
    greet(repo.kernel, repo.about, _find(repo, hook), repo.caller.login)
    return Response(status_code=204)


def test(repo: Repo, hook: Handle) -> Response:
    """Tell a webhook of the newest commit of the default branch, as a push would."""
    found = _find(repo, hook)
    message = test_push(repo.kernel, repo.about, repo.caller.login)
    if message is not None and found.wants("push"):
        repo.kernel.db.write(lambda tx: service.ping(tx, found, message))
    return Response(status_code=204)


def greet(kernel: Kernel, about: Repository, webhook: Webhook, login: str) -> None:
    """Send a ping: what a receiver answers shows that all is set up well."""
    teller = Teller(kernel, about)
    told = {"zen": "Slow water carries heavy boats.", "hook_id": webhook.handle}
    told["hook"] = {
        "type": "Repository", "id": webhook.handle, "name": "web", "active": webhook.active,
        "events": list(webhook.events), "config": {"content_type": "json", "url": webhook.url},
    }  # fmt: skip
    message = teller.message("ping", None, login, told)
    kernel.db.write(lambda tx: service.ping(tx, webhook, message))


def deliveries(
    repo: Repo, hook: Handle, per_page: int = 30, cursor: str | None = None
) -> list[Json]:
    """List what was sent to a webhook, newest first."""
    found = _find(repo, hook)
    limit = min(max(per_page, 1), _A_LOG)
    sent = repo.kernel.db.read(lambda tx: service.deliveries(tx, found.id, cursor, limit))
    return [_line(one) for one in sent]


def _line(one: Delivery) -> Json:
    answer = one.answer
    return {
        "id": one.handle,
        "guid": one.guid,
        "delivered_at": instant(answer.at if answer else one.at),
        "redelivery": one.again,
        "duration": answer.seconds if answer else 0.0,
        "status": answer.words if answer else "waiting",
        "status_code": (answer.status if answer else None) or 0,
        "event": one.event,
        "action": one.action,
        "installation_id": None,
        "repository_id": None,
        "throttled_at": None,
    }


def delivery_(repo: Repo, hook: Handle, delivery: Handle) -> Json:
    """Show one message: what was sent and what came back."""
    found = _find(repo, hook)
    one = repo.kernel.db.read(lambda tx: service.delivery(tx, found.id, delivery))
    answer = one.answer
    headers = service.headers_of(found, one)
    return _line(one) | {
        "url": found.url,
        "request": {"headers": headers, "payload": msgspec.json.decode(one.body)},
        "response": {
            "headers": json.loads(answer.headers) if answer and answer.headers else None,
            "payload": answer.body if answer else None,
        },
    }


def redeliver(repo: Repo, hook: Handle, delivery: Handle) -> Json:
    """Send a message once more, with the guid it had."""
    found = _find(repo, hook)

    def again(tx: Tx) -> None:
        service.deliver_again(tx, found, service.delivery(tx, found.id, delivery))

    repo.kernel.db.write(again)
    return {}
