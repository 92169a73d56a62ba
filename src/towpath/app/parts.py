"""THE list of parts, from the ground up; their routes and histories come in this order."""

from importlib import import_module
from importlib.util import find_spec

from towpath.app.plugin import PLUGIN as APP
from towpath.kernel.builtin import PLUGIN as KERNEL
from towpath.kernel.plugin import Plugin


def _landed(name: str) -> list[Plugin]:
    if find_spec(f"towpath.{name}") is None or find_spec(f"towpath.{name}.plugin") is None:
        return []
    return [import_module(f"towpath.{name}.plugin").PLUGIN]


PARTS: tuple[Plugin, ...] = (
    KERNEL,
    APP,
    *_landed("forge"),
    *_landed("pipelines"),
    *_landed("gate"),
)
