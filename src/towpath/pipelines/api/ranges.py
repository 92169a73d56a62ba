"""The one form of Range that is served: a single range of bytes.

https://www.rfc-editor.org/rfc/rfc9110#name-range-requests lets a server know no more than that.
"""

from towpath.kernel.errors import InvalidInput


class Unsatisfiable(InvalidInput):
    status = 416
    title = "There is no such range"


def read(header: str, size: int) -> tuple[int, int]:
    """Read `bytes=A-B`, `bytes=A-` or `bytes=-N` into start and stop; one range only."""
    unit, _, wanted = header.partition("=")
    first, dash, last = wanted.strip().partition("-")
    digits = first + last
    sound = unit.strip() == "bytes" and dash and digits.isascii() and digits.isdigit()
    start, stop = 0, 0
    if sound and first:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
    elif sound:
        start, stop = max(0, size - int(last)), size
    if start >= stop:
        raise Unsatisfiable(
            f"The range {header!a} is not in what has {size} bytes.",
            next_step="Ask for bytes=A-B with 0 <= A <= B.",
        )
    return start, stop
