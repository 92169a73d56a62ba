"""How the database is: reachable, sound, up to date, set to keep what it is told, caught up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from towpath.app.backup.database import reading
from towpath.app.doctor.finding import Finding, ok, problem, warning
from towpath.kernel import settings
from towpath.kernel.clock import SECOND, Micros, SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import SERVER_NOW, Database, Tx
from towpath.kernel.db.migrate import History, known_revisions, revisions, unfinished
from towpath.kernel.db.opening import parse, sqlite_path
from towpath.kernel.errors import Unavailable
from towpath.kernel.plugin import Plugin
from towpath.kernel.work import service as work

_CHECKED_BYTES = 2 * 10**9
_OLDEST_POSTGRESQL = 13
_CONNECTIONS = 21  # of one process: ten for transactions, ten for claims, one that listens
_LATE_SECONDS = 60.0
_APART_SECONDS = 2.0
_MUST_BE_ON = {
    "fsync": "A power cut may lose or corrupt everything.",
    "full_page_writes": "A power cut may leave half-written pages.",
    "synchronous_commit": "An answer would be given before it is on disk.",
}


@contextmanager
def opened(url: str) -> Iterator[Tx]:
    """A transaction that only reads, beside a server or without one; Unavailable says why not."""
    parsed = parse(url)
    if parsed.drivername == "sqlite":
        path = sqlite_path(parsed)
        if not path.exists():
            raise Unavailable(f"{path} is not there.")
        engine = create_engine(
            "sqlite://",
            creator=lambda: reading(path),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
        )
        begin = "BEGIN"
    else:
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": 5},
        )
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(begin).close()
            now = SystemClock().now()
            yield Tx(connection, now, "sqlite" if begin == "BEGIN" else "postgresql")
    except DBAPIError as error:
        raise Unavailable(f"{str(error.orig).splitlines()[0]}.") from error


def sound(tx: Tx, url: str) -> Iterator[Finding]:
    if tx.dialect == "postgresql":
        yield from _settings(tx)
        return
    size = sqlite_path(parse(url)).stat().st_size
    if size > _CHECKED_BYTES:
        yield ok("database", f"SQLite file of {size / 10**9:.1f} GB, too large to check quickly")
        return
    said = tx.scalar(text("PRAGMA quick_check(1)"))
    if said != "ok":
        yield problem(
            "database", f"the file is damaged: {str(said).splitlines()[-1]}",
            "Rows may be lost, and further writes may make it worse.",
            "Stop the server, keep a copy of the file, and restore the last good backup.",
        )  # fmt: skip
    else:
        yield ok("database", f"SQLite file of {size / 10**6:.1f} MB, sound")


def _settings(tx: Tx) -> Iterator[Finding]:
    version = int(tx.scalar(text("SELECT current_setting('server_version_num')"))) // 10_000
    told = f"PostgreSQL {tx.scalar(text('SHOW server_version'))}"
    if version < _OLDEST_POSTGRESQL:
        yield problem(
            "database", f"{told} is too old", "It is not tested and gets no mends any more.",
            f"Use PostgreSQL {_OLDEST_POSTGRESQL} or newer.",
        )  # fmt: skip
    elif tx.scalar(text("SELECT pg_is_in_recovery()")):
        yield problem(
            "database", f"{told} is a standby", "It takes no writes.", "Name the primary."
        )
    else:
        yield ok("database", f"{told} answers")
    for name, why in _MUST_BE_ON.items():
        value = tx.scalar(text(f"SHOW {name}"))
        if value in {"off", "local"} and not (name != "synchronous_commit" and value == "local"):
            yield problem(
                f"postgresql-{name.replace('_', '-')}", f"{name} is {value}", why,
                f"Set {name} = on in postgresql.conf, and for this user and database.",
            )  # fmt: skip
        else:
            yield ok(f"postgresql-{name.replace('_', '-')}", f"{name} is {value}")
    yield from _room(tx)


def _room(tx: Tx) -> Iterator[Finding]:
    most = int(tx.scalar(text("SHOW max_connections")))
    used = int(tx.scalar(text("SELECT count(*) FROM pg_stat_activity")))
    told = f"{used} of {most} connections are in use"
    if most - used < _CONNECTIONS:
        yield warning(
            "postgresql-connections", told, f"One more process may want {_CONNECTIONS}.",
            "Raise max_connections, or run fewer processes.",
        )  # fmt: skip
    else:
        yield ok("postgresql-connections", told)
    if (encoding := tx.scalar(text("SHOW server_encoding"))) != "UTF8":
        yield problem(
            "postgresql-encoding", f"its encoding is {encoding}",
            "Names and words in other scripts are refused.", "Create the database with -E UTF8.",
        )  # fmt: skip


def schema(tx: Tx, histories: Sequence[History]) -> Iterator[Finding]:
    found = revisions(tx.connection, histories)
    newer, older, waiting = [], [], []
    for each in histories:
        at = found.get(each.name)
        if at and at not in known_revisions(each):
            newer.append(f"{each.name} {at}")
        elif at != each.revision and (left := unfinished(each, at))[:1] == _after(each, at):
            waiting.append(f"{each.name} {', '.join(left)}")
        elif at != each.revision:
            older.append(f"{each.name} {at or 'none'} (newest {each.revision})")
    if newer:
        yield problem(
            "schema", f"newer than this release: {', '.join(newer)}",
            "A server of this release refuses to start on it.",
            "Run the release that wrote it, or a newer one.",
        )  # fmt: skip
    elif older:
        yield warning(
            "schema", f"behind this release: {', '.join(older)}",
            "The next start of this release brings it up to date.",
            "Take a backup, then restart the server.",
        )  # fmt: skip
    elif waiting:
        yield warning(
            "schema", f"an upgrade is not finished: {', '.join(waiting)}",
            "What only the release before used is still there.",
            "When no process of it runs any more: towpath upgrade --finish",
        )  # fmt: skip
    else:
        told = ", ".join(f"{name} {revision}" for name, revision in found.items())
        yield ok("schema", f"up to date: {told}")


def _after(history: History, revision: str | None) -> list[str]:
    known = known_revisions(history)
    return known[known.index(revision) + 1 :][:1] if revision in known else []


def clocks(tx: Tx) -> Iterator[Finding]:
    """Compare our clock with the database's, and with the newest time that was written down."""
    ours = SystemClock().now()
    if tx.dialect == "postgresql":
        theirs = int(tx.scalar(text(f"SELECT {SERVER_NOW.replace('now()', 'clock_timestamp()')}")))
        apart = (ours - theirs) / SECOND
        if abs(apart) > _APART_SECONDS:
            yield warning(
                "database-clock", f"the database's clock is {-apart:+.1f} s from ours",
                "Leases and due times follow the database's, logs and tokens ours.",
                "Synchronise both machines with a time service.",
            )  # fmt: skip
        else:
            yield ok("database-clock", f"{abs(apart):.1f} s from ours")
    newest = tx.scalar(text("SELECT max(created) FROM work_item"))
    if newest and newest > ours + _APART_SECONDS * SECOND:
        yield warning(
            "clock-history", f"work was written {(newest - ours) / SECOND:.0f} s in the future",
            "The clock was set back since: what is due waits until it has caught up.",
            "Correct the clock.",
        )  # fmt: skip


