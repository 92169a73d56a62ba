"""Who of a run's jobs knows whom."""

from towpath.pipelines.model import workflow
from towpath.pipelines.model.levels import World, known_secrets, leaves, levels, waits, worst
from towpath.pipelines.model.run import Job


def job(key, needs=(), caller="", **rest):
    rest = {"state": "finished", "conclusion": "success", **rest}
    spec = workflow.Job(id=key, line=1, needs=tuple(needs), call=rest.pop("call", None))
    return Job(
        id=f"{caller}{key}", run="r", position=0, name=key, spec=spec, caller=caller, **rest
    )


CALL = workflow.Call(workflow="b", inputs={"n": 1}, secrets={"inner": "${{ secrets.outer }}"})
DEEPER = workflow.Call(workflow="b", secrets={"last": "${{ secrets.inner }}"})
JOBS = [
    job("first"),
    job("x", ["first"], call=CALL),
    job("after", ["x"]),
    job("a", caller="x"),
    job("y", ["a"], caller="x", call=DEEPER),
    job("z", caller="xy"),
]
WORLD = World(
    {"ref": "main"}, {"own": 2}, {"b": workflow.Workflow(path="b", name="b", env={"E": "b"})}
)


def test_each_file_has_its_own_jobs_inputs_and_environment():
    found = levels(JOBS, WORLD)
    assert [sorted(found[each].jobs) for each in ("", "x", "xy")] == [
        ["after", "first", "x"], ["a", "y"], ["z"]
    ]  # fmt: skip
    assert [found[each].known["inputs"] for each in ("", "x", "xy")] == [{"own": 2}, {"n": 1}, {}]
    assert [found[each].env(WORLD, {"E": "a"})["E"] for each in ("", "x")] == ["a", "b"]
    assert [found[each].prefix for each in ("", "xy")] == ["", "y / "]


def test_jobs_of_called_workflows_stand_where_their_caller_would():
    assert [each.id for each in leaves(JOBS)] == ["first", "xa", "xyz", "after"]
    assert waits(JOBS) == {"first": [], "xa": ["first"], "xyz": ["xa"], "after": ["xa", "xyz"]}


def test_secrets_come_down_from_call_to_call_and_no_others():
    found = levels(JOBS, WORLD)
    known = {"OUTER": "o", "ELSE": "e"}
    assert known_secrets("first", found, known, "") == known
    assert known_secrets("xa", found, known, "") == {"inner": "o"}
    assert known_secrets("xyz", found, known, "") == {"last": "o"}


def test_a_failure_counts_more_than_any_other_end():
    ends = ["skipped", "success", "cancelled", "failure"]
    jobs = [job("a", state="finished", conclusion=each) for each in ends]
    assert [worst(jobs[:n]) for n in (1, 2, 3, 4)] == ends
