"""Programs of ours that run beside the steps, on the files that steps own.

Each is one file of the standard library alone, handed in and run by the Python that runs us, which
every box shows; what it prints is its answer.
"""

from collections.abc import Sequence
from pathlib import Path

from towpath.kernel.errors import InvalidInput
from towpath.pipelines.model.expressions.values import ExpressionError
from towpath.pipelines.remote import launch
from towpath.pipelines.remote.session import Box

HASHING_SECONDS = 120.0
"""How long one `hashFiles` may take, as on GitHub."""
_HASHING = Path(launch.__file__).with_name("hashing.py")
_FOLLOW = "--follow-symbolic-links"
_READ_SECONDS = 30.0
_LONGEST_ANSWER = 1 << 16


def hashed(box: Box, patterns: Sequence[str]) -> str:
    """Hash the files that patterns mean; ExpressionError when that cannot be done."""
    follow = patterns[0].lower() == _FOLLOW
    if patterns[0].startswith("--") and not follow:
        raise ExpressionError("evaluation", f"hashFiles knows no option but {_FOLLOW}")
    text = "\n".join(patterns[1:] if follow else patterns)
    try:
        return answer(
            box, str(_HASHING), [text, "follow" if follow else ""], seconds=HASHING_SECONDS
        )
    except InvalidInput as error:
        raise ExpressionError("evaluation", f"hashFiles: {error.detail}") from error


def answer(
    box: Box, program: str, words: Sequence[str], *, seconds: float, python: Sequence[str] = ()
) -> str:
    """Run a program of ours in the box; InvalidInput holds what it said when it failed.

    `python` is another Python to run it, with its options.
    """
    source = Path(program)
    inside = box.put(source.name, source.read_bytes())
    said = bytearray()
    command = (*python, inside) if python else launch.python(inside)
    ended = box.run(
        [*command, *words], env={}, timeout=seconds,
        output=lambda part: said.extend(part[: _LONGEST_ANSWER - len(said)]),
    )  # fmt: skip
    told = said.decode("utf-8", "replace").strip()
    if ended.reason == "timeout":
        raise InvalidInput(f"It took longer than {seconds:g} seconds.")
    if ended.code:
        raise InvalidInput(told or f"It ended with exit code {ended.code}.")
    return told


def read(box: Box, path: str, longest: int = 1 << 20) -> bytes | None:
    """Read the beginning of a file as the job itself would; None when there is none to read."""
    said = bytearray()
    ended = box.run(
        ["head", "-c", str(longest), "--", path], env={}, output=said.extend, timeout=_READ_SECONDS
    )
    return bytes(said) if ended.code == 0 else None
