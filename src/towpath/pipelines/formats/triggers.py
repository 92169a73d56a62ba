"""The `on` key: which events start a workflow."""

from towpath.pipelines.formats import inputs
from towpath.pipelines.formats.events import EVENTS, Event
from towpath.pipelines.formats.reading import Entry, Reader
from towpath.pipelines.formats.tree import Branch, Leaf, Node
from towpath.pipelines.model import globs
from towpath.pipelines.model.workflow import Filter, Schedule, Trigger

_CRON_FIELDS = 5


def read(reader: Reader, node: Node) -> tuple[Trigger, ...]:
    """Read `on`, written as one name, a list of names or a mapping."""
    if isinstance(node, Branch) and node.mapping:
        entries = reader.known(node, "on", EVENTS)
        found = [_trigger(reader, name, entry) for name, entry in entries.items()]
    else:
        leaves = [node] if isinstance(node, Leaf) else reader.items(node, "on")
        found = [_named(reader, leaf) for leaf in leaves]
    if not found and not reader.problems:
        reader.problem(node, "on", "`on` needs at least one event.", EVENTS)
    return tuple(found)


def _named(reader: Reader, node: Node) -> Trigger:
    name = reader.choice(node, "on", EVENTS)
    if name == "schedule":
        reader.problem(node, "schedule", "The event `schedule` needs times.", ("- cron: …",))
    return Trigger(name)


def _trigger(reader: Reader, name: str, entry: Entry) -> Trigger:
    what, event = f"on.{name}", EVENTS[name]
    if name == "schedule":
        return Trigger(name, schedules=_schedules(reader, entry.node))
    if isinstance(entry.node, Leaf) and entry.node.value is None:
        return Trigger(name)
    if event.bare:
        reader.problem(entry.node, name, f"Nothing may stand below `{what}`.")
        return Trigger(name)
    entries = reader.known(entry.node, what, _keys(event))
    return Trigger(
        name,
        branches=_chosen(reader, entries, "branches"),
        paths=_chosen(reader, entries, "paths"),
        tags=_chosen(reader, entries, "tags"),
        types=_types(reader, entries.get("types"), event),
        workflows=_listed(reader, entries.get("workflows")),
        inputs=inputs.read(reader, entries.get("inputs"), what),
        secrets=inputs.secrets(reader, entries.get("secrets")),
        outputs=inputs.outputs(reader, entries.get("outputs")),
    )


def _keys(event: Event) -> tuple[str, ...]:
    return ("types", *event.keys) if event.types or event.free else event.keys


def _types(reader: Reader, entry: Entry | None, event: Event) -> tuple[str, ...]:
    if entry is None:
        return ()
    found = reader.texts(entry.node, "types")
    for name in found:
        if name not in event.types and not event.free:
            message = f"`{name}` is not an activity of this event."
            reader.problem(entry.node, "types", message, event.types)
    return found


def _listed(reader: Reader, entry: Entry | None) -> tuple[str, ...]:
    return reader.texts(entry.node, entry.key.text) if entry else ()


def _schedules(reader: Reader, node: Node) -> tuple[Schedule, ...]:
    return tuple(_schedule(reader, item) for item in reader.items(node, "on.schedule"))


def _schedule(reader: Reader, node: Node) -> Schedule:
    entries = reader.known(node, "on.schedule", ("cron", "timezone"))
    reader.needed(entries, node, "A schedule", "cron")
    cron, zone = entries.get("cron"), entries.get("timezone")
    read = Schedule(
        reader.filled(cron.node, "cron") if cron else "* * * * *",
        reader.filled(zone.node, "timezone") if zone else "UTC",
    )
    if cron and not _is_cron(read.cron):
        message = f"`{read.cron}` is not a time: write minute, hour, day, month and weekday."
        reader.problem(cron.node, "cron", message)
    if zone and not _is_zone(read.timezone):
        reader.problem(zone.node, "timezone", f"The time zone `{read.timezone}` is not known.")
    return read


def _is_cron(text: str) -> bool:
    """Try it out; few files have one, and what tries it takes long to be imported."""
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        CronSim(text, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return len(text.split()) == _CRON_FIELDS


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True


def _chosen(reader: Reader, entries: dict[str, Entry], name: str) -> Filter | None:
    wanted, ignored = entries.get(name), entries.get(f"{name}-ignore")
    if wanted and ignored:
        message = f"Use `{name}` or `{name}-ignore`, not both; `!` excludes within `{name}`."
        reader.problem(ignored.key, f"{name}-ignore", message)
    entry = wanted or ignored
    return _filter(reader, entry, name, ignore=wanted is None) if entry else None


def _filter(reader: Reader, entry: Entry, name: str, *, ignore: bool) -> Filter:
    patterns = reader.texts(entry.node, entry.key.text)
    if not patterns:
        reader.problem(entry.node, name, f"`{entry.key.text}` needs at least one pattern.")
    sound = [pattern for pattern in patterns if not _complain(reader, entry, pattern)]
    if sound and not ignore and all(pattern.startswith("!") for pattern in sound):
        message = f"`{name}` holds only exclusions: nothing would match. Use `{name}-ignore`."
        reader.problem(entry.node, name, message)
    return Filter(tuple(sound), ignore=ignore)


def _complain(reader: Reader, entry: Entry, pattern: str) -> bool:
    if why := globs.problem(pattern):
        reader.problem(
            entry.node, entry.key.text, f"The pattern `{pattern}` cannot be used: {why}."
        )
    return why is not None
