"""A box without walls: same manners, no isolation. For trusted code only.

Steps run as the runner's own user and see all it sees. What is kept: a clean environment, limits,
and the death of everything a step started, for inside.py adopts what detaches itself
(PR_SET_CHILD_SUBREAPER, https://man7.org/linux/man-pages/man2/prctl.2.html). What a step kills or
reads is not prevented: a step that ends inside.py by force leaves its children behind.
"""

from pathlib import Path

from towpath.pipelines.remote import inside, launch
from towpath.pipelines.remote.directories import make_layout, make_private
from towpath.pipelines.remote.place import Place, check
from towpath.pipelines.remote.session import Box


def open_box(place: Place) -> Box:
    """Open a box that only keeps order; Unavailable if its program does not answer.

    The workspace appears where it is: without walls nothing can appear elsewhere, so `appears_at`,
    `network` and `hidden` have no effect beyond the refusal of a place that makes no sense.
    """
    check(place)
    private = make_private(place.scratch)
    layout = make_layout(private, str(place.workspace.resolve()), place.tool_paths)
    return launch.start(layout, place.limits, _command)


def _command(descriptor: int) -> list[str]:
    program = Path(inside.__file__).resolve()
    return [*launch.python(str(program)), str(descriptor)]
