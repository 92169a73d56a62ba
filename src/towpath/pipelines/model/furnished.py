"""The built-in actions for artifacts and caches: what they want, and which program does it.

Inputs and their defaults are those of GitHub's actions of the same names.
"""

from collections.abc import Mapping

from towpath.pipelines.model.action import Action

_CACHE = {
    "path": "", "key": "", "restore-keys": "", "upload-chunk-size": "",
    "enableCrossOsArchive": "false", "fail-on-cache-miss": "false", "lookup-only": "false",
}  # fmt: skip
_FETCHED = ("name", "artifact-ids", "path", "pattern", "github-token", "repository", "run-id")
ACTIONS: Mapping[str, Action] = {
    "actions/upload-artifact": Action(
        name="Upload", required=("path",), main="upload",
        inputs={
            "name": "artifact", "path": "", "if-no-files-found": "warn", "retention-days": "",
            "compression-level": "6", "overwrite": "false", "include-hidden-files": "false",
            "archive": "true",
        },
    ),
    "actions/download-artifact": Action(
        name="Download", main="download",
        inputs={
            **dict.fromkeys(_FETCHED, ""), "merge-multiple": "false", "digest-mismatch": "error",
            "skip-decompress": "false",
        },
    ),
    "actions/cache": Action(
        name="Cache", required=("path", "key"), main="cache", post="cache-end",
        post_condition="success()", inputs={**_CACHE, "save-always": "false"},
    ),
    "actions/cache/restore": Action(
        name="Restore", required=("path", "key"), main="restore", inputs=_CACHE
    ),
    "actions/cache/save": Action(
        name="Save", required=("path", "key"), main="save",
        inputs={name: _CACHE[name] for name in ("path", "key", "upload-chunk-size",
                                                "enableCrossOsArchive")},
    ),
}  # fmt: skip
"""By the name in `uses`, whatever is written behind its @."""


def action(uses: str) -> Action | None:
    """Find the built-in action that a step means."""
    name, at, _ = uses.partition("@")
    return ACTIONS.get(name.lower()) if at else None
