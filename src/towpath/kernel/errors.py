"""Errors, named by what the one who catches them must do.

TowpathError
    InvalidInput, TooLarge            the caller changes the request
    Unauthenticated, Denied           the caller shows who they are, or asks for the right
    NotFound, Conflict, Stale         the caller looks again
    Moved                             the caller asks at the new address
    Unavailable                       the caller comes back later
    PermanentError                    a worker parks the row
    TemporaryError                    a worker tries again after `delay` seconds

Every error carries two sentences: what happened (`detail`) and what to do now (`next_step`).
"""

from typing import ClassVar


class TowpathError(Exception):
    """Root of all errors we raise on purpose; `status` is the HTTP status it becomes."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, next_step: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.detail} {self.next_step}".strip()


class InvalidInput(TowpathError):
    status = 422
    title = "The request is not valid"


class TooLarge(TowpathError):
    status = 413
    title = "The request is too large"


class Unauthenticated(TowpathError):
    status = 401
    title = "Log in first"


class Denied(TowpathError):
    status = 403
    title = "You may not do this"


class NotFound(TowpathError):
    status = 404
    title = "Not found"


class Moved(NotFound):
    """What is asked for has a new name: `now` stands in its address where `was` stood."""

    def __init__(self, was: str, now: str) -> None:
        super().__init__(f"{was} is called {now} now.", next_step=f"Ask for {now}.")
        self.was = was
        self.now = now


class Conflict(TowpathError):
    status = 409
    title = "This conflicts with what is there"


class Stale(TowpathError):
    """What the caller knew has changed since: a lost lease, an old ETag, a moved ref."""

    status = 412
    title = "This has changed since you looked"


class Unavailable(TowpathError):
    status = 503
    title = "Not available right now"


class PermanentError(TowpathError):
    """Trying again cannot help: the worker parks the row and shows it to a person."""


class TemporaryError(TowpathError):
    """Trying again may help; `delay` in seconds overrides the back-off."""

    def __init__(self, detail: str, *, next_step: str = "", delay: float | None = None) -> None:
        super().__init__(detail, next_step=next_step)
        self.delay = delay
