"""Tokens to a tree, by precedence climbing.

From loose to tight: ||, &&, == !=, < <= > >=, !, then property and index access. The names and
functions that a place allows are checked here, so that a bad file is refused before it runs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from towpath.pipelines.model.expressions.lexer import Token, tokens, unexpected
from towpath.pipelines.model.expressions.values import ExpressionError, Value

MAX_DEPTH = 50
"""Levels of the tree, as on GitHub."""
MAX_LENGTH = 21_000
"""Characters of one expression, as on GitHub."""
MAX_NESTING = 60
"""Brackets within brackets: they make no level, yet each costs us stack."""
SHORT = 500
"""Characters of what is worth remembering."""
_COMPARISONS = (frozenset({"==", "!="}), frozenset({"<", "<=", ">", ">="}))


@dataclass(frozen=True)
class Literal:
    value: Value


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Index:
    """`target[index]` and `target.index`; an index of None is `*`."""

    target: "Node"
    index: "Node | None"


@dataclass(frozen=True)
class Call:
    function: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True)
class Operation:
    """`!` has one operand, a comparison two, `&&` and `||` as many as stand in a row."""

    operator: str
    operands: "tuple[Node, ...]"


Node = Literal | Name | Index | Call | Operation


@dataclass(frozen=True)
class Arity:
    """How many arguments a function takes; `odd` when they must be an odd number."""

    least: int
    most: int
    odd: bool = False


@dataclass(frozen=True, eq=False)
class Scope:
    """What may be named at one place: contexts, and functions by lower-case name."""

    names: Collection[str]
    functions: Mapping[str, Arity]


def parse(source: str, scope: Scope) -> Node:
    """Read one expression; ExpressionError tells what is wrong and where.

    An empty expression is null. Names and functions are looked up without case. Files say the
    same over and over, so short expressions are read once.
    """
    return _remembered(source, scope) if len(source) <= SHORT else _parsed(source, scope)


@lru_cache(maxsize=4096)
def _remembered(source: str, scope: Scope) -> Node:
    return _parsed(source, scope)


def _parsed(source: str, scope: Scope) -> Node:
    if len(source) > MAX_LENGTH:
        raise ExpressionError("parsing", f"Exceeded max expression length {MAX_LENGTH}")
    found = tokens(source)
    if not found:
        return Literal(None)
    tree = _Parser(source, found, scope).whole()
    if _depth(tree, MAX_DEPTH) > MAX_DEPTH:
        raise ExpressionError("parsing", f"Exceeded max expression depth {MAX_DEPTH}")
    return tree


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Index(target, index):
            return (target,) if index is None else (target, index)
        case Call(_, arguments):
            return arguments
        case Operation(_, operands):
            return operands
    return ()


def calls(node: Node) -> frozenset[str]:
    """The lower-case names of all functions called anywhere in the tree."""
    own = {node.function} if isinstance(node, Call) else set()
    return frozenset(own).union(*(calls(child) for child in children(node)))


def names(node: Node) -> frozenset[str]:
    """Lower-case names of all contexts used anywhere in the tree."""
    own = {node.name} if isinstance(node, Name) else set()
    return frozenset(own).union(*(names(child) for child in children(node)))


def _depth(node: Node, budget: int) -> int:
    # A tree deeper than the budget is refused anyway: stop there, since it may be very deep.
    if budget < 0:
        return 1
    return 1 + max((_depth(child, budget - 1) for child in children(node)), default=0)


class _Parser:
    def __init__(self, source: str, found: list[Token], scope: Scope) -> None:
        self._source = source
        self._tokens = found
        self._scope = scope
        self._at = 0
        self._nesting = 0

    def whole(self) -> Node:
        tree = self._either()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return tree

    def _either(self) -> Node:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise ExpressionError("parsing", f"Exceeded max expression depth {MAX_DEPTH}")
        tree = self._row("||", lambda: self._row("&&", lambda: self._comparison(0)))
        self._nesting -= 1
        return tree

    def _row(self, operator: str, operand: Callable[[], Node]) -> Node:
        operands = [operand()]
        while self._take(operator):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Operation(operator, tuple(operands))

    def _comparison(self, level: int) -> Node:
        if level == len(_COMPARISONS):
            return self._negation()
        left = self._comparison(level + 1)
        while operator := self._take(*_COMPARISONS[level]):
            left = Operation(operator, (left, self._comparison(level + 1)))
            self._check_row(left)
        return left

    def _check_row(self, node: Node) -> None:
        if _depth(node, MAX_DEPTH) > MAX_DEPTH:
            raise ExpressionError("parsing", f"Exceeded max expression depth {MAX_DEPTH}")

    def _negation(self) -> Node:
        count = 0
        while self._take("!"):
            count += 1
        if count > MAX_DEPTH:
            raise ExpressionError("parsing", f"Exceeded max expression depth {MAX_DEPTH}")
        node = self._access()
        for _ in range(count):
            node = Operation("!", (node,))
        return node

    def _access(self) -> Node:
        literal = self._at < len(self._tokens) and self._tokens[self._at].kind == "literal"
        node = self._primary()
        if literal:
            return node
        links = 0
        while step := self._take(".", "["):
            node = Index(node, self._property() if step == "." else self._subscript())
            links += 1
            if links > MAX_DEPTH:
                raise ExpressionError("parsing", f"Exceeded max expression depth {MAX_DEPTH}")
        return node

    def _property(self) -> Node | None:
        if self._take("*"):
            return None
        token = self._next()
        if token.kind != "name":
            raise self._unexpected(token)
        return Literal(token.text)

    def _subscript(self) -> Node | None:
        index = None if self._take("*") else self._either()
        self._expect("]")
        return index

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "literal":
            return Literal(token.value)
        if token.kind == "name":
            return self._call(token) if self._take("(") else self._name(token)
        if token.text != "(":
            raise self._unexpected(token)
        node = self._either()
        self._expect(")")
        return node

    def _name(self, token: Token) -> Node:
        name = token.text.lower()
        if name not in self._scope.names:
            raise self._unknown("named-value", token)
        return Name(name)

    def _call(self, token: Token) -> Node:
        arity = self._scope.functions.get(token.text.lower())
        if arity is None:
            raise self._unknown("function", token)
        arguments: list[Node] = []
        if not self._take(")"):
            arguments.append(self._either())
            while self._take(","):
                arguments.append(self._either())
            self._expect(")")
        self._check_arity(token, arity, len(arguments))
        return Call(token.text.lower(), tuple(arguments))

    def _check_arity(self, token: Token, arity: Arity, count: int) -> None:
        if count < arity.least:
            problem = "Too few parameters supplied"
        elif count > arity.most:
            problem = "Too many parameters supplied"
        elif arity.odd and count % 2 == 0:
            problem = "Even number of parameters supplied, requires an odd number of parameters"
        else:
            return
        raise self._error(f"{problem}: '{token.text}'", token)

    def _unknown(self, what: str, token: Token) -> ExpressionError:
        return self._error(f"Unrecognized {what}: '{token.text}'", token)

    def _error(self, problem: str, token: Token) -> ExpressionError:
        where = f"Located at position {token.position} within expression: {self._source}"
        return ExpressionError("parsing", f"{problem}. {where}", token.position)

    def _take(self, *symbols: str) -> str | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.kind != "symbol" or token.text not in symbols:
            return None
        self._at += 1
        return token.text

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise self._error(
                f"Unexpected end of expression: '{self._tokens[-1].text}'", self._tokens[-1]
            )
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, symbol: str) -> None:
        if self._take(symbol) is None:
            raise self._unexpected(self._next())

    def _unexpected(self, token: Token | None = None) -> ExpressionError:
        token = token or self._tokens[self._at]
        return unexpected(token.text, token.position, self._source)
