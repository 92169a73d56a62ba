"""What is understood but not run yet: the only list of it.

A file that uses any of this is refused by name and line before anything of it runs. Whoever
teaches the engine one of these takes its line out here, and nothing else needs to change.
"""

from collections.abc import Mapping

WRITING = "of what a job may write, only checks, statuses and id tokens are granted"
KEYS: Mapping[str, str] = {
    "permissions": WRITING,
    "jobs.*.permissions": WRITING,
    "jobs.*.container": "jobs run in a sandbox on the runner's own system",
    "jobs.*.services": "start what a job needs in a step",
    "jobs.*.environment": "there are no deployment environments",
    "jobs.*.snapshot": "jobs leave no images behind",
    "jobs.*.cancel-timeout-minutes": "a cancelled job ends at once",
    "jobs.*.runs-on.group": "there are no groups of runners",
    "jobs.*.steps.*.background": "steps run one after another",
    "jobs.*.steps.*.wait": "steps run one after another",
    "jobs.*.steps.*.wait-all": "steps run one after another",
    "jobs.*.steps.*.cancel": "steps run one after another",
    "jobs.*.steps.*.parallel": "steps run one after another",
}
"""By place, why a key is not run."""

NAMES: Mapping[str, str] = {
    "vars": "there are no variables",
}
"""Why an expression that names one of these contexts is not run."""

SHELLS: Mapping[str, str] = {
    "powershell": "it is part of Windows",
    "cmd": "it is part of Windows",
}

CHECKOUT = "the run's own repository is fetched, and no credentials are left behind"
"""Why an input of checkout is not followed."""

ACTIONS = "no containers are run"
"""Why an image is not run as a step."""

ADDRESS = "no repository, path or ref has such a name"
"""Why an address that GitHub's grammar allows is looked for nowhere."""
