"""`towpath demo`: the whole journey, watched from the terminal and the browser."""

import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import click

import towpath
from towpath.app.demo.canal import WORKFLOW, Plan, plan
from towpath.app.demo.journey import Journey, TooSlow, as_planned
from towpath.app.demo.project import GitFailed, find_checkout, prepare
from towpath.app.demo.record import End, Line, Start, write
from towpath.app.demo.serving import Person, ServerFailed, add_person, server
from towpath.app.demo.telling import Row, Teller, table

_BARE = "project.git"


@click.command(
    epilog="""\b
Examples:
  towpath demo                  watch it, then look around until Ctrl-C
  towpath demo --once           exit at the end: 0 if all became what was expected
  towpath demo --once --seed 2  other requests are guilty
"""
)
@click.option("--once", is_flag=True, help="Exit at the end; 0 if every outcome is expected.")
@click.option("--seed", default=1, show_default=True, help="Deals who is guilty.")
@click.option("--port", default=0, help="Where the server listens; 0 takes a free port.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-record"),
    show_default=True,
    help="Where record.jsonl and the bare repository are left.",
)
def demo(*, once: bool, seed: int, port: int, record: Path) -> None:
    """Watch real merge requests travel through a new server."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    teller = Teller()
    try:
        with _temporary_folder() as folder:
            expected = _travel(teller, plan(seed), folder, port, record, stay=not once)
    except (ServerFailed, GitFailed, TooSlow) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(0 if expected else 1)


def _travel(
    teller: Teller, dealt: Plan, folder: Path, port: int, record: Path, *, stay: bool
) -> bool:
    with teller.step("Prepare the project") as step:
        project = prepare(folder / "work", dealt, _checkout(), sys.executable)
        step.result = project.about
    with _people(teller, folder, port) as (alice, bob):
        journey = Journey(alice, bob, project, dealt, teller)
        journey.run()
        _conclude(teller, journey)
        write(record, _lines(journey), _bare(folder))
        teller.say(f"The record is in {record}; check it: python tests/e2e/verify.py {record}")
        if stay:
            _wait_for_the_end(teller, alice.url)
    return as_planned(journey.requests, journey.outcomes)


def _checkout() -> Path | None:
    return find_checkout([Path.cwd(), Path(towpath.__file__).parent])


@contextmanager
def _people(teller: Teller, folder: Path, port: int) -> Iterator[tuple[Person, Person]]:
    """Start the server and make its two users; their log-ins are told at once."""
    with ExitStack() as held:
        with teller.step("Start towpath serve") as step:
            admin = held.enter_context(server(folder / "data", port, folder / "serve.log"))
            alice, bob = (add_person(admin, login, "maintainer") for login in ("alice", "bob"))
            step.result = admin.url
        teller.address(admin.url, [(p.login, p.password) for p in (alice, bob)])
        yield alice, bob


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="towpath-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _conclude(teller: Teller, journey: Journey) -> None:
    outcomes = {outcome.number: outcome for outcome in journey.outcomes}
    rows = [Row(request, outcomes[request.number]) for request in journey.requests]
    teller.say("")
    teller.print(table(rows, teller.seconds))
    teller.say("\nmain, newest first:")
    teller.lines(journey.history())
    surprises = sum(not row.as_expected for row in rows)
    verdict = f"{surprises} not as expected" if surprises else "every outcome is as expected"
    teller.say(f"\n{len(rows)} merge requests, {verdict}")


def _lines(journey: Journey) -> list[Line]:
    start = Start(
        seed=journey.plan.seed,
        bare=_BARE,
        branch="main",
        base=journey.project.main,
        workflow=WORKFLOW,
        python=sys.executable,
        version=towpath.__version__,
    )
    end = End(main=journey.main(), seconds=round(journey.teller.seconds, 1))
    return [start, *journey.requests, *journey.outcomes, end]


def _bare(folder: Path) -> Path:
    """The one repository that the server keeps; its data directory dies with the demo."""
    (found,) = (folder / "data/repositories").glob("*.git")
    return found


def _wait_for_the_end(teller: Teller, url: str) -> None:
    teller.say(f"\nStill serving {url}. Ctrl-C ends it.")
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