def backlog(tx: Tx, server: int | None) -> Iterator[Finding]:
    lag = work.lag(_dated(tx))
    for check, rest in (("work", False), ("facts", True)):
        mine = [each for each in lag if each.kind.startswith("fact:") is rest]
        open_items = sum(each.waiting + each.running for each in mine)
        oldest = max((each.oldest_seconds for each in mine), default=0.0)
        told = f"{open_items} on the way, the oldest {oldest:.0f} s late"
        if oldest > _LATE_SECONDS and (server or tx.dialect == "postgresql"):
            yield warning(
                check, told, "Nobody works, or there is more to do than can be done.",
                "Look at /health which processes are alive, and at their logs.",
            )  # fmt: skip
        else:
            yield ok(check, told)
    parked = sum(each.parked for each in lag)
    if parked:
        yield warning(
            "parked", f"{parked} pieces of work wait for a person",
            "What must come after them in the same order waits too.",
            "Open /work, read what failed, mend it and press Retry.",
        )  # fmt: skip
    else:
        yield ok("parked", "nothing waits for a person")


def _dated(tx: Tx) -> Tx:
    """On PostgreSQL, by its own clock: our reader was given this machine's."""
    if tx.dialect == "sqlite":
        return tx
    now = Micros(int(tx.scalar(text(f"SELECT {SERVER_NOW}"))))
    return Tx(tx.connection, now, tx.dialect)


def parts(tx: Tx, data: Path, plugins: Sequence[Plugin]) -> Iterator[Finding]:
    """What each part says of itself, as on the page /health: keys of secrets, runners, jobs."""
    nobody = cast("Database", None)  # a check reads by the transaction it is given
    kernel = Kernel(nobody, SystemClock(), settings.load(), data.resolve(), "")
    for part in plugins:
        for each in part.checks(kernel, tx):
            check = each.name.lower().replace(" ", "-")
            if each.state in {"good", "neutral"}:
                yield ok(check, each.words)
            else:
                make = problem if each.state == "bad" else warning
                yield make(check, each.words, "So says the part itself.", each.next_step)


def unreachable(url: str, data: Path, error: Unavailable) -> Finding:
    if url.startswith("sqlite:") and not (data / "towpath.db").exists():
        return warning(
            "database", f"there is no {data / 'towpath.db'}",
            "Either nothing was served from here yet, or the rows are in PostgreSQL.",
            "Add --database as given to serve; otherwise the first start makes it.",
        )  # fmt: skip
    return problem(
        "database", f"cannot be read: {error.detail}", "No server can work without it.",
        "SQLite: restore the last good backup. PostgreSQL: start it, check the URL.",
    )  # fmt: skip
