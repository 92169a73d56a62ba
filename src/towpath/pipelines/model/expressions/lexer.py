"""Characters to tokens."""

import re
from dataclasses import dataclass
from typing import Literal

from towpath.pipelines.model.expressions.values import ExpressionError, number_from

TokenKind = Literal["literal", "name", "symbol"]

_STRING = re.compile(r"'(?:[^']|'')*'")
_OPERATOR = re.compile(r"==|!=|<=|>=|&&|\|\||[!<>()\[\],.*]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORD = re.compile(r".[^\s()\[\],.!<>=&|]*", re.DOTALL)
_NUMBER = re.compile(r"[^\s()\[\],!<>=&|]+")
_WORDS = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}
_VALUE_ENDS = frozenset(")]*")


@dataclass(frozen=True)
class Token:
    """`text` as written; `value` is that of a literal; `position` counts characters from 1."""

    kind: TokenKind
    text: str
    position: int
    value: object = None


def tokens(source: str) -> list[Token]:
    """Cut an expression into tokens; ExpressionError names the first that is none."""
    found: list[Token] = []
    at = 0
    while at < len(source):
        if source[at].isspace():
            at += 1
            continue
        token = _token(source, at, found[-1] if found else None)
        found.append(token)
        at += len(token.text)
    return found


def _token(source: str, at: int, before: Token | None) -> Token:
    if string := _STRING.match(source, at):
        return Token("literal", string[0], at + 1, string[0][1:-1].replace("''", "'"))
    if _starts_number(source, at, before):
        return _number(source, at)
    if operator := _OPERATOR.match(source, at):
        return Token("symbol", operator[0], at + 1)
    return _word(source, at, before)


def _starts_number(source: str, at: int, before: Token | None) -> bool:
    character = source[at]
    if character == ".":
        return before is None or (before.kind == "symbol" and before.text not in _VALUE_ENDS)
    return character.isdigit() or character in "+-"


def _number(source: str, at: int) -> Token:
    pattern = _WORD if source[at].isdigit() and source[at - 1 : at] == "." else _NUMBER
    match = pattern.match(source, at)
    word = match[0] if match else source[at]
    value = number_from(word)
    if value is None:
        raise unexpected(word, at + 1, source, "lexing")
    return Token("literal", word, at + 1, value)


def _word(source: str, at: int, before: Token | None) -> Token:
    match = _WORD.match(source, at) if source[at] != "'" else None
    word = match[0] if match else source[at:]
    if not _NAME.fullmatch(word):
        raise unexpected(word, at + 1, source, "lexing")
    if word in _WORDS and not (before and before.text == "."):
        return Token("literal", word, at + 1, _WORDS[word])
    return Token("name", word, at + 1)


def unexpected(word: str, position: int, source: str, stage: str = "parsing") -> ExpressionError:
    where = f"Located at position {position} within expression: {source}"
    return ExpressionError(stage, f"Unexpected symbol: '{word}'. {where}", position)
