"""render(request, "part/page.html", **context): templates of every part in one frame."""

import functools
import hashlib
import importlib.util
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

import towpath
from towpath.kernel.access.service import Principal
from towpath.kernel.clock import Micros
from towpath.kernel.context import Kernel
from towpath.kernel.http import csrf
from towpath.kernel.pages import prose, words
from towpath.kernel.plugin import Plugin

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_THEMES = ("dark", "light")
_YEAR_SECONDS = 31_536_000


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """Render a part's template inside the frame; call it from `def` routes, since slots read."""
    pages: Pages = request.app.state.pages
    return pages.render(request, template, status=status, **context)


class Pages:
    """The Jinja environment of one application."""

    def __init__(self, kernel: Kernel, plugins: Sequence[Plugin]) -> None:
        self._kernel = kernel
        self._plugins = plugins
        self._jinja = Environment(
            loader=ChoiceLoader(_loaders(plugins)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters.update(
            ago=self._ago,
            duration=words.duration,
            size=words.size,
            instant=words.instant,
            iso=words.iso,
            markdown=prose.markdown,
        )
        self._jinja.globals.update(
            slot=self._slot,
            live=_live,
            csrf_field=csrf_field,
            csrf_token=csrf_token,
            static=static_url,
            plural=words.plural,
            version=towpath.__version__,
        )

    def render(
        self, request: Request, template: str, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        theme = request.cookies.get("towpath_theme", "")
        frame: dict[str, Any] = {
            "request": request,
            "principal": principal(request),
            "theme": theme if theme in _THEMES else "",
            "topics": [],
        }
        html = self._jinja.get_template(template).render(frame | context)
        page = HTMLResponse(html, status)
        _remember_visitor(request, page, secure=self._kernel.settings.secure_cookies)
        return page

    def _ago(self, at: int) -> str:
        return words.ago(Micros(at), self._kernel.clock.now())

    @pass_context
    def _slot(self, context: Context, name: str, **facts: Any) -> Markup:
        """Let every part that knows this slot add to the page; the one nearest to people first."""
        parts = reversed(self._plugins)
        fillers = [plugin.slots[name] for plugin in parts if name in plugin.slots]
        filled: Mapping[str, Any] = facts
        return Markup("").join(fill(self._kernel, context["request"], filled) for fill in fillers)

    def fragment(self, template: str, request: Request, **context: Any) -> Markup:
        """Render without a frame, for slots."""
        frame: dict[str, Any] = {"request": request, "principal": principal(request), "topics": []}
        html = self._jinja.get_template(template).render(frame | context)
        return Markup(html)  # noqa: S704 - our own template, autoescaped


def fragment(request: Request, template: str, **context: Any) -> Markup:
    """Render what a slot puts into another part's page."""
    pages: Pages = request.app.state.pages
    return pages.fragment(template, request, **context)


def principal(request: Request) -> Principal | None:
    """Who looks at this page, as far as its route asked for a caller."""
    found: Principal | None = getattr(request.state, "principal", None)
    return found


def csrf_token(request: Request) -> str:
    """Derive the form token from the session, or from a visitor cookie set with this page."""
    return csrf.token_for(request.cookies.get(csrf.SESSION_COOKIE) or _visitor(request))


def csrf_field(request: Request) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        csrf.FIELD, csrf_token(request)
    )


def _visitor(request: Request) -> str:
    known = request.cookies.get(csrf.VISITOR_COOKIE) or getattr(request.state, "visitor", None)
    if not known:
        known = request.state.visitor = secrets.token_urlsafe(24)
    return str(known)


def _remember_visitor(request: Request, page: HTMLResponse, *, secure: bool) -> None:
    made = getattr(request.state, "visitor", None)
    if made:
        page.set_cookie(
            csrf.VISITOR_COOKIE, made, httponly=True, samesite="lax", secure=secure, path="/"
        )


@pass_context
def _live(context: Context, topic: str) -> Markup:
    """Ask the frame to follow `topic`; use it where a part of the page depends on it."""
    if topic not in context["topics"]:
        context["topics"].append(topic)
    return Markup("")


def static_url(name: str) -> str:
    """Address a static file by its content, so that browsers may keep it for good."""
    return f"/static/{name}?v={_fingerprint(name)}"


@functools.cache
def _fingerprint(name: str) -> str:
    for folder in (_STATIC / "built", _STATIC):
        if (folder / name).is_file():
            return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]
    return "missing"


class _Static(StaticFiles):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = b"v=" in scope["query_string"] and b"v=missing" not in scope["query_string"]
        scope["towpath_keep"] = kept
        await super().__call__(scope, receive, send)

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        scope: Scope = args[2]
        age = f"max-age={_YEAR_SECONDS}, immutable" if scope["towpath_keep"] else "max-age=60"
        response.headers["Cache-Control"] = f"public, {age}"
        return response


def static_files() -> StaticFiles:
    """Serve what web/build.py built, then what lies beside it."""
    built = _STATIC / "built"
    if not built.is_dir():
        return _Static(directory=_STATIC)
    files = _Static(directory=built)
    files.all_directories.append(_STATIC)
    return files


def _loaders(plugins: Sequence[Plugin]) -> list[BaseLoader]:
    folders = [_folder(plugin.package) / "templates" for plugin in plugins]
    return [FileSystemLoader(one) for one in (_HERE / "templates", *folders) if one.is_dir()]


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).parent
