"""The verifier believes an honest record and catches each lie planted into one."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e import verify

WORKFLOW = ".towpath/workflows/demo.yml"
ENV = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **verify.WHO,
}


class Forge:
    """An honest gate in thirty lines of git: enough to write a true record without a server."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bare = folder, folder / "project.git"
        self.lines = []
        self.git("init", "-q", "--bare", "-b", "main", str(self.bare), bare=False)
        files = {WORKFLOW: "steps:\n  - run: sh check.sh\n", "check.sh": CHECK, "a": "1\n"}
        self.main = self.base = self.commit(files, ())
        self.note("start", bare="project.git", branch="main", base=self.base, workflow=WORKFLOW)

    def git(self, *args, bare=True, **options):
        at = ["--git-dir", str(self.bare)] if bare else []
        done = subprocess.run(
            ["git", *at, *args], env=ENV, check=True, capture_output=True, text=True, **options
        )
        return done.stdout.strip()

    def note(self, kind, **values):
        self.lines.append({"what": kind, **values})

    def commit(self, files, parents, tree=None):
        tree = self.tree(files, parents) if tree is None else tree
        flags = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", *flags, "-m", "change", tree)

    def tree(self, files, parents):
        index = {**ENV, "GIT_INDEX_FILE": str(self.folder / "index")}
        run = ["git", "--git-dir", str(self.bare)]
        subprocess.run([*run, "read-tree", *(parents[:1] or ["--empty"])], env=index, check=True)
        for path, text in files.items():
            blob = self.git("hash-object", "-w", "--stdin", input=text)
            entry = f"100644,{blob},{path}"
            subprocess.run(
                [*run, "update-index", "--add", "--cacheinfo", entry], env=index, check=True
            )
        done = subprocess.run([*run, "write-tree"], env=index, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def request(self, number, files, **more):
        head = self.commit(files, (self.base,))
        self.note("request", number=number, head=head, **more)
        return head

    def land(self, number, head):
        tree = self.git("merge-tree", "--write-tree", self.main, head)
        before, self.main = self.main, self.commit({}, (self.main, head), tree)
        self.note("outcome", number=number, outcome="landed", base=before, commit=self.main)

    def refuse(self, number, why):
        self.note("outcome", number=number, outcome="refused", why=why, base=self.main)

    def close(self):
        self.git("update-ref", "refs/heads/main", self.main)
        self.note("end", main=self.main)
        self.write()
        return self

    def write(self):
        text = "".join(json.dumps(line) + "\n" for line in self.lines)
        (self.folder / "record.jsonl").write_text(text)

    def outcome(self, number):
        return next(x for x in self.lines if x["what"] == "outcome" and x["number"] == number)

    def replace_main(self, commit):
        """Move main and say so in the record's last line, as a careful liar would."""
        self.git("update-ref", "refs/heads/main", commit)
        self.lines[-1]["main"] = commit


# Red when a file is named bad, or when both halves of a pair are there.
CHECK = "test ! -e bad && ! { test -e left && test -e right; }\n"


@pytest.fixture(scope="module")
def honest_record(tmp_path_factory):
    forge = Forge(tmp_path_factory.mktemp("honest"))
    heads = {
        1: forge.request(1, {"a": "2\n"}),
        2: forge.request(2, {"a": "3\n"}),
        3: forge.request(3, {"bad": "x\n"}),
        4: forge.request(4, {"good": "x\n"}),
        5: forge.request(5, {"left": "x\n"}),
        6: forge.request(6, {"right": "x\n"}, together=5),
    }
    forge.land(1, heads[1])
    forge.refuse(2, "conflict")
    forge.refuse(3, "red")
    forge.land(4, heads[4])
    forge.land(5, heads[5])
    forge.refuse(6, "red")
    return forge.close()


@pytest.fixture
def record(honest_record, tmp_path):
    forge = object.__new__(Forge)
    folder = tmp_path / "record"
    shutil.copytree(honest_record.folder, folder)
    forge.__dict__.update(honest_record.__dict__)
    forge.folder, forge.bare = folder, folder / "project.git"
    forge.lines = [dict(line) for line in honest_record.lines]
    return forge


def lies(record):
    record.write()
    return verify.verify(record.folder, say=lambda line: None)


def head(record, number):
    return next(x for x in record.lines if x["what"] == "request" and x["number"] == number)[
        "head"
    ]


def test_an_honest_record_holds(record, capsys):
    assert lies(record) == []
    assert verify.main([str(record.folder)]) == 0
    assert "every outcome holds" in capsys.readouterr().out


def test_checking_changes_nothing_in_the_record(record):
    before = sorted(path for path in record.folder.rglob("*"))
    lies(record)
    assert sorted(path for path in record.folder.rglob("*")) == before


def test_a_lie_makes_the_exit_status_one(record, capsys):
    record.outcome(2)["why"] = "red"
    record.write()
    assert verify.main([str(record.folder)]) == 1
    assert "request 2: refused as red, but it conflicts" in capsys.readouterr().out


def test_no_record_makes_the_exit_status_two(tmp_path, capsys):
    assert verify.main([str(tmp_path)]) == 2
    assert "is not a record" in capsys.readouterr().out


def test_a_python_without_what_the_builds_use_is_not_taken(honest_record, tmp_path, monkeypatch):
    start = {"base": honest_record.base, "workflow": "check.sh"}
    repository = verify.Repository(honest_record.bare, tmp_path)
    monkeypatch.setattr(verify, "MODULE", re.compile(r"test ! -e (?P<name>bad)"))
    with pytest.raises(verify.UnreadableError, match="has bad"):
        verify.find_python(repository, start)


def test_an_untested_commit_on_main_is_caught(record):
    record.replace_main(record.commit({"sneaked": "x\n"}, (record.main,)))
    assert any("which no request landed as" in lie for lie in lies(record))


def test_a_commit_on_main_that_the_record_hides_is_caught(record):
    record.git("update-ref", "refs/heads/main", record.commit({"x": "x\n"}, (record.main,)))
    assert any(lie.startswith("main is ") for lie in lies(record))


def test_a_doubled_landing_is_caught(record):
    tree = record.git("rev-parse", f"{record.main}^{{tree}}")
    again = record.commit({}, (record.main, head(record, 4)), tree)
    twice = {**record.outcome(4), "base": record.main, "commit": again}
    record.lines.insert(-1, twice)
    record.replace_main(again)
    found = lies(record)
    assert "request 4 landed 2 times" in found
    assert "request 4 has 2 outcomes" in found


def test_a_green_one_called_red_is_caught(record):
    record.main = record.git("rev-parse", f"{record.main}^1")
    record.replace_main(record.main)
    told = record.outcome(5)
    del told["commit"]
    told.update(outcome="refused", why="red")
    assert any(
        lie.startswith("request 5: refused as red, but its build on") for lie in lies(record)
    )


def test_a_red_one_that_landed_is_caught(record):
    base = record.main
    record.land(3, head(record, 3))
    landed = record.lines.pop()
    record.lines.remove(record.outcome(3))
    record.lines.insert(-1, {**landed, "base": base})
    record.replace_main(record.main)
    assert any("request 3: landed as" in lie and "red" in lie for lie in lies(record))


def test_a_clean_merge_called_a_conflict_is_caught(record):
    record.outcome(3)["why"] = "conflict"
    assert any(lie.startswith("request 3: told to conflict, but") for lie in lies(record))


def test_a_merge_with_something_more_in_it_is_caught(record):
    first, second = record.git("show", "-s", "--format=%P", record.main).split()
    evil = record.commit({"more": "x\n", "left": "x\n"}, (first, second), None)
    record.outcome(5)["commit"] = evil
    record.replace_main(evil)
    assert any("is more than the merge of its parents" in lie for lie in lies(record))


def test_another_order_than_that_of_main_is_caught(record):
    one, two = (record.lines.index(record.outcome(number)) for number in (1, 4))
    record.lines[one], record.lines[two] = record.lines[two], record.lines[one]
    assert any("the order of main" in lie for lie in lies(record))


def test_a_request_without_an_outcome_is_caught(record):
    record.lines.remove(record.outcome(3))
    assert "request 3 has no outcome" in lies(record)


def test_a_pair_that_is_red_alone_is_caught(record):
    record.lines[3]["together"] = 1
    assert any("told to pass alone" in lie for lie in lies(record))


def test_a_landing_that_is_not_on_main_is_caught(record):
    record.replace_main(record.git("rev-parse", f"{record.main}^1"))
    assert any("told to have landed but is not on main" in lie for lie in lies(record))


def test_a_base_that_never_was_main_is_caught(record):
    record.outcome(3)["base"] = head(record, 4)
    assert any("was never main" in lie for lie in lies(record))


def test_a_refused_one_that_main_contains_is_caught(record):
    record.lines[3]["head"] = head(record, 1)
    assert any("refused, but main contains it" in lie for lie in lies(record))
