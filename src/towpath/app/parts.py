"""THE list of parts, from the ground up.

Their tables are made, their worlds healed and their routes tried in this order; the app's fixed
addresses stand before the forge's, which take any owner and name.
"""

from towpath.app.plugin import PLUGIN as APP
from towpath.forge.plugin import PLUGIN as FORGE
from towpath.gate.plugin import PLUGIN as GATE
from towpath.kernel.builtin import PLUGIN as KERNEL
from towpath.kernel.plugin import Plugin
from towpath.pipelines.plugin import PLUGIN as PIPELINES

PARTS: tuple[Plugin, ...] = (KERNEL, APP, FORGE, PIPELINES, GATE)
