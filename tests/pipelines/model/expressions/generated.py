"""Expressions made up from a seed: every operator, function and coercion, sound and broken."""

import random
from collections.abc import Iterator

CONTEXTS = {
    "github": {
        "ref": "refs/heads/Main", "number": 7, "zero": 0, "half": 0.5, "tiny": 1.5e-9,
        "big": 123456789012345680000, "huge": 1e21, "on": True, "off": False, "none": None,
        "empty": "", "space": "  12 ", "hex": "0x1F", "octal": "0o17", "binary": "0b11",
        "name": "Ünïcödé \u017ftraße", "boat": "⛵ 🚣",
        "list": ["a", "B", None, 3, True, ["x"], {"id": 1}],
        "map": {"Key": "v", "other": {"deep": [1, 2, {"Key": "w"}]}, "nil": None},
        "labels": [{"name": "bug", "n": 1}, {"name": "Big"}, {"n": None}, "x", [{"name": "in"}]],
        "json": '{"a": [1, 2.50, "x", null], "b": {"C": false}}',
    },
    "env": {"A": "1", "B": "true", "PATH": "/bin:/usr/bin"},
    "needs": {"build": {"result": "success", "outputs": {"v": "[1,2,3]"}}},
}  # fmt: skip
_NAMES = (
    "github", "env", "needs", *(f"github.{name}" for name in CONTEXTS["github"]),
    "env.A", "ENV.b", "env['PATH']", "needs.build.result", "github.map.other.deep",
    "github.MAP.key", "github.nothing", "github.list[2]", "github.map['other']",
)  # fmt: skip
_LITERALS = (
    "true", "false", "null", "0", "1", "-1", "7", "+.5", "1.", "0xFF", "0XfF", "0o17", "0b101",
    "1e3", "1E-7", "123456789.987654321", "1e21", "-0", "NaN", "Infinity", "-Infinity",
    "0.0000152587890625", "''", "'a'", "'A'", "'7'", "' 7 '", "'0x1f'", "'true'", "'b'",
    "'bug'", "'refs/heads/'", "'it''s'", "'\u017f'", "'SS'", "'1e3'", "'\u0131'", "'I'", "'🚣'",
    "'\uff21'",
    "'[1, {\"k\": [true, null]}]'", "'-Infinity'", "'NaN'", "','", "'key'", "'name'",
)  # fmt: skip
_FORMATS = (
    "'{0}'", "'{0}-{1}'", "'{{0}} {0}'", "'}}{{'", "'{1}{0}'", "'{2}'", "'{'", "'}'", "'{a}'",
    "'{0'", "'plain'", "'{10}'", "'{{{0}}}'",
)  # fmt: skip
_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "&&", "||")
_TESTS = ("contains", "startsWith", "ENDSWITH", "endsWith", "Contains")
_NOISE = tuple("()[].,!<>=&|*'+-xX09_ @\"{}")


class Maker:
    """Makes expressions of bounded depth; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def expressions(self, count: int) -> Iterator[str]:
        """Yield so many, of which about one in eight is broken on purpose."""
        for _ in range(count):
            made = self._made(self._dice.randint(1, 4))
            yield self._broken(made) if self._dice.random() < 1 / 8 else made

    def _made(self, depth: int) -> str:
        if depth == 0:
            return self._pick(_LITERALS if self._dice.random() < 1 / 2 else _NAMES)
        ways = (
            self._operation, self._operation, self._operation, self._call, self._call,
            self._reach, self._reach, self._not, self._grouped, lambda _: self._made(0),
        )  # fmt: skip
        return self._pick(ways)(depth - 1)

    def _operation(self, depth: int) -> str:
        space = self._pick(("", " "))
        parts = [self._made(depth), self._pick(_OPERATORS), self._made(depth)]
        return f"{space or ' '}".join(parts)

    def _not(self, depth: int) -> str:
        return f"!{self._made(depth)}"

    def _grouped(self, depth: int) -> str:
        return f"({self._made(depth)})"

    def _reach(self, depth: int) -> str:
        """Reach into what a name stands for, or into whatever brackets hold."""
        start = self._pick(_NAMES) if self._dice.random() < 2 / 3 else self._grouped(depth)
        for _ in range(self._dice.randint(1, 3)):
            start += self._pick(
                (".*", "[*]", ".name", ".Key", ".n", ".deep", "[0]", "[1.9]", "['name']",
                 f"[{self._made(depth)}]")
            )  # fmt: skip
        return start

    def _call(self, depth: int) -> str:
        ways = (self._test, self._test, self._join, self._format, self._json, self._case)
        return self._pick(ways)(depth)

    def _test(self, depth: int) -> str:
        return f"{self._pick(_TESTS)}({self._made(depth)}, {self._made(depth)})"

    def _join(self, depth: int) -> str:
        rest = "" if self._dice.random() < 1 / 2 else f", {self._made(0)}"
        return f"join({self._made(depth)}{rest})"

    def _format(self, depth: int) -> str:
        values = [self._made(depth) for _ in range(self._dice.randint(0, 3))]
        return f"format({', '.join([self._pick(_FORMATS), *values])})"

    def _json(self, depth: int) -> str:
        inner = self._made(depth)
        return self._pick(
            (f"toJSON({inner})", f"fromJSON(toJSON({inner}))", f"fromJSON({inner})",
             "fromJSON(github.json).a", "fromJSON(needs.build.outputs.v)[1]")
        )  # fmt: skip

    def _case(self, depth: int) -> str:
        """Choose between plain values, since npm evaluates also what is not chosen."""
        return f"case({self._made(depth)}, {self._made(0)}, {self._made(0)})"

    def _broken(self, made: str) -> str:
        at = self._dice.randrange(len(made) + 1)
        cut = self._dice.randint(0, 2)
        noise = self._pick(_NOISE) if self._dice.random() < 2 / 3 else ""
        return made[:at] + noise + made[at + cut :]

    def _pick(self, ways):
        return self._dice.choice(ways)
