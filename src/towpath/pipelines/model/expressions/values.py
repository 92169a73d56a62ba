"""What an expression can be, and GitHub's rules for turning one kind into another.

https://docs.github.com/actions/reference/workflows-and-actions/expressions#literals
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

Value = Any  # None | bool | float | str | Sequence[Value] | Mapping[str, Value]
Kind = Literal["null", "boolean", "number", "string", "array", "object"]

_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGERS = ((re.compile(r"0x[0-9a-fA-F]+"), 16), (re.compile(r"0o[0-7]+"), 8))
_DOTLESS_I = "\u0131"
_INFINITY = re.compile(r"([+-]?)Infinity")


class ExpressionError(ValueError):
    """`stage` says which step refused: lexing, parsing or evaluation; `position` counts from 1."""

    def __init__(self, stage: str, message: str, position: int = 1) -> None:
        super().__init__(message)
        self.stage = stage
        self.position = position


class Filtered(list[Value]):
    """What `*` gives: an index applies to each element, and what is absent drops out."""


def kind(value: Value) -> Kind:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def number_from(text: str) -> float | None:
    """Read a number as the language writes it; None when the text is none."""
    if _DECIMAL.fullmatch(text):
        return float(text)
    if infinity := _INFINITY.fullmatch(text):
        return -math.inf if infinity[1] == "-" else math.inf
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(text):
            return float(min(int(text[2:], base), 2**1023))
    return None


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
            text = value.strip()
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
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    rounded = Decimal(f"{value:.15g}")
    if rounded == 0:
        return "0"
    exponent = rounded.adjusted()
    if -7 <= exponent < 21:  # noqa: PLR2004 - where ECMAScript's Number.toString switches
        plain = f"{rounded:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    digits = f"{rounded.scaleb(-exponent).normalize():f}"
    return f"{digits}e{exponent:+d}"


def folded(source: str) -> str:
    """Upper case by GitHub's ordinal rule, in which the dotless i is a letter of its own."""
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
    """Whether `holds`, one of < <= > >=, is true after coercion; never for arrays and objects."""
    left_kind, right_kind = kind(left), kind(right)
    if _containers(left_kind, right_kind):
        return False
    if left_kind == right_kind == "string":
        return holds(folded(left), folded(right))
    return holds(number(left), number(right))


def _containers(*kinds: Kind) -> bool:
    return "array" in kinds or "object" in kinds


def lookup(target: Value, index: Value) -> Value:
    """`target[index]`; None for what is absent, as the language has no such error."""
    if isinstance(target, Mapping):
        return None if _containers(kind(index)) else _property(target, text(index))
    if kind(target) == "array":
        return _element(target, number(index))
    return None


def _property(target: Mapping[str, Value], name: str) -> Value:
    if name in target:
        return target[name]
    wanted = folded(name)
    return next((value for key, value in target.items() if folded(key) == wanted), None)


def _element(target: Sequence[Value], index: float) -> Value:
    if math.isnan(index) or not 0 <= index < len(target):
        return None
    return target[math.floor(index)]
