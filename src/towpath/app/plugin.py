"""The composition root's own pages."""

from collections.abc import Sequence

from fastapi import APIRouter

from towpath.app import health, home
from towpath.app.backup import remembering
from towpath.kernel.context import Kernel
from towpath.kernel.plugin import Plugin


def _routes(_: Kernel) -> Sequence[APIRouter]:
    return home.router(), health.router()


PLUGIN = Plugin(
    name="app",
    package="towpath.app",
    routes=_routes,
    checks=lambda kernel, _: (remembering.check(kernel.data, kernel.clock.now()),),
    measures=lambda kernel, _: remembering.measures(kernel.data, kernel.clock.now()),
)
