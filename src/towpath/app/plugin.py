"""The composition root's own pages."""

from collections.abc import Sequence

from fastapi import APIRouter

from towpath.app import health, home
from towpath.kernel.context import Kernel
from towpath.kernel.plugin import Plugin


def _routes(_: Kernel) -> Sequence[APIRouter]:
    return home.router(), health.router()


PLUGIN = Plugin(name="app", package="towpath.app", routes=_routes)
