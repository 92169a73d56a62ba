"""The verbs of the gate, by what they do.

upkeep       queues to be looked at, and what is over and old
seeing       one look at git and at the rows
stepping     the one transaction that decides and writes down
performing   what is left for git to do, once
telling      comments, statuses, pages that show something new
hearing      what people say, and the answers
showing      what people see
"""

from towpath.forge.service import Repository, find_repository, repository, repository_at
from towpath.gate.model.apply import Result, Sight
from towpath.gate.model.chat import Heard
from towpath.gate.model.queue import Effect
from towpath.gate.model.views import Line, QueueView
from towpath.gate.service.hearing import hear, speak
from towpath.gate.service.performing import perform
from towpath.gate.service.seeing import observe
from towpath.gate.service.showing import explain, judged_last, moving, queues
from towpath.gate.service.stepping import step
from towpath.gate.service.telling import VOICE
from towpath.gate.service.upkeep import (
    RECONCILE,
    forget,
    nudge,
    nudge_all,
    nudge_branches,
    nudge_request,
    nudge_suite,
)
from towpath.gate.store import Place, decisions, drop_all, forget_decisions

__all__ = [
    "RECONCILE", "VOICE", "Effect", "Heard", "Line", "Place", "QueueView", "Repository", "Result",
    "Sight", "decisions", "drop_all", "explain", "find_repository", "forget", "forget_decisions",
    "hear", "judged_last", "moving", "nudge", "nudge_all", "nudge_branches", "nudge_request",
    "nudge_suite", "observe", "perform", "queues", "repository", "repository_at", "speak", "step",
]  # fmt: skip
