"""Forms prove that they came from our own page, twice.

A browser says where a request came from (Sec-Fetch-Site, else Origin), and every form carries a
token derived from the cookie that only our own page can know. https://owasp.org CSRF cheat sheet
"""

import hashlib
import hmac
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import Request

from towpath.kernel.errors import Denied

SESSION_COOKIE = "towpath_session"
VISITOR_COOKIE = "towpath_visitor"
FIELD = "csrf"
HEADER = "Towpath-CSRF"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def token_for(cookie: str) -> str:
    """Derive the form token of one session or visitor cookie."""
    return hashlib.sha256(b"towpath form token\0" + cookie.encode()).hexdigest()


async def sent_token(request: Request) -> str:
    """Read the token of a form or script that relies on a cookie; other bodies stay unread."""
    if request.method in _SAFE or "authorization" in request.headers:
        return ""
    if header := request.headers.get(HEADER):
        return header
    if request.headers.get("content-type", "").startswith(_FORMS):
        return str((await request.form()).get(FIELD, ""))
    return ""


SentToken = Annotated[str, Depends(sent_token)]


def check_origin(request: Request) -> None:
    """Refuse a changing request that a browser sends on behalf of another site."""
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise _foreign()
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise _foreign()


def check_token(request: Request, cookie: str | None, sent: str) -> None:
    """Refuse a changing request without the token that belongs to its cookie."""
    if request.method in _SAFE:
        return
    if not cookie or not hmac.compare_digest(sent.encode(), token_for(cookie).encode()):
        raise Denied(
            "This form is out of date, or it did not come from our page.",
            next_step="Load the page again and repeat what you did.",
        )


def form_checked(request: Request, sent: SentToken) -> None:
    """Dependency for forms that nobody has to be logged in for: log in and log out."""
    check_origin(request)
    cookies = request.cookies
    check_token(request, cookies.get(SESSION_COOKIE) or cookies.get(VISITOR_COOKIE), sent)


def _foreign() -> Denied:
    return Denied(
        "Another site tried to change something in your name.",
        next_step="Open this page here and do it yourself, if you meant it.",
    )
