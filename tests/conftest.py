"""What every test may ask for: a database of its own on each store, a clock it moves, a kernel."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url

from tests.servers import postgres
from towpath.kernel import schema
from towpath.kernel.clock import Clock, ManualClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Database
from towpath.kernel.db.migrate import History, upgrade
from towpath.kernel.db.opening import open_database
from towpath.kernel.settings import Settings

WITH_POSTGRES = os.environ.get("PG", "1") != "0"
STORES = ("sqlite", "postgresql") if WITH_POSTGRES else ("sqlite",)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not WITH_POSTGRES:
        count = len(terminalreporter.stats.get("deselected", ()))
        terminalreporter.write_line(
            f"PG=0: SQLite alone was tested; PostgreSQL was left out ({count} tests deselected)"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if WITH_POSTGRES:
        return
    left_out = [item for item in items if item.get_closest_marker("postgres")]
    items[:] = [item for item in items if not item.get_closest_marker("postgres")]
    config.hook.pytest_deselected(items=left_out)


def histories() -> Sequence[History]:
    """Those of all parts; the kernel's alone while there is no app."""
    try:
        from towpath.app.parts import PARTS
    except ImportError:
        return [schema.HISTORY]
    return [
        History(
            name=part.name, package=part.package, revision=part.revision, metadata=part.metadata
        )
        for part in PARTS
        if part.revision
    ]


class Stores:
    """Makes empty, migrated databases: each a copy of a template that is migrated once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._stack = ExitStack()

    def url(self, store: str, folder: Path) -> str:
        self._count += 1
        if store == "sqlite":
            file = folder / f"towpath{self._count}.db"
            shutil.copyfile(self._sqlite_template, file)
            return f"sqlite:///{file}"
        name = f"test{self._count}"
        self._create(name, self._postgres_template)
        return self._postgres_url(name)

    def empty(self) -> str:
        """A PostgreSQL database without a table, as createdb leaves it."""
        self._count += 1
        self._create(f"test{self._count}", "template1")
        return self._postgres_url(f"test{self._count}")

    def drop(self, url: str) -> None:
        """PostgreSQL's databases take 8 MB each; files go with their folder."""
        if url.startswith("postgresql"):
            self._admin.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def close(self) -> None:
        self._stack.close()

    @cached_property
    def _sqlite_template(self) -> Path:
        file = self._folder / "template.db"
        upgrade(f"sqlite:///{file}", histories())
        engine = create_engine(f"sqlite:///{file}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        engine.dispose()
        return file

    @cached_property
    def _postgres_socket(self) -> str:
        return self._stack.enter_context(postgres.server())

    @cached_property
    def _admin(self) -> psycopg.Connection:
        url = self._postgres_url("postgres")
        return self._stack.enter_context(psycopg.connect(url, autocommit=True))

    @cached_property
    def _postgres_template(self) -> str:
        self._admin.execute("DROP DATABASE IF EXISTS template_towpath")
        self._create("template_towpath", "template1")
        upgrade(self._postgres_url("template_towpath"), histories())
        return "template_towpath"

    def _create(self, name: str, template: str) -> None:
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")

    def _postgres_url(self, name: str) -> str:
        return f"postgresql://towpath@/{name}?host={self._postgres_socket}"


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    made = Stores(tmp_path_factory.mktemp("stores"))
    yield made
    made.close()


@pytest.fixture(
    params=[
        pytest.param("sqlite", id="sqlite"),
        pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres),
    ]
)
def store(request: pytest.FixtureRequest) -> str:
    """The name of the store; every test that uses it, or `db`, runs once on each."""
    return request.param


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def db_url(stores: Stores, store: str, tmp_path: Path) -> Iterator[str]:
    url = stores.url(store, tmp_path)
    yield url
    stores.drop(url)


@pytest.fixture
def db(db_url: str, clock: Clock) -> Iterator[Database]:
    """A migrated, empty database whose time is `clock`, on either store."""
    opened = open_database(db_url, clock)
    yield opened
    opened.close()


@pytest.fixture
def kernel(stores: Stores, clock: Clock, tmp_path: Path) -> Iterator[Kernel]:
    """A kernel on SQLite with a data directory of its own."""
    data = tmp_path / "data"
    data.mkdir()
    db = open_database(stores.url("sqlite", data), clock)
    yield Kernel(db=db, clock=clock, settings=Settings(), data=data, url="http://towpath.test")
    db.close()


@pytest.fixture
def make_kernel(stores: Stores, clock: Clock, tmp_path: Path) -> Iterator[Callable[[str], Kernel]]:
    """Kernels on the store named, for tests that want PostgreSQL or several."""
    with ExitStack() as stack:

        def make(store: str = "sqlite") -> Kernel:
            data = tmp_path / f"data-{store}"
            data.mkdir()
            url = stores.url(store, data)
            stack.callback(stores.drop, url)
            db = open_database(url, clock)
            stack.callback(db.close)
            return Kernel(
                db=db, clock=clock, settings=Settings(), data=data, url="http://towpath.test"
            )

        yield make
