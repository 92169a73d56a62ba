"""What an expression can be, and GitHub's rules for turning one kind into another.

https://docs.github.com/actions/reference/workflows-and-actions/expressions#literals
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal

Value = Any  # None | bool | float | str | Sequence[Value] | Mapping[str, Value]
Kind = Literal["null", "boolean", "number", "string", "array", "object"]

_KINDS: Mapping[type, Kind] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
}
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGERS = (
    (re.compile(r"0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"0[oO][0-7]+"), 8),
    (re.compile(r"0[bB][01]+"), 2),
)
_DOTLESS_I = "\u0131"
_INFINITY = re.compile(r"([+-]?)Infinity")
_SPACES = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What ECMAScript takes for white space, which is not quite what Python does."""
_FRACTION = Decimal("1e-15")
_ABSENT = object()


class ExpressionError(ValueError):
    """`stage` says which step refused: lexing, parsing or evaluation; `position` counts from 1."""

    def __init__(self, stage: str, message: str, position: int = 1) -> None:
        super().__init__(message)
        self.stage = stage
        self.position = position


class Filtered(list[Value]):
    """What `*` gives: an index applies to each element, and what is absent drops out."""


def kind(value: Value) -> Kind:
    return _KINDS.get(type(value)) or ("object" if isinstance(value, Mapping) else "array")


def number_from(text: str) -> float | None:
    """Read a number as the language writes it; None when the text is none."""
    if _DECIMAL.fullmatch(text):
        return float(text)
    if infinity := _INFINITY.fullmatch(text):
        return -math.inf if infinity[1] == "-" else math.inf
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(text):
            return _whole(int(text[2:], base))
    return None


def _whole(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def truthy(value: Value) -> bool:
    if value is None or value == "" or value is False:
        return False
    if kind(value) == "number":
        return not (value == 0 or math.isnan(value))
    return True


def number(value: Value) -> float:
    """Coerce to a number; what has none (text, array, object) is NaN."""
    match kind(value):
        case "null":
            return 0.0
        case "boolean" | "number":
            return float(value)
        case "string":
            text = value.strip(_SPACES)
            read = number_from(text) if text else 0.0
            return math.nan if read is None else read
    return math.nan


def text(value: Value) -> str:
    match kind(value):
        case "null":
            return ""
        case "boolean":
            return "true" if value else "false"
        case "number":
            return _number_text(float(value))
        case "string":
            return str(value)
        case "array":
            return "Array"
    return "Object"


def _number_text(value: float) -> str:
    """Round to 15 places after the point, as GitHub does to hide what doubles cannot hold."""
    if math.isfinite(value) and abs(value) < _EXPONENTS_FROM:
        rounded = Decimal(value).quantize(_FRACTION, ROUND_HALF_UP, context=_EXACT)
        return written(float(rounded))
    return written(value)


_EXPONENTS_FROM = 1e21
_EXACT = Context(prec=60)


def written(value: float) -> str:
    """Write a number as ECMAScript does: the shortest digits that give it back."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    shortest = Decimal(repr(value))
    exponent = shortest.adjusted()
    if -6 <= exponent < 21:  # noqa: PLR2004 - where Number.toString switches
        plain = f"{shortest:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    digits = f"{shortest.scaleb(-exponent).normalize():f}"
    return f"{digits}e{exponent:+d}"


def folded(source: str) -> str:
    """Upper case by GitHub's ordinal rule, in which the dotless i is a letter of its own."""
    if _DOTLESS_I not in source:
        return source.upper()
    return _DOTLESS_I.join(part.upper() for part in source.split(_DOTLESS_I))


def equal(left: Value, right: Value) -> bool:
    """Compare loosely: text without case, arrays and objects by identity, else as numbers."""
    left_kind, right_kind = kind(left), kind(right)
    if left_kind != right_kind:
        return not _containers(left_kind, right_kind) and number(left) == number(right)
    if left_kind == "string":
        return folded(left) == folded(right)
    return left is right if _containers(left_kind) else bool(left == right)


def ordered(left: Value, right: Value, holds: Callable[[Any, Any], bool]) -> bool:
    """Whether `holds`, one of < and >, is true after coercion; never for arrays and objects."""
    left_kind, right_kind = kind(left), kind(right)
    if _containers(left_kind, right_kind):
        return False
    if left_kind == right_kind == "string":
        return holds(_units(folded(left)), _units(folded(right)))
    return holds(number(left), number(right))


def _units(source: str) -> bytes:
    """UTF-16, by whose units text is ordered on GitHub."""
    return source.encode("utf-16-be", "surrogatepass")


def _containers(*kinds: Kind) -> bool:
    return "array" in kinds or "object" in kinds


def lookup(target: Value, index: Value) -> Value:
    """`target[index]`; None for what is absent, as the language has no such error."""
    found = _found(target, index)
    return None if found is _ABSENT else found


def lookup_in_each(targets: Iterable[Value], index: Value) -> Filtered:
    """`target[index]` of each that has it."""
    found = (_found(target, index) for target in targets)
    return Filtered(value for value in found if value is not _ABSENT)


def _found(target: Value, index: Value) -> Value:
    if isinstance(target, Mapping):
        return _ABSENT if _containers(kind(index)) else _property(target, text(index))
    return _element(target, number(index)) if kind(target) == "array" else _ABSENT


def _property(target: Mapping[str, Value], name: str) -> Value:
    if name in target:
        return target[name]
    wanted = name.lower()
    return next((value for key, value in target.items() if key.lower() == wanted), _ABSENT)


def _element(target: Sequence[Value], index: float) -> Value:
    if math.isnan(index) or not 0 <= index < len(target):
        return _ABSENT
    return target[math.floor(index)]
