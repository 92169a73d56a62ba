"""An Idempotency-Key where the effect is several transactions, on the path of a made-up part."""

import threading

import pytest
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import text
from starlette.requests import Request

from towpath.kernel.errors import Conflict
from towpath.kernel.http.idempotency import REPLY
from towpath.kernel.http.once import OnceKernel, answered_once

ADD = text("INSERT INTO outbox_subscription (consumer, fact) VALUES (:id, :id)")
COUNT = text("SELECT count(*) FROM outbox_subscription")


class Boat(BaseModel):
    name: str


class OnceRoute(APIRoute):
    def get_route_handler(self):
        handle = super().get_route_handler()

        async def handle_once(request: Request):
            return await answered_once(request, handle)

        return handle_once


@pytest.fixture
def boats(routes, web_for):
    """POST /boats builds a boat in one transaction and names it in a second."""
    between = []

    def build(kernel: OnceKernel, boat: Boat):
        kernel.db.write(lambda tx: tx.execute(ADD, {"id": f"hull {tx.scalar(COUNT)}"}))
        for happens in between:
            happens()
        count = kernel.db.write(lambda tx: tx.scalar(COUNT))
        return {"name": boat.name, "boats": count}

    routes.routes.append(OnceRoute("/boats", build, methods=["GET", "POST"], status_code=201))
    return web_for(), between


def send(boats, person, key="k1", name="swift"):
    headers = person.bearer | ({"Idempotency-Key": key} if key else {})
    return boats[0].post("/boats", json={"name": name}, headers=headers)


def test_without_a_key_every_request_takes_effect(boats, people):
    alice = people("alice")
    assert [send(boats, alice, None).json()["boats"] for _ in range(2)] == [1, 2]


def test_the_same_key_takes_effect_once_and_gets_the_same_reply(boats, people):
    alice = people("alice")
    first, again = (send(boats, alice) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == {"name": "swift", "boats": 1}
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_the_same_key_for_something_else_is_refused_and_another_caller_has_keys_of_their_own(
    boats, people
):
    alice, bob = people("alice"), people("bob")
    assert send(boats, alice).status_code == 201
    assert send(boats, alice, name="other").status_code == 422
    assert send(boats, bob).json()["boats"] == 2
    assert send(boats, alice, "no\tkey").status_code == 422


def test_what_failed_half_way_may_be_asked_for_again(boats, people):
    alice = people("alice")

    def fail():
        raise Conflict("The keel broke.")

    boats[1].append(fail)
    assert send(boats, alice).status_code == 409
    boats[1].clear()
    assert send(boats, alice).json()["boats"] == 2


def test_after_a_crash_between_effect_and_reply_nothing_happens_twice(boats, people, kernel):
    """What stands in the store then is the effect and the key, without a reply."""
    alice = people("alice")
    send(boats, alice)
    kernel.db.write(lambda tx: tx.execute(REPLY.update().values(status=0, body="")))
    again = send(boats, alice)
    assert (again.status_code, "its reply is not there" in again.text) == (409, True)
    assert kernel.db.read(lambda tx: tx.scalar(COUNT)) == 1


def test_of_two_at_the_same_time_one_takes_effect(boats, people, kernel):
    alice = people("alice")
    entered, go, slow = threading.Event(), threading.Event(), []

    def wait():
        entered.set()
        assert go.wait(60)

    boats[1].append(wait)
    first = threading.Thread(target=lambda: slow.append(send(boats, alice)))
    first.start()
    assert entered.wait(60)
    assert send(boats, alice).status_code == 409
    go.set()
    first.join(60)
    assert slow[0].status_code == 201
    assert kernel.db.read(lambda tx: tx.scalar(COUNT)) == 1
