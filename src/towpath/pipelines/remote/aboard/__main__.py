"""Which of the built-in actions is wanted: `python archive PROGRAM`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from towpath.pipelines.remote.aboard import artifacts, caching
from towpath.pipelines.remote.aboard.speaking import Failed, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROGRAMS: Mapping[str, Callable[[], None]] = {
    "upload": artifacts.upload,
    "download": artifacts.download,
    "cache": caching.restore,
    "restore": lambda: caching.restore(begins=False),
    "save": caching.save,
    "cache-end": caching.save_at_end,
}


def main(words: list[str]) -> int:
    """Do what the one word says; 1 when that fails, for a reason that is told."""
    try:
        PROGRAMS[words[0]]()
    except Failed as error:
        escaped = str(error).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        say(f"::error::{escaped}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
