"""A whole world in memory: git, a forge, pipelines, people, and workers that may die.

`Simulation.work()` is the loop of the gate cut into its smallest steps: it yields wherever a
process may crash, and whatever the world does in between happens between two steps. Everything
kept on `self` is on disk; a crash throws away the generator and nothing else. At each effect the
simulation judges by brute force whether it was right, knowing which contents are green.
"""

import hashlib
from dataclasses import dataclass, field, replace
from itertools import combinations

from towpath.gate.model.apply import (
    Conflicted,
    Merged,
    Result,
    advance,
    apply,
    put,
    record,
    started,
)
from towpath.gate.model.queue import (
    CancelSuite,
    DropRef,
    Land,
    Landed,
    Leave,
    MakeCandidate,
    Probe,
    Queue,
    Refuse,
    Request,
    Say,
    StartSuite,
    Suite,
    World,
)
from towpath.kernel.clock import Micros


@dataclass(frozen=True)
class Commit:
    """`content` holds names such as "3.1": request 3, version 1."""

    parents: tuple[str, ...]
    content: frozenset[str]


@dataclass
class Truth:
    """What only the oracle knows: which contents are bad, which cannot be merged."""

    bad: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    bad_pairs: set[frozenset[str]] = field(default_factory=set)
    clashes: set[frozenset[str]] = field(default_factory=set)

    def verdict(self, content: frozenset[str]) -> str:
        now = newest(content)
        if now & self.absent:
            return "absent"
        pairs = {frozenset(pair) for pair in combinations(now, 2)}
        return "failure" if now & self.bad or pairs & self.bad_pairs else "success"

    def clash(self, ours: frozenset[str], theirs: frozenset[str]) -> bool:
        only_ours, only_theirs = ours - theirs, theirs - ours
        return any(frozenset((a, b)) in self.clashes for a in only_ours for b in only_theirs)


def newest(content: frozenset[str]) -> frozenset[str]:
    """Later versions of a request replace earlier ones."""
    last: dict[str, int] = {}
    for name in content:
        number, version = name.split(".")
        last[number] = max(last.get(number, 0), int(version))
    return frozenset(f"{number}.{version}" for number, version in last.items())


