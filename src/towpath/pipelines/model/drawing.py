"""Where the boxes and lines of a job graph lie, in the user units of an SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from towpath.pipelines.model.graph import layers

WIDTH, HEIGHT = 200, 44
_ACROSS, _DOWN, _EDGE = 56, 16, 2


@dataclass(frozen=True)
class Box:
    """A job; `x`, `y` is its upper left corner."""

    job: str
    x: int
    y: int


@dataclass(frozen=True)
class Drawing:
    """`lines` are path data, one for each need, from the job needed to the one that needs it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def draw(needs: Mapping[str, Sequence[str]]) -> Drawing:
    """Lay jobs out in columns, each to the right of all it needs; `needs` has no cycles."""
    columns = [column for column in layers(needs) if column]
    boxes = {
        job: Box(job, _EDGE + across * (WIDTH + _ACROSS), _EDGE + down * (HEIGHT + _DOWN))
        for across, column in enumerate(columns)
        for down, job in enumerate(column)
    }
    return Drawing(
        width=max((box.x for box in boxes.values()), default=0) + WIDTH + _EDGE,
        height=max((box.y for box in boxes.values()), default=0) + HEIGHT + _EDGE,
        boxes=tuple(boxes.values()),
        lines=tuple(
            _line(boxes[need], boxes[job])
            for job, wanted in needs.items()
            for need in wanted
            if need in boxes
        ),
    )


def _line(start: Box, end: Box) -> str:
    x1, y1 = start.x + WIDTH, start.y + HEIGHT // 2
    x2, y2 = end.x, end.y + HEIGHT // 2
    middle = x2 - _ACROSS // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
