"""An Idempotency-Key for handlers whose effect is no single transaction of their own making.

The key is written down with the handler's first transaction, the reply when it is there. So an
effect never happens twice; after a crash in between, who asks again is told to look.
"""

from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Database, Isolation, T, Tx
from towpath.kernel.errors import Conflict
from towpath.kernel.http import idempotency
from towpath.kernel.http.callers import Caller, TheKernel
from towpath.kernel.http.idempotency import Order

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_BEGUN = 0
"""In place of a status, while there is no reply."""


class Replayed(Exception):
    def __init__(self, reply: Response) -> None:
        super().__init__("answered before")
        self.reply = reply


def once(request: Request, kernel: TheKernel, caller: Caller) -> Kernel:
    """Find the kernel for a handler; what it does for a POST with a key, it does once.

    Its route must answer by `answered_once`. The reply may hold no secret; where the body does,
    `request.state.asked` is what was asked for without it.
    """
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key is None:
        return kernel
    asked = getattr(request.state, "asked", None)
    order = idempotency.order(request, caller.id, key, asked)
    if before := kernel.db.read(lambda tx: _kept(tx, order)):
        raise Replayed(before)
    marking = _Marking(kernel.db, order)
    request.state.once = marking
    return replace(kernel, db=marking)


OnceKernel = Annotated[Kernel, Depends(once)]


async def answered_once(request: Request, handle: Handler) -> Response:
    """Answer a request, keep the reply for the next one with this key, or find it kept."""
    try:
        reply = await handle(request)
    except Replayed as before:
        return before.reply
    except Exception:
        await run_in_threadpool(_end, request, None)
        raise
    await run_in_threadpool(_end, request, reply)
    return reply


def _kept(tx: Tx, order: Order) -> Response | None:
    found = idempotency.kept(tx, order)
    if found is None:
        return None
    status, body = found
    if status == _BEGUN:
        raise Conflict(
            "A request with this Idempotency-Key was begun, and its reply is not there.",
            next_step="Wait a moment and look whether what it asked for is there.",
        )
    headers = {"Idempotency-Replayed": "true"}
    return Response(body, status, headers, media_type="application/json")


class _Marking(Database):
    """A database whose first transaction takes the key along."""

    def __init__(self, db: Database, order: Order) -> None:
        self.dialect, self.meter = db.dialect, db.meter
        self.real = db
        self.order = order
        self.marked = False

    def write(self, fn: Callable[[Tx], T], *, isolation: Isolation = "serializable") -> T:
        if self.marked:
            return self.real.write(fn, isolation=isolation)

        def write(tx: Tx) -> T:
            if before := _kept(tx, self.order):  # another request was faster
                raise Replayed(before)
            idempotency.keep(tx, self.order, _BEGUN, "")
            return fn(tx)

        result = self.real.write(write, isolation=isolation)
        self.marked = True
        return result

    def read(self, fn: Callable[[Tx], T]) -> T:
        return self.real.read(fn)

    def submit(self, fn: Callable[[Tx], T]) -> Future[T]:
        return self.real.submit(fn)

    def on_wake(self, listener: Callable[[str], None]) -> Callable[[], None]:
        return self.real.on_wake(listener)

    def close(self) -> None:
        self.real.close()


def _end(request: Request, reply: Response | None) -> None:
    """Keep a good reply; what failed may be asked for again."""
    marking: _Marking | None = getattr(request.state, "once", None)
    if marking is None or not marking.marked:
        return
    order = marking.order

    def end(tx: Tx) -> None:
        idempotency.forget(tx, order)
        if reply is not None and reply.status_code < 400:  # noqa: PLR2004 - HTTP
            idempotency.keep(tx, order, reply.status_code, bytes(reply.body).decode())

    marking.real.write(end)