class Simulation:
    def __init__(self, window=3):
        self.truth = Truth()
        self.commits = {"root": Commit((), frozenset())}
        self.tip = "root"
        self.tips = ["root"]
        self.refs: dict[int, str] = {}
        self.requests: dict[int, Request] = {}
        self.queue = Queue(branch="main", window=window)
        self.suites: dict[str, tuple[str, Suite]] = {}
        self.green: set[str] = set()
        self.landed_by_us: list[tuple[int, str]] = []
        self.outside: set[str] = set()
        self.clock = 0
        self.announced: list[tuple[str, int]] = []

    # people and pipelines

    def now(self) -> Micros:
        self.clock += 1
        return Micros(self.clock)

    def open(self, base: str) -> int:
        number = len(self.requests) + 1
        head = self.commit((base,), self.commits[base].content | {f"{number}.1"})
        self.requests[number] = Request(number=number, author="alice", head=head, target="main")
        return number

    def push_head(self, number: int) -> None:
        head = self.requests[number].head
        content = self.commits[head].content
        version = 1 + max(int(n.split(".")[1]) for n in content if n.startswith(f"{number}."))
        head = self.commit((head,), content | {f"{number}.{version}"})
        self.change(number, head=head, approvals=(), approved=None)

    def approve(self, number: int) -> None:
        self.change(number, approvals=("bob",), objections=(), approved=self.now())

    def change(self, number: int, **what) -> None:
        self.requests[number] = replace(self.requests[number], **what)

    def push_outside(self) -> None:
        name = f"{1000 + len(self.outside)}.1"
        self.tip = self.commit((self.tip,), self.commits[self.tip].content | {name})
        self.outside.add(self.tip)
        self.tips.append(self.tip)

    def running(self) -> list[str]:
        return [key for key, (_, suite) in self.suites.items() if suite.conclusion is None]

    def judge(self, key: str) -> None:
        sha, _ = self.suites[key]
        verdict = self.truth.verdict(self.commits[sha].content)
        if verdict == "success":
            self.green.add(sha)
        self.suites[key] = (sha, Suite(conclusion=verdict, summary="tests"))

    def stop(self, key: str) -> None:
        self.suites[key] = (self.suites[key][0], Suite(conclusion="cancelled"))

    # git

    def commit(self, parents, content) -> str:
        words = "|".join((*parents, *sorted(content)))
        sha = hashlib.sha1(words.encode()).hexdigest()
        self.commits[sha] = Commit(parents, frozenset(content))
        return sha

    def merge(self, onto: str, head: str) -> str | None:
        ours, theirs = self.commits[onto].content, self.commits[head].content
        if self.truth.clash(ours, theirs):
            return None
        return self.commit((onto, head), ours | theirs)

    def contains(self, tip: str, sha: str) -> bool:
        seen, todo = set(), [tip]
        while todo:
            at = todo.pop()
            if at == sha:
                return True
            if at not in seen:
                seen.add(at)
                todo.extend(self.commits[at].parents)
        return False

    # the gate's loop, in its smallest steps

    def work(self):
        while True:
            tip, refs = self.tip, dict(self.refs)
            candidates = [c.candidate.sha for c in self.queue.changes if c.candidate]
            landed = frozenset(sha for sha in candidates if self.contains(tip, sha))
            yield
            effects = self.transaction(tip, refs, landed)
            yield
            if not effects:
                return
            for effect in effects:
                yield from self.perform(effect)

    def transaction(self, tip, refs, landed):
        self.sync_forge()
        suites = {key: suite for key, (_, suite) in self.suites.items()}
        world = World(tip=tip, requests=self.requests, suites=suites, refs=refs, landed=landed)
        result = advance(self.queue, world, self.now())
        self.queue = result.queue
        for action in result.moves:
            self.check_move(action)
        effects = []
        for action in result.due:
            match action:
                case StartSuite():
                    key = f"suite-{action.number}-{action.attempt}"
                    assert key not in self.suites, "two suites under one key"
                    self.suites[key] = (action.sha, Suite(conclusion=None))
                    self.queue = started(self.queue, action, key, self.now())
                case Say():
                    self.queue = apply(self.queue, action, self.now())
                case Land():
                    self.check_intent(action)
                    self.queue = apply(self.queue, action, self.now())
                    effects.append(action)
                case _:
                    effects.append(action)
        return effects

    def perform(self, effect):
        match effect:
            case Land():
                self.land(effect)
                yield
            case DropRef():
                if self.refs.get(effect.number) == effect.sha:
                    del self.refs[effect.number]
                yield
            case Probe():
                sha = self.merge(effect.onto, effect.head)
                yield
                result = Merged(sha=sha) if sha else Conflicted(files=("f",))
                self.queue = record(self.queue, Result(effect, result))
                yield
            case MakeCandidate():
                yield from self.make(effect)

    def make(self, effect):
        sha = self.merge(effect.onto, effect.head)
        yield
        if sha:
            self.refs[effect.number] = sha
            yield
            result = Merged(sha=sha)
        else:
            by = next(n for n, link in effect.ahead if self.merge(link, effect.head) is None)
            result = Conflicted(files=("f",), by=by)
        self.queue = record(self.queue, Result(effect, result))
        yield

    def land(self, action: Land) -> None:
        """Like git with a lease: nothing happens unless main stands where it is said to."""
        if self.tip != action.base:
            return
        commit = self.commits[action.sha]
        assert action.sha in self.green, "an untested commit would land"
        assert commit.parents[0] == action.base
        assert self.truth.verdict(commit.content) == "success"
        self.tip = action.sha
        self.tips.append(action.sha)
        self.landed_by_us.append((action.number, action.sha))

    def sync_forge(self) -> None:
        """The forge sees a request as merged once the target contains its head."""
        for number, request in self.requests.items():
            if request.state == "open" and self.contains(self.tip, request.head):
                self.change(number, state="merged")

    # the oracle's opinion of each decision

    def check_intent(self, action: Land) -> None:
        change, request = self.queue.change(action.number), self.requests[action.number]
        assert request.approvals
        assert not request.objections
        assert change.hold is None
        assert change.head == request.head == self.commits[action.sha].parents[1]
        assert request.state == "open"

    def check_move(self, action) -> None:
        match action:
            case Refuse():
                self.check_refusal(action)
            case Landed():
                assert self.contains(self.tip, action.sha)
                self.announced.append(("landed", action.number))
            case Leave():
                self.announced.append(("left", action.number))
            case CancelSuite():
                self.stop(action.suite)

    def check_refusal(self, action: Refuse) -> None:
        """Whatever is refused would have made main bad at a commit that was main."""
        refused, head = action.refused, self.queue.change(action.number).head
        assert refused.onto in self.tips
        merged = self.merge(refused.onto, head)
        self.announced.append((refused.why, action.number))
        if refused.why == "conflict":
            assert merged is None
        elif refused.why != "cancelled":
            assert merged is not None
            wanted = "failure" if refused.why == "red" else refused.why
            assert self.truth.verdict(self.commits[merged].content) == wanted

    # to the end

    def run_out(self, limit=400) -> None:
        """Let everything that is under way end, with nobody disturbing."""
        for _ in range(limit):
            for _ in self.work():
                pass
            running = self.running()
            if not running:
                return
            for key in running:
                self.judge(key)
        raise AssertionError("the queue does not come to rest")

    def set_hold(self, number: int, who: str | None) -> None:
        change = self.queue.change(number)
        if change:
            self.queue = put(self.queue, replace(change, hold=who))
