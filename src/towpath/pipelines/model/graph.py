"""Order among jobs: `needs` maps each to those it waits for; unknown names wait for nothing."""

from collections.abc import Mapping, Sequence

Needs = Mapping[str, Sequence[str]]


def cycle(needs: Needs) -> tuple[str, ...] | None:
    """Find jobs that wait for each other, in the order in which they do; None when none do.

    Without recursion, since a file may chain a thousand jobs.
    """
    blocked = _blocked(needs)
    if not blocked:
        return None
    path: dict[str, None] = {}
    at = next(name for name in needs if name in blocked)
    while at not in path:
        path[at] = None
        at = next(need for need in needs[at] if need in blocked)
    names = list(path)
    return tuple(names[names.index(at) :])


def layers(needs: Needs) -> list[list[str]]:
    """Put each job one layer after the last of those it waits for, for drawing; no cycles."""
    depth: dict[str, int] = {}
    waiting = list(needs)
    while waiting:
        name = waiting[-1]
        open_needs = [need for need in needs[name] if need in needs and need not in depth]
        if open_needs:
            waiting.extend(open_needs)
            continue
        waiting.pop()
        depth[name] = 1 + max((depth[need] for need in needs[name] if need in needs), default=-1)
    found: list[list[str]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for name in needs:
        found[depth[name]].append(name)
    return found


def _blocked(needs: Needs) -> set[str]:
    """Those that can never start: what is left when all that can start has been taken away."""
    left = {name: {need for need in wanted if need in needs} for name, wanted in needs.items()}
    users: dict[str, list[str]] = {}
    for name, wanted in left.items():
        for need in wanted:
            users.setdefault(need, []).append(name)
    ready = [name for name, wanted in left.items() if not wanted]
    while ready:
        done = ready.pop()
        del left[done]
        for user in users.get(done, ()):
            left[user].discard(done)
            if not left[user]:
                ready.append(user)
    return set(left)
