"""What every box does, with walls and without."""

import sys
import threading
import time

import pytest

from towpath.pipelines.remote.place import Limits
from towpath.pipelines.remote.session import Exit

GLIBC_INTERNAL = 0b11 << 31  # signals 32 and 33: posix_spawn ignores them in the child
LEAVES_CHILDREN = """
setsid {0} &
(setsid sh -c '{0} & {0}' &)
nohup {0} > /dev/null 2>&1 &
while [ $(pgrep -cf '^{0}$') -lt 4 ]; do sleep 0.02; done
"""


def test_a_command_tells_its_exit_code(steps):
    assert [steps.sh(f"exit {code}")[0] for code in (0, 1, 77)] == [
        Exit(0, "exited"),
        Exit(1, "exited"),
        Exit(77, "exited"),
    ]


def test_a_signal_is_told_and_becomes_a_number_as_in_a_shell(steps):
    assert steps.sh("kill -SEGV $$")[0] == Exit(139, "exited", signal=11)


@pytest.mark.parametrize(
    ("argv", "code", "why"),
    [
        (["no-such-program"], 127, "no-such-program: command not found"),
        (["./missing"], 127, "No such file"),
        (["./script"], 126, "Permission denied"),
    ],
)
def test_a_command_that_cannot_start_says_why(steps, workspace, argv, code, why):
    (workspace / "script").write_text("")
    said = bytearray()
    assert steps.box.run(argv, env={}, output=said.extend) == Exit(code, "exited")
    assert why in said.decode()


def test_a_directory_that_is_not_there_is_told(steps):
    ended, said = steps.sh("true", cwd="missing")
    assert (ended.code, "missing" in said) == (127, True)


@pytest.mark.parametrize("env", [{"A=B": "1"}, {"A": "\0"}])
def test_an_environment_that_cannot_be_does_not_end_the_box(steps, env):
    assert steps.sh("true", env=env)[0] == Exit(126, "exited")
    assert steps.sh("true")[0] == Exit(0, "exited")


def test_the_environment_is_what_was_given_and_nothing_of_the_runner(steps, monkeypatch):
    monkeypatch.setenv("TOWPATH_SECRET", "hush")
    said = steps.say("env", env={"GREETING": "Grüße \udcff"})
    names = {line.partition("=")[0] for line in said.splitlines()}
    given = {"HOME", "TMPDIR", "PATH", "USER", "LOGNAME", "LANG", "GREETING"}
    assert names == given | {"PWD", "SHLVL", "_"}
    assert "Grüße" in said


def test_both_streams_arrive_as_one_in_order(steps):
    assert steps.say("echo one; echo two >&2; echo three") == "one\ntwo\nthree"


def test_output_arrives_while_the_step_runs(steps, workspace):
    def answer(_: bytes) -> None:
        (workspace / "go").touch()

    script = "echo first; while [ ! -e go ]; do sleep 0.01; done"
    assert steps.sh(script, output=answer)[0] == Exit(0, "exited")


def test_a_hundred_megabytes_arrive_whole_and_fast(steps):
    sizes = []
    started = time.monotonic()
    steps.sh("head -c 100000000 /dev/zero", output=lambda data: sizes.append(len(data)))
    assert sum(sizes) == 100_000_000
    assert time.monotonic() - started < 10


def test_a_slow_reader_slows_the_step_and_loses_nothing(steps):
    sizes, pause = [], threading.Event()

    def read_slowly(data: bytes) -> None:
        pause.wait(0.02)
        sizes.append(len(data))

    steps.sh("head -c 5000000 /dev/zero", output=read_slowly)
    assert sum(sizes) == 5_000_000


def test_steps_see_no_descriptors_but_their_own(steps):
    assert steps.say("ls /proc/self/fd") == "0\n1\n2\n3"


def test_standard_input_is_empty(steps):
    assert steps.say("cat") == ""


def test_steps_have_signals_as_any_program_expects_them(steps):
    ignored = steps.say("grep SigIgn /proc/self/status").split()[1]
    assert int(ignored, 16) & ~GLIBC_INTERNAL == 0


def test_a_working_directory_is_below_the_workspace(steps, workspace):
    (workspace / "inner").mkdir()
    (workspace / "inner").chmod(0o755)
    assert steps.say("pwd", cwd="inner") == f"{steps.box.workspace}/inner"
    assert steps.say("pwd") == steps.box.workspace


def test_a_timeout_kills_all_that_a_step_started(steps, sleepers):
    script = LEAVES_CHILDREN.format(sleepers.command) + "sleep 100"
    ended, _ = steps.sh(script, timeout=0.6)
    assert ended == Exit(143, "timeout", signal=15)
    assert sleepers.count() == 0


