"""Every error as RFC 9457 problem+json with a next step, or as a page for browsers."""

from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from towpath.kernel.errors import InvalidInput, Moved, TowpathError, Unauthenticated
from towpath.kernel.http import callers

PROBLEM_JSON = "application/problem+json"
_log = structlog.get_logger("towpath.http")
_DETAILS = {404: "There is nothing at {path}.", 405: "{path} does not take {method}."}
_NEXT_STEPS = {
    404: "Check the address; the start page is at /.",
    405: "Check the method; /openapi.json lists what each address takes.",
    500: "Try again. If it stays, give the request id to whoever runs this server.",
}


class Problem(BaseModel):
    """RFC 9457, with what to do now and the request to name when asking for help."""

    type: str
    title: str
    status: int
    detail: str
    next_step: str
    request_id: str


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem, with what to do next",
        "content": {PROBLEM_JSON: {"schema": Problem.model_json_schema()}},
    }
}


def install(app: FastAPI) -> None:
    """Let every error raised on purpose leave through this module; `unexpected` has the rest."""
    app.add_exception_handler(TowpathError, _towpath_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(OverflowError, _unstorable)  # what SQLite says to such a number


def body(status: int, title: str, detail: str, next_step: str, request_id: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "next_step": next_step,
        "request_id": request_id,
    }


def wants_page(request: Request) -> bool:
    """Whether a browser navigates here; programs that accept anything get JSON."""
    path = request.url.path
    return "text/html" in request.headers.get("accept", "") and not path.startswith("/api/")


def unexpected(request: Request, raised: Exception) -> Response:
    """Answer for a bug: the log has everything, the caller only the request id to name it by."""
    _log.error("unexpected error", path=request.url.path, exc_info=raised)
    return _answer(request, 500, "Something went wrong", "An error on our side.", _NEXT_STEPS[500])


def _towpath_error(request: Request, raised: Exception) -> Response:
    error = cast("TowpathError", raised)
    if isinstance(error, Unauthenticated) and wants_page(request) and request.method == "GET":
        return _to_login(request)
    status, headers = elsewhere(request, error)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = _challenge(request)
    return _answer(request, status, error.title, error.detail, error.next_step, headers)


def elsewhere(request: Request, error: TowpathError) -> tuple[int, dict[str, str]]:
    """The status of a refusal; where what is asked for has a new address, the way there.

    As at GitHub, reading goes there with 301, everything else with 307, which keeps method and
    body. Nobody is to remember it: the old name may be given to something else.
    """
    if not isinstance(error, Moved):
        return error.status, {}
    before, found, rest = request.url.path.partition(f"/{error.was}")
    if not found:  # it was named in the query, or in a body
        return error.status, {}
    query = f"?{request.url.query}" if request.url.query else ""
    there = quote(f"{before}/{error.now}{rest}") + query
    status = HTTPStatus.MOVED_PERMANENTLY
    if request.method not in {"GET", "HEAD"}:
        status = HTTPStatus.TEMPORARY_REDIRECT
    return status.value, {"Location": there, "Cache-Control": "no-cache"}


def _challenge(request: Request) -> str:
    """Ask git for a password; a page's script in a browser must not raise a log-in dialogue."""
    in_browser = "sec-fetch-mode" in request.headers
    return 'Bearer realm="Towpath"' if in_browser else 'Basic realm="Towpath", charset="UTF-8"'


def _to_login(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    here = quote(request.url.path + query, safe="/")
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": "/login"})
    return RedirectResponse(f"/login?next={here}", status_code=303)


def _validation_error(request: Request, raised: Exception) -> Response:
    errors = cast("RequestValidationError", raised).errors()
    told = "; ".join(
        f"{'.'.join(map(str, e['loc'][1:])) or 'body'}: {e['msg']}" for e in errors[:5]
    )
    return _answer(
        request, 422, "The request is not valid", told, "Correct these fields and send it again."
    )


def _unstorable(request: Request, raised: Exception) -> Response:
    """PostgreSQL keeps no NUL in a text and no number beyond 64 bits; SQLite is less strict."""
    _log.warning("value that cannot be stored", path=request.url.path, exc_info=raised)
    return _answer(
        request,
        InvalidInput.status,
        InvalidInput.title,
        "A value is not text without NUL characters, or a number beyond 64 bits.",
        "Correct it and send the request again.",
    )


def _http_exception(request: Request, raised: Exception) -> Response:
    error = cast("HTTPException", raised)
    title = HTTPStatus(error.status_code).phrase
    told = _DETAILS.get(error.status_code, f"{title}: {{path}}")
    said = told.format(path=request.url.path, method=request.method)
    detail = error.detail if error.detail != title else said
    step = _NEXT_STEPS.get(error.status_code, "")
    if wants_page(request):
        callers.recognise(request)
    return _answer(request, error.status_code, title, detail, step, dict(error.headers or {}))


def _answer(
    request: Request,
    status: int,
    title: str,
    detail: str,
    next_step: str,
    headers: dict[str, str] | None = None,
) -> Response:
    problem = body(status, title, detail, next_step, request_id(request))
    pages = getattr(request.app.state, "pages", None)
    if pages is not None and wants_page(request):
        page: Response = pages.render(request, "kernel/error.html", status=status, problem=problem)
        page.headers.update(headers or {})
        return page
    return JSONResponse(problem, status, headers, media_type=PROBLEM_JSON)


def request_id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))
