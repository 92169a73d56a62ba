"""A box without walls keeps order, and claims no more."""

import os

from towpath.pipelines.remote import bare
from towpath.pipelines.remote.place import Place


def test_steps_run_as_the_runners_user_where_the_workspace_is(open_steps, workspace):
    steps = open_steps("bare", appears_at="/workspace/elsewhere")
    assert steps.say("id -u; pwd") == f"{os.getuid()}\n{workspace}"


def test_the_home_is_not_the_runners(open_steps, workspace):
    home = open_steps("bare").say("echo $HOME")
    assert home.startswith(str(workspace.parent))


def test_a_step_cannot_leave_what_it_started_to_process_one(open_steps, sleepers):
    steps = open_steps("bare")
    steps.say(f"(setsid {sleepers.command} > /dev/null 2>&1 &)")
    assert sleepers.become(1)
    steps.box.close()
    assert sleepers.count() == 0


def test_the_work_of_one_box_does_not_end_that_of_another(tmp_path, sleepers):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (bare.open_box(Place(tmp_path / name)) for name in ("one", "two"))
    two.run(["sh", "-c", f"{sleepers.command} > /dev/null 2>&1 &"], env={}, output=len)
    one.close()
    assert sleepers.become(1)
    two.close()
    assert sleepers.count() == 0