def test_a_cancelled_step_ends_with_all_that_it_started(steps, sleepers):
    cancelled = threading.Event()
    script = LEAVES_CHILDREN.format(sleepers.command) + "echo ready; sleep 100"
    ended, _ = steps.sh(script, cancelled=cancelled, output=lambda _: cancelled.set())
    assert ended.reason == "cancelled"
    assert sleepers.count() == 0


def test_a_step_may_clean_up_before_it_is_killed(steps):
    ended, said = steps.sh("trap 'echo bye; exit 3' TERM; sleep 100 & wait", timeout=0.2)
    assert (ended, said) == (Exit(3, "timeout"), "bye\n")


def test_a_step_that_will_not_end_is_killed_after_the_grace(steps):
    started = time.monotonic()
    ended, _ = steps.sh("trap '' TERM; while :; do sleep 0.05; done", timeout=0.2, grace=0.3)
    assert ended == Exit(137, "timeout", signal=9)
    assert 0.5 <= time.monotonic() - started < 3


def test_after_a_timeout_the_next_step_runs(steps):
    steps.sh("sleep 100", timeout=0.1)
    assert steps.say("echo still here") == "still here"


def test_a_background_process_lives_on_and_dies_with_the_box(steps, sleepers):
    steps.say(f"{sleepers.command} > /dev/null 2>&1 &")
    steps.say("true")
    assert sleepers.become(1)
    steps.box.close()
    assert sleepers.count() == 0


def test_detached_grandchildren_die_with_the_box(steps, sleepers):
    steps.say(LEAVES_CHILDREN.format(sleepers.command))
    assert sleepers.become(4)
    steps.box.close()
    assert sleepers.count() == 0


def test_a_background_process_that_holds_the_output_does_not_hold_the_step(steps, sleepers):
    started = time.monotonic()
    assert steps.say(f"{sleepers.command} & echo done") == "done"
    assert time.monotonic() - started < 2


def test_what_comes_just_after_the_end_is_not_lost(steps):
    assert steps.say("echo late > >(sleep 0.1; cat)") == "late"


def test_an_output_that_fails_stops_the_step_and_the_failure_is_told(steps, sleepers):
    def fail(_: bytes) -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        steps.sh(f"echo x; {sleepers.command}", output=fail)
    assert sleepers.count() == 0
    assert steps.say("echo next") == "next"


def test_closing_a_box_ends_its_running_step(steps, sleepers):
    def close(_: bytes) -> None:
        threading.Thread(target=steps.box.close).start()

    ended, _ = steps.sh(f"echo ready; {sleepers.command}", output=close)
    assert ended == Exit(None, "lost")
    assert sleepers.become(0)


def test_a_closed_box_runs_nothing_and_may_be_closed_again(steps, workspace):
    steps.box.close()
    steps.box.close()
    assert steps.sh("true")[0] == Exit(None, "lost")
    assert [path.name for path in workspace.parent.iterdir()] == ["work"]


@pytest.mark.parametrize("kind", ["namespaces", "bare"])
def test_limits_hold(open_steps, kind):
    limits = Limits(open_files=50, file_size=1000, memory=200 << 20, cpu=1)
    steps = open_steps(kind, limits=limits)
    assert steps.say("ulimit -n; ulimit -c") == "50\n0"
    assert steps.sh("exec head -c 5000 /dev/zero > big")[0].signal == 25  # SIGXFSZ
    assert "MemoryError" in steps.sh("python3 -c 'bytearray(300 << 20)'")[1]
    assert steps.sh("exec python3 -c 'while True: pass'")[0].signal in {9, 24}  # SIGXCPU


def test_the_jobs_processes_are_the_first_to_go_when_memory_is_short(steps):
    assert steps.say("cat /proc/self/oom_score_adj") == "1000"


def test_a_directory_that_a_step_closed_to_all_is_removed_too(steps, workspace):
    steps.say("mkdir -p $TMPDIR/a/b; touch $TMPDIR/a/b/c; chmod 000 $TMPDIR/a/b; chmod 500 $HOME")
    steps.box.close()
    assert [path.name for path in workspace.parent.iterdir()] == ["work"]


def test_the_interpreter_of_the_tests_runs_inside(steps):
    version = ".".join(map(str, sys.version_info[:2]))
    said = steps.say("python -V && ruff --version && python -m pytest --version")
    assert f"Python {version}" in said
    assert "ruff" in said
    assert "pytest" in said
