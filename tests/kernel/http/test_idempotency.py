import threading

import pytest
from pydantic import BaseModel
from sqlalchemy import text
from starlette.requests import Request

from towpath.kernel.clock import after
from towpath.kernel.errors import Conflict
from towpath.kernel.http import idempotency
from towpath.kernel.http.callers import Caller


class Order(BaseModel):
    name: str


@pytest.fixture
def orders(routes, web_for):
    """POST /orders takes effect as a row of schedules, the plainest table there is."""

    def add(tx, name):
        if name == "refused":
            raise Conflict("No more boats.")
        tx.execute(
            text("INSERT INTO outbox_subscription (consumer, fact) VALUES (:id, :name)"),
            {"id": f"{name}-{tx.scalar(text('SELECT count(*) FROM outbox_subscription'))}",
             "name": name},
        )  # fmt: skip
        return {"name": name, "count": tx.scalar(text("SELECT count(*) FROM outbox_subscription"))}

    def order(request: Request, caller: Caller, order: Order):
        return idempotency.replayable(request, lambda tx: add(tx, order.name))

    routes.add_api_route("/orders", order, methods=["POST"])
    return web_for()


def send(web, person, name, key=None, **options):
    headers = person.bearer | ({"Idempotency-Key": key} if key else {})
    return web.post("/orders", json={"name": name}, headers=headers, **options)


def test_without_a_key_every_post_takes_effect(orders, people):
    alice = people("alice")
    assert [send(orders, alice, "boat").json()["count"] for _ in range(2)] == [1, 2]


def test_the_same_key_and_body_take_effect_once_and_get_the_same_reply(orders, people):
    alice = people("alice")
    first, again = (send(orders, alice, "boat", "k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == {"name": "boat", "count": 1}
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(orders, people):
    alice = people("alice")
    send(orders, alice, "boat", "k1")
    reply = send(orders, alice, "ship", "k1")
    assert reply.status_code == 422
    assert "another request" in reply.json()["detail"]


def test_the_same_key_with_another_query_is_another_request(orders, people):
    alice = people("alice")
    send(orders, alice, "boat", "k1")
    assert send(orders, alice, "boat", "k1", params={"fast": "yes"}).status_code == 422


def test_keys_are_per_caller(orders, people):
    assert send(orders, people("alice"), "boat", "k1").json()["count"] == 1
    assert send(orders, people("bob"), "boat", "k1").json()["count"] == 2


def test_a_refusal_is_not_remembered_so_that_it_can_be_tried_again(orders, people):
    alice = people("alice")
    assert send(orders, alice, "refused", "k1").status_code == 409
    assert send(orders, alice, "boat", "k1").json()["count"] == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201])
def test_a_key_that_cannot_be_used_is_refused(orders, people, key):
    headers = people("alice").bearer | {"Idempotency-Key": key}
    reply = orders.post("/orders", json={"name": "boat"}, headers=headers)
    assert reply.status_code == 422
    assert "Idempotency-Key" in reply.json()["detail"]


def test_many_at_once_with_one_key_take_effect_once(orders, people):
    alice = people("alice")
    replies = []
    threads = [
        threading.Thread(target=lambda: replies.append(send(orders, alice, "boat", "k1").json()))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == [{"name": "boat", "count": 1}] * 6


def test_on_either_store_a_race_on_one_key_has_one_effect(db):
    count = "SELECT count(*) FROM outbox_subscription"
    row = text("INSERT INTO outbox_subscription (consumer, fact) VALUES (:id, 'x')")

    def effect(tx):
        tx.execute(row, {"id": f"made-{tx.scalar(text(count))}"})
        return {"count": tx.scalar(text(count))}

    def send_once():
        started.wait()
        replies.append(db.write(lambda tx: idempotency._once(tx, order, effect, 201, ())))

    order = idempotency.Order("user_1", "k1", "digest")
    started, replies = threading.Barrier(6), []
    threads = [threading.Thread(target=send_once) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [body for _, body, _ in replies] == ['{"count":1}'] * 6
    assert sorted(replayed for _, _, replayed in replies) == [False] + [True] * 5
    assert db.read(lambda tx: tx.scalar(text(count))) == 1


def test_replies_are_forgotten_after_their_time(orders, people, kernel):
    alice = people("alice")
    send(orders, alice, "boat", "k1")
    kernel.db.write(lambda tx: idempotency.forget_replies(tx, after(tx.now, 1.0)))
    assert send(orders, alice, "boat", "k1").json()["count"] == 2
