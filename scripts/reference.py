"""Writes docs/reference/{settings,commands,facts,api,audit,permissions}.md from the code itself.

Usage: reference.py [--check]   (--check: exit 1 if a page on disk is not what would be written)
"""

import ast
import inspect
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from starlette.routing import BaseRoute, Route

from towpath.app.cli import main as command
from towpath.app.parts import PARTS
from towpath.kernel import settings
from towpath.kernel.access.service import Role
from towpath.kernel.audit.service import FIELDS, actions
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.opening import open_database
from towpath.kernel.http.app import create_app
from towpath.kernel.http.permissions import (
    Anybody,
    Declaration,
    Entry,
    Needs,
    Special,
    entries,
    passes,
)
from towpath.kernel.outbox import Reaction, fact_type
from towpath.kernel.settings import Settings

PAGES = Path(__file__).resolve().parent.parent / "docs/reference"
NOTE = "Written by `make reference` from the code; do not edit by hand."
Table = Sequence[Sequence[str]]


def settings_page() -> str:
    told = attribute_docs(settings, "Settings")
    rows = [
        (
            f"`TOWPATH_{field.name.upper()}`",
            _kind(field.type),
            f"`{field.default}`",
            told[field.name],
        )
        for field in fields(Settings)
    ]
    return page(
        "Settings",
        "Environment variables, read once at start. An unreadable value stops the start and says"
        " which one it is. What differs per command is an option: see [commands](commands.md).",
        table(("variable", "kind", "default", "meaning"), rows),
    )


