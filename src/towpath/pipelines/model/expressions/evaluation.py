"""A tree and contexts to a value."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from towpath.pipelines.model.expressions import functions, syntax
from towpath.pipelines.model.expressions.values import (
    ExpressionError,
    Filtered,
    Value,
    equal,
    kind,
    lookup,
    lookup_in_each,
    ordered,
    text,
    truthy,
)

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"<": operator.lt, ">": operator.gt}


@dataclass(frozen=True)
class Status:
    """What success(), failure() and cancelled() answer here; always() needs no asking."""

    success: bool = True
    failure: bool = False
    cancelled: bool = False

    @classmethod
    def of_word(cls, word: str) -> "Status":
        """Read what `job.status` says."""
        return cls(word == "success", word == "failure", word == "cancelled")

    def of(self, function: str) -> bool:
        return True if function == "always" else bool(getattr(self, function))


@dataclass(frozen=True)
class Surroundings:
    """What names and status functions stand for: lower-case context name to value.

    `files` hashes the files that some patterns mean, where there are files.
    """

    contexts: Mapping[str, Value]
    status: Status = Status()
    files: Callable[[Sequence[str]], str] | None = None


def evaluate(node: syntax.Node, around: Surroundings) -> Value:
    """Give the value; ExpressionError with stage "evaluation" when a function refuses."""
    match node:
        case syntax.Literal(value):
            return value
        case syntax.Name(name):
            return around.contexts.get(name)
        case syntax.Index(target, index):
            return _index(evaluate(target, around), index, around)
        case syntax.Call(function, arguments):
            return _call(function, arguments, around)
        case syntax.Operation(symbol, operands):
            return _operation(symbol, operands, around)


def _index(target: Value, index: syntax.Node | None, around: Surroundings) -> Value:
    if index is None:
        return _every(target)
    wanted = evaluate(index, around)
    return (lookup_in_each if isinstance(target, Filtered) else lookup)(target, wanted)


def _every(target: Value) -> Filtered:
    if isinstance(target, Filtered):
        return Filtered(value for element in target for value in _elements(element))
    return Filtered(_elements(target))


def _elements(target: Value) -> list[Value]:
    match kind(target):
        case "array":
            return list(target)
        case "object":
            return list(target.values())
    return []


def _call(function: str, arguments: tuple[syntax.Node, ...], around: Surroundings) -> Value:
    if function in functions.STATUS:
        return _status(function, arguments, around)
    if function == "case":
        return _case(arguments, around)
    if function in functions.FILES:
        return _hashed(arguments, around)
    return functions.TABLE[function](*(evaluate(argument, around) for argument in arguments))


def _status(function: str, arguments: tuple[syntax.Node, ...], around: Surroundings) -> bool:
    if not arguments:
        return around.status.of(function)
    named = [text(evaluate(argument, around)) for argument in arguments]
    needs = around.contexts.get("needs")
    results = [lookup(lookup(needs, name), "result") for name in named]
    if function == "failure":
        return "failure" in results
    return all(result == "success" for result in results)


def _hashed(arguments: tuple[syntax.Node, ...], around: Surroundings) -> str:
    if around.files is None:
        raise ExpressionError("evaluation", "hashFiles needs a workspace, and there is none here")
    return around.files([text(evaluate(argument, around)) for argument in arguments])


def _case(arguments: tuple[syntax.Node, ...], around: Surroundings) -> Value:
    *pairs, default = arguments
    for predicate, result in zip(pairs[::2], pairs[1::2], strict=True):
        answer = evaluate(predicate, around)
        if not isinstance(answer, bool):
            raise ExpressionError("evaluation", "case predicate must evaluate to a boolean value")
        if answer:
            return evaluate(result, around)
    return evaluate(default, around)


def _operation(symbol: str, operands: tuple[syntax.Node, ...], around: Surroundings) -> Value:
    if symbol in {"&&", "||"}:
        return _logical(symbol == "||", operands, around)
    values = [evaluate(operand, around) for operand in operands]
    if symbol == "!":
        return not truthy(values[0])
    if symbol in {"==", "!="}:
        return equal(*values) == (symbol == "==")
    if symbol[1:] and equal(*values):
        return True  # also of an array or object with itself, which is neither less nor more
    return ordered(values[0], values[1], _ORDERS[symbol[0]])


def _logical(stop: bool, operands: tuple[syntax.Node, ...], around: Surroundings) -> Value:  # noqa: FBT001
    value: Value = None
    for operand in operands:
        value = evaluate(operand, around)
        if truthy(value) == stop:
            break
    return value
