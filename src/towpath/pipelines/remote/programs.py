"""The programs of the built-in actions on their way into a box: one archive, put there once.

They are our own modules, packed as they are; whoever changes the archive in the box changes what
runs with the powers of their own job, and no more.
"""

import functools
import io
import zipfile
from pathlib import Path

from towpath.pipelines.remote import aboard, launch, shells
from towpath.pipelines.remote.session import Box

_NAME = "towpath-aboard.zip"
_PACKAGE = "towpath/pipelines/remote/aboard"
_START = """import sys

from towpath.pipelines.remote.aboard.__main__ import main

raise SystemExit(main(sys.argv[1:]))
"""


@functools.cache
def archive() -> bytes:
    """Pack the programs so that Python runs them as they lie there."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        above = Path(_PACKAGE).parents
        for folder in [part for part in above if part != Path()]:
            made.writestr(f"{folder}/__init__.py", "")
        for file in sorted(Path(aboard.__file__).parent.glob("*.py")):
            made.writestr(f"{_PACKAGE}/{file.name}", file.read_bytes())
        made.writestr("__main__.py", _START)
    return packed.getvalue()


def command(box: Box, folder: str, program: str) -> list[str]:
    """Build the command of an action's program, for Node; what has no folder is one of ours."""
    if folder:
        return [shells.program("node", box.environment["PATH"]), f"{folder}/{program}"]
    return [*launch.python(box.put(_NAME, archive())), program]