def attribute_docs(module: Any, name: str) -> dict[str, str]:
    """Read the string under each field of a class, which Python itself does not keep."""
    tree = ast.parse(inspect.getsource(module))
    body = next(node.body for node in tree.body if getattr(node, "name", "") == name)
    pairs = pairwise(body)
    return {
        field.target.id: text.value.value
        for field, text in pairs
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


def _kind(annotation: Any) -> str:
    return {bool: "yes or no", int: "whole number", str: "text"}[annotation]


def commands_page() -> str:
    sections = [_command(path, each) for path, each in _commands("towpath", command)]
    return page("Commands", "`towpath COMMAND --help` says the same.", *sections)


def _commands(path: str, each: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(each, click.Group):
        yield path, each
        return
    context = click.Context(each, info_name=path)
    for name in each.list_commands(context):
        child = each.get_command(context, name)
        assert child is not None
        yield from _commands(f"{path} {name}", child)


def _command(path: str, each: click.Command) -> str:
    context = click.Context(each, info_name=path)
    usage = " ".join(each.collect_usage_pieces(context))
    rows = [
        record for each in each.get_params(context) if (record := each.get_help_record(context))
    ]
    options = table(("option", "meaning"), [(f"`{name}`", text) for name, text in rows])
    return f"## {path}\n\n`{path} {usage}`\n\n{_prose(each.help)}\n\n{options}"


def facts_page(kernel: Kernel) -> str:
    reactions = [each for part in PARTS for each in part.reactions(kernel)]
    rows = [_fact(kind, reactions) for kind in all_facts()]
    return page(
        "Facts",
        "What one part announces and others react to. Written in the transaction that makes it"
        " true, delivered to each consumer, in order per subject; the layout is versioned.",
        table(("fact", "subject", "carries", "meaning", "consumers"), rows),
    )


def all_facts() -> list[type]:
    """Import every file of towpath.facts and list its fact classes by name."""
    folder = Path(inspect.getfile(settings)).parent.parent / "facts"
    modules = [
        __import__(f"towpath.facts.{path.stem}", fromlist=["_"])
        for path in sorted(folder.glob("*.py"))
        if path.stem != "__init__"
    ]
    found = [
        each for module in modules for each in vars(module).values() if hasattr(each, "__fact__")
    ]
    return sorted(found, key=lambda each: fact_type(each).name)


def _fact(kind: type, reactions: Iterable[Reaction]) -> tuple[str, ...]:
    described = fact_type(kind)
    carried = ", ".join(field.name for field in fields(kind))
    consumers = sorted(f"`{each.consumer}`" for each in reactions if each.fact is kind)
    name = f"`{described.name}` v{described.version}"
    return name, described.subject, carried, _prose(_own_doc(kind)), ", ".join(consumers)


def _own_doc(kind: type) -> str:
    text = kind.__doc__ or ""
    return "" if text.startswith(f"{kind.__name__}(") else text


def audit_page() -> str:
    rows = [(f"`{each.name}`", each.words) for each in actions()]
    fields_of = ", ".join(f"`{name}`" for name in FIELDS)
    return page(
        "Audit actions",
        "What the audit log tells of. An entry is made in the transaction of its change, from the"
        " verb that changes, whatever way in was taken; nothing changes it afterwards, and after"
        " `TOWPATH_AUDIT_DAYS` it is forgotten. What people and their programs say is one too:"
        " comments, statuses, checks; what our own gate and builds say is not, for queue and runs"
        " keep it. Search it at `/audit`, or take it away with"
        " [`towpath audit export`](../howto/keep-the-audit-log.md).",
        f"Each entry holds {fields_of}. `before` and `after` hold what changed; fields named like"
        " secrets, and tokens of ours inside a text, are left out. `proof` is session, token,"
        " system (work of ours, named in `proof_id`) or none (a stranger, such as at log-in).",
        table(("action", "somebody …"), rows),
    )


@dataclass(frozen=True)
class Area:
    title: str
    note: str
    holds: Callable[[str], bool]


AREAS = (
    Area(
        "GitHub dialect",
        "The part of GitHub's REST API that clients need; errors are `application/problem+json`.",
        lambda path: path.startswith("/api/v3"),
    ),
    Area("Towpath's own", "JSON in, JSON out.", lambda path: path.startswith("/api/")),
    Area("Git", "Smart HTTP; a token is the password.", lambda path: ".git" in path),
    Area("Pages and the rest", "HTML, live events and probes.", lambda _: True),
)


def api_page(kernel: Kernel) -> str:
    routers = [router for part in PARTS for router in part.routes(kernel)]
    left = sorted({row for router in routers for row in endpoints(router.routes)})
    sections = []
    for area in AREAS:
        mine = [row for row in left if area.holds(row[1])]
        left = [row for row in left if row not in mine]
        rows = [(f"`{method} {path}`", text) for method, path, text in mine]
        sections.append(
            f"## {area.title}\n\n{area.note}\n\n{table(('endpoint', 'meaning'), rows)}"
        )
    return page(
        "API",
        "The same, for machines: `/openapi.json`. Send a token as `Authorization: Bearer`.",
        *sections,
    )


def endpoints(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Name method, path and first sentence of each route, also of routers inside routers."""
    for route in routes:
        if isinstance(route, Route):
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield method, prefix + route.path, _first_sentence(route)
        elif inner := getattr(route, "original_router", None):
            yield from endpoints(inner.routes, route.include_context.prefix)  # type: ignore[attr-defined]


def _first_sentence(route: Route) -> str:
    told = inspect.getdoc(getattr(route, "endpoint", None)) or ""
    return _prose(told).split(". ")[0].rstrip(".") or route.name.replace("_", " ")


def permissions_page(kernel: Kernel) -> str:
    ways = entries(create_app(kernel, PARTS).routes)
    rows = sorted({_permission(each) for each in ways}, key=lambda row: (row[1], row[0]))
    return page(
        "Permissions",
        "What each route demands, written from the declarations that enforce it. A role passes"
        " where an earlier one does. *Maintainer here* is a viewer who was granted maintainer on"
        " the repository in question and nothing anywhere else; *narrow token* is an"
        " administrator's token with a scope that no route asks for; *stranger* is a maintainer of"
        " the site at a private repository on which they hold no role, and hears there what they"
        " would hear of one that does not exist; *outsider* shows no proof. Other repositories are"
        " visible to every viewer: a grant adds rights and never takes any.",
        table(("method", "path", "needs", *ACTORS), rows),
    )


ACTORS: dict[str, tuple[Role | None, Role | None]] = {
    "viewer": (Role.viewer, None),
    "member": (Role.member, None),
    "maintainer": (Role.maintainer, None),
    "admin": (Role.admin, None),
    "maintainer here": (Role.viewer, Role.maintainer),
    "narrow token": (Role.admin, None),
    "stranger": (Role.maintainer, None),
    "outsider": (None, None),
}


def _permission(entry: Entry) -> tuple[str, ...]:
    told = [
        _yes(
            passes(
                entry.declared, *roles, narrow=name == "narrow token", private=name == "stranger"
            )
        )
        for name, roles in ACTORS.items()
    ]
    return f"`{entry.method}`", f"`{entry.path}`", _needs(entry), *told


def _yes(passed: bool) -> str:  # noqa: FBT001 - the one thing it is about
    return "yes" if passed else "no"


def _needs(entry: Entry) -> str:
    strongest = [each for each in entry.declared if isinstance(each, Needs)]
    if not strongest:
        return "; ".join(sorted(_word(each) for each in entry.declared)) or "NOT DECLARED"
    most = max(strongest, key=lambda each: each.role)
    asked = [" or ".join(f"`{each}`" for each in one.scopes) for one in strongest if one.scopes]
    scopes = " and ".join(sorted(set(asked))).replace("{}", "ID")
    words = [most.role.name + (" here" if most.on else "")]
    words += [each.also for each in strongest if each.also]
    words += [f"a narrow token needs {scopes}"] if scopes else []
    return "; ".join(words)


def _word(declared: Declaration) -> str:
    if isinstance(declared, Anybody):
        return f"nothing: {declared.why}"
    return declared.words if isinstance(declared, Special) else ""


def page(title: str, lead: str, *sections: str) -> str:
    return "\n\n".join([f"# {title}", NOTE, lead, *sections]) + "\n"


def table(head: Sequence[str], rows: Table) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _prose(text: str | None) -> str:
    return " ".join((text or "").split())


def pages() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(f"sqlite:///{folder}/reference.db", SystemClock())
        kernel = Kernel(db, SystemClock(), Settings(), Path(folder), "http://127.0.0.1")
        try:
            return {
                "settings.md": settings_page(),
                "commands.md": commands_page(),
                "facts.md": facts_page(kernel),
                "api.md": api_page(kernel),
                "audit.md": audit_page(),
                "permissions.md": permissions_page(kernel),
            }
        finally:
            db.close()


def main() -> None:
    written = pages()
    stale = [name for name, text in written.items() if _on_disk(name) != text]
    if "--check" in sys.argv:
        sys.exit(f"Out of date, run make reference: {', '.join(stale)}" if stale else 0)
    for name in stale:
        (PAGES / name).write_text(written[name])
        print(f"wrote docs/reference/{name}")


def _on_disk(name: str) -> str:
    path = PAGES / name
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    main()
