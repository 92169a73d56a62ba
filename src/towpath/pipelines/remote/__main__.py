"""The runner as a program of its own: what `towpath runner` and a server's own runner start."""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from towpath.kernel import log, settings, tracing
from towpath.kernel.errors import TowpathError
from towpath.pipelines.remote import box
from towpath.pipelines.remote.place import python_paths
from towpath.pipelines.remote.runner import Options, Runner, default_slots
from towpath.pipelines.remote.wire import Wire

LABELS = (
    "towpath", "self-hosted", "linux", "x64", "debian",
    "ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04",
)  # fmt: skip
_PREFIX = "towpath-runner-"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; 0 then, 1 when the server will not have us."""
    chosen = _parser().parse_args(arguments)
    if chosen.check:
        with _work_folder(chosen.work):
            isolation = box.detect()
        sys.stdout.write(json.dumps({"level": isolation.level, "why": isolation.why}) + "\n")
        return 0
    if not chosen.url or not chosen.token_file:
        sys.stderr.write("A runner needs --url and --token-file.\n")
        return 2
    log.configure(json=chosen.json)
    token = chosen.token_file.read_text().strip()
    if chosen.unlink_token:
        chosen.token_file.unlink()
    with tracing.sent(settings.load(), "runner"), _work_folder(chosen.work) as work:
        try:
            runner = Runner(Wire(chosen.url, token), _options(chosen, work))
        except TowpathError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        _listen(runner, parent=chosen.parent_pipe)
        if not chosen.parent_pipe:
            sys.stdout.write(f"ready runner {chosen.name}\n")
            sys.stdout.flush()
        runner.run()
    if runner.rejected:
        sys.stderr.write(f"The server refused: {runner.rejected}\n")
    return 1 if runner.rejected else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m towpath.pipelines.remote",
        description="Claims jobs from a Towpath server and runs each in a sandbox of its own.",
    )
    add = parser.add_argument
    add("--url", help="the server, such as https://towpath.example")
    add("--token-file", type=Path, help="a file that holds a token with the scope runner")
    add("--unlink-token", action="store_true", help="remove that file once it is read")
    add("--name", default=f"{socket.gethostname()}-{os.getpid()}", help="what people see")
    add("--labels", default=",".join(LABELS), help="what runs-on may ask for, comma-separated")
    add("--slots", type=int, default=default_slots(), help="how many jobs at once")
    add("--work", type=Path, help="where workspaces are kept (the temporary directory)")
    add("--network", choices=["none", "host"], default="none", help="what jobs may reach")
    add("--tool-path", type=Path, action="append", default=[], help="a directory jobs may read")
    add("--hide", type=Path, action="append", default=[], help="what no job may ever see")
    add("--patience", type=float, default=120.0, help="seconds without a server until it ends")
    add("--parent-pipe", action="store_true", help="claim no more when standard input ends")
    add("--isolation", choices=box.CHOICES, default="auto", help="how jobs are walled off")
    add("--json", action="store_true", help="log for machines even on a terminal")
    add("--check", action="store_true", help="only say how well jobs are walled off here")
    return parser


def _options(chosen: argparse.Namespace, work: Path) -> Options:
    return Options(
        name=chosen.name,
        labels=tuple(label.strip() for label in chosen.labels.split(",") if label.strip()),
        slots=chosen.slots,
        work=work,
        network=chosen.network == "host",
        tool_paths=tuple(dict.fromkeys((*python_paths(), *chosen.tool_path))),
        hidden=tuple(path.resolve() for path in chosen.hide),
        patience=chosen.patience,
        isolation=box.choose(chosen.isolation),
    )


def _listen(runner: Runner, *, parent: bool) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=runner.stop, daemon=True).start())
    if parent:
        threading.Thread(target=_drain_at_end, args=(runner,), daemon=True).start()


def _drain_at_end(runner: Runner) -> None:
    """Our parent holds the other end of standard input for as long as it lives."""
    while os.read(0, 4096):
        pass
    runner.drain()


@contextlib.contextmanager
def _work_folder(parent: Path | None) -> Iterator[Path]:
    """A folder of our own, locked, for all that is temporary; those of dead runners go."""
    parent = parent or Path(tempfile.gettempdir())
    _clear(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    folder.chmod(0o711)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _clear(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid != os.geteuid():
                continue
            lock = os.open(folder / "lock", os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _end_orphans(folder)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _end_orphans(folder: Path) -> None:
    """End what a killed runner left: for a moment bubblewrap does not hear of its parent's death.

    Its command line names the folder, whose name is random.
    """
    inside = f"{folder}/".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes()
            if words.split(b"\0", 1)[0].endswith(b"bwrap") and inside in words:
                os.kill(int(process.name), signal.SIGKILL)


if __name__ == "__main__":
    raise SystemExit(main())
