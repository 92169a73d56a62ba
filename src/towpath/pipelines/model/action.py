"""An action as its action.yml says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from towpath.pipelines.model.workflow import Step

DEEPEST = 10
"""How many actions may use each other, one within the other, as on GitHub."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """Either `steps`, or `main`: a program for Node, with `pre` and `post` around the job.

    `inputs` are their defaults, which may hold ${{ }} as `outputs` do; those of `required` are
    told of when they are missing.
    """

    name: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    main: str = ""
    pre: str = ""
    pre_condition: str = "always()"
    post: str = ""
    post_condition: str = "always()"


def filled(action: Action, given: Mapping[str, str]) -> dict[str, str]:
    """Give every input its value, or its default; names do not differ by case."""
    by_name = {name.lower(): value for name, value in given.items()}
    return {name: by_name.get(name.lower(), default) for name, default in action.inputs.items()}


def unknown(action: Action, given: Mapping[str, str]) -> list[str]:
    known = {name.lower() for name in action.inputs}
    return sorted(name for name in given if name.lower() not in known)


def missing(action: Action, given: Mapping[str, str]) -> list[str]:
    present = {name.lower() for name in given}
    lacking = (name for name in action.required if name.lower() not in present)
    return [name for name in lacking if not action.inputs[name]]


def variables(inputs: Mapping[str, str]) -> dict[str, str]:
    """INPUT_* as a program of an action reads them."""
    return {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()}
