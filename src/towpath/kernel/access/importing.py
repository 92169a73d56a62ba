"""Users and teams from a CSV file: columns login, name, role, teams (slugs between semicolons).

A file says what shall be, so bringing it twice changes nothing the second time. Whoever is not
in it stays as they are. Rows are judged all together before the first change.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from towpath.kernel.access import people, team_store, teams
from towpath.kernel.access.model import HERE, Role, User, valid_login, valid_role, valid_slug
from towpath.kernel.access.store import user as find_user
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import InvalidInput, TowpathError

COLUMNS = ("login", "name", "role", "teams")
_MOST_ROWS = 10_000


@dataclass(frozen=True)
class Row:
    """What one line says; None and an empty tuple: it says nothing about that."""

    line: int
    login: str
    name: str
    role: Role | None
    teams: tuple[str, ...]


def parse(text: str) -> list[Row]:
    """Read the file; InvalidInput names every fault (at most ten) by line and column."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    _require_columns(reader.fieldnames or ())
    rows: list[Row] = []
    faults: list[str] = []
    try:
        for found in reader:
            made = _row(reader.line_num, found, faults)
            rows += [made] if made else []
    except csv.Error as error:
        faults.append(f"line {reader.reader.line_num}: {error}")
    faults += _twice(rows)
    if len(rows) > _MOST_ROWS:
        faults.append(f"there are more than {_MOST_ROWS} lines")
    if faults:
        raise InvalidInput(
            f"The file cannot be brought: {'; '.join(faults[:10])}.",
            next_step="Correct these places; nothing was changed.",
        )
    return rows


def bring(tx: Tx, rows: Sequence[Row], *, apply: bool) -> list[str]:
    """Say what changes, one sentence each, and with `apply` change it."""
    _require_an_admin(tx, rows)
    # New administrators first: a file may hand the role over from the last one.
    ordered = sorted(rows, key=lambda row: row.role is not Role.admin)
    said = [sentence for row in ordered for sentence in _bring(tx, row, apply=apply)]
    return list(dict.fromkeys(said))


def _require_an_admin(tx: Tx, rows: Sequence[Row]) -> None:
    """Refuse a file after which nobody would administer, also where it would only be shown."""
    said = {row.login: row.role for row in rows if row.role is not None}
    before = people.admins(tx)
    left = [each for each in before if _stays_admin(tx, each, said)]
    new = [login for login, role in said.items() if role is Role.admin and _may_enter(tx, login)]
    if before and not (left or new):
        raise InvalidInput(
            "This file would leave nobody to administer.",
            next_step="Give somebody in it the role admin; nothing was changed.",
        )


def _stays_admin(tx: Tx, admin: User, said: Mapping[str, Role]) -> bool:
    outside = team_store.role_without(tx, admin.id, HERE)
    return max(said.get(admin.login, admin.role), outside) >= Role.admin


def _may_enter(tx: Tx, login: str) -> bool:
    found = find_user(tx, login)
    return found is None or found.deactivated is None


def _require_columns(given: Sequence[str]) -> None:
    unknown = [name for name in given if name not in COLUMNS]
    if "login" not in given or unknown or len(set(given)) != len(given):
        raise InvalidInput(
            f"Line 1 must name the columns, but says {', '.join(given)[:200]!r}.",
            next_step=f"Use {', '.join(COLUMNS)}, each once; only login must be there.",
        )


def _row(line: int, found: dict[str, str | None], faults: list[str]) -> Row | None:
    if None in found or None in found.values():
        faults.append(f"line {line}: it has more or fewer cells than line 1")
        return None
    cells = {name: (value or "").strip() for name, value in found.items()}
    slugs = tuple(slug.strip() for slug in cells.get("teams", "").split(";") if slug.strip())
    before = len(faults)
    role = cells.get("role", "")
    for column, check, values in (
        ("login", valid_login, (cells["login"],)),
        ("role", valid_role, (role,) if role else ()),
        ("teams", valid_slug, slugs),
    ):
        faults += _faults(line, column, check, values)
    if len(cells.get("name", "")) > 200:  # noqa: PLR2004 - what the API accepts
        faults.append(f"line {line}, column name: it is longer than 200 characters")
    if len(faults) > before:
        return None
    return Row(
        line, cells["login"], cells.get("name", ""), valid_role(role) if role else None, slugs
    )


def _faults(
    line: int, column: str, check: Callable[[str], object], values: Sequence[str]
) -> Iterator[str]:
    for value in values:
        try:
            check(value)
        except InvalidInput as error:
            yield f"line {line}, column {column}: {error.detail.rstrip('.')}"


def _twice(rows: Sequence[Row]) -> Iterator[str]:
    first: dict[str, int] = {}
    for row in rows:
        if row.login in first:
            yield f"line {row.line}, column login: {row.login} is in line {first[row.login]} too"
        first.setdefault(row.login, row.line)


def _bring(tx: Tx, row: Row, *, apply: bool) -> Iterator[str]:
    try:
        found = find_user(tx, row.login)
        yield from _user(tx, row, found, apply=apply)
        yield from _teams(tx, row, found, apply=apply)
    except TowpathError as error:
        raise InvalidInput(
            f"Line {row.line}: {error.detail}", next_step=f"{error.next_step} Nothing was changed."
        ) from error


def _user(tx: Tx, row: Row, found: User | None, *, apply: bool) -> Iterator[str]:
    if found is None:
        role = row.role or Role.member
        yield f"add {row.login} as {role.name}"
        if apply:
            people.create_user(tx, row.login, None, role, name=row.name)
        return
    if found.kind != "person":
        raise InvalidInput(f"{row.login} is not a person.", next_step="Take the line out.")
    if row.name and row.name != found.name:
        yield f"call {row.login} {row.name!r} instead of {found.name!r}"
        if apply:
            people.rename_user(tx, row.login, row.name)
    ours = team_store.site_role(tx, found.id, HERE) or found.role
    if row.role is not None and row.role != ours:
        yield f"make {row.login} {row.role.name} instead of {ours.name}"
        if apply:
            people.set_role(tx, row.login, row.role)


def _teams(tx: Tx, row: Row, found: User | None, *, apply: bool) -> Iterator[str]:
    held = team_store.memberships(tx, found.id, HERE) if found else frozenset()
    for slug in row.teams:
        team = team_store.team(tx, slug)
        if team is None:
            yield f"add the team {slug}"
            if apply:
                teams.add_team(tx, slug)
        if team is None or team.id not in held:
            yield f"put {row.login} into {slug}"
            if apply:
                teams.add_member(tx, slug, row.login)
