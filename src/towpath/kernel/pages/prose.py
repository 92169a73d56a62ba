"""Markdown from strangers, made safe: bounded work, no scripts, no pictures from elsewhere.

What a word such as #12 or a relative link means, only a part can know: it hands in `Around`.
"""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

MOST_LETTERS = 200_000
MOST_STEPS = 60_000
"""How often the parser may look for something new, in all texts of a page together."""
_MOST_STEPS_A_TEXT = 30_000
_FEW_STEPS = 500
"""What every text gets, so that one that asks for too much takes nothing from a short one."""
_MOST_BARS = 10_000
"""Cells of a table are made before the parser looks for anything in them."""
_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img",
    "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_ANCHOR = "text-"
"""Headings get names of their own kind, so that no text takes the place of a part of the page."""
_ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "img": {"src", "alt", "title"},
    **{heading: {"id"} for heading in _HEADINGS},
}
_BOXES = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}
_WORDS = re.compile(
    r"(?<![\w/#@.&=-])"
    r"(#\d{1,9}|@[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?|[0-9a-f]{7,40}|https?://[^\s<>\"]{1,2000})"
    r"(?![\w@#])"
)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_LINKS = {"link_open": 1, "link_close": -1}


@dataclass(frozen=True)
class Around:
    """What a text stands in. Each answers with an address, "" for bold without one, or None."""

    word: Callable[[str], str | None] = lambda _: None
    link: Callable[[str], str | None] = lambda address: address
    image: Callable[[str], str | None] = lambda _: None


class TooMuch(Exception):
    """The parser has had its share of this page."""


class Prose:
    """Renders the texts of one page: `Prose(around)(text)`."""

    def __init__(self, around: Around | None = None, steps: int = MOST_STEPS) -> None:
        self.around = around or Around()
        self._page = steps
        self._text = 0

    def __call__(self, text: str) -> Markup:
        self._text = max(min(self._page, _MOST_STEPS_A_TEXT), _FEW_STEPS)
        try:
            return self._rendered(text)
        except TooMuch:
            return Markup(
                '<p class="meta">Too much to lay out on one page: here it is as typed.</p>'
                '<pre tabindex="0" aria-label="The text as typed">{}</pre>'
            ).format(text)

    def _rendered(self, text: str) -> Markup:
        if len(text) > MOST_LETTERS or text.count("|") > _MOST_BARS:
            raise TooMuch
        html = _renderer().render(text, {"prose": self})
        clean = nh3.clean(
            html,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=_kept,
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow noopener noreferrer",
        )
        return Markup(clean)  # noqa: S704 - nh3 has just cleaned it

    def step(self) -> None:
        self._page -= 1
        self._text -= 1
        if self._text < 0:
            raise TooMuch


def markdown(text: str) -> Markup:
    """Turn Markdown that stands in nothing into HTML."""
    return Prose()(text)


def words_in(text: str) -> Iterator[str]:
    """Words that may lead somewhere, so that a part can look them up before it renders."""
    return (found[1] for found in _WORDS.finditer(text[:MOST_LETTERS]))


def _kept(tag: str, name: str, value: str) -> str | None:
    """A second lock on what our own rules let through already."""
    if (tag, name) == ("img", "src"):
        return value if value.startswith("/") and not value.startswith("//") else None
    if name == "id":
        return value if value.startswith(_ANCHOR) else None
    return value


@functools.cache
def _renderer() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True})
    made.enable(["table", "strikethrough"])
    made.block.ruler.before("table", "step", _step_of_block)
    made.inline.ruler.before("text", "step", _step_of_inline)
    made.core.ruler.push("demote", _demote)
    made.core.ruler.push("boxes", _boxes)
    made.core.ruler.push("addresses", _addresses)
    made.core.ruler.push("words", _linked_words)
    return made


def _step_of_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's
    del start, end, silent
    state.env["prose"].step()
    return False


def _step_of_inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's
    del silent
    state.env["prose"].step()
    return False


def _demote(state: StateCore) -> None:
    """A page has its own title, so the largest heading within is one smaller; each has a name."""
    seen: dict[str, int] = {}
    for token, following in zip_longest(state.tokens, state.tokens[1:]):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, 6)}"
        if token.type == "heading_open" and following:
            slug = _slug(following.content)
            seen[slug] = seen.get(slug, -1) + 1
            token.attrSet("id", _ANCHOR + slug + (f"-{seen[slug]}" if seen[slug] else ""))


def _slug(heading: str) -> str:
    """The name that people expect in `#a-heading`."""
    return re.sub(r"[^\w\- ]", "", heading.lower())[:100].replace(" ", "-")


def _boxes(state: StateCore) -> None:
    """Turn `- [x] done` into a box that is read out with the text."""
    tokens = state.tokens
    for before, token in zip(tokens, tokens[2:], strict=False):
        children = token.children or []
        if before.type == "list_item_open" and children and children[0].type == "text":
            begin = children[0].content[:4]
            children[0].content = _BOXES.get(begin, begin) + children[0].content[4:]


def _addresses(state: StateCore) -> None:
    """Lead relative links to where they mean; show pictures of the same place only."""
    around: Around = state.env["prose"].around
    for token in _inline(state):
        token.children = list(_with_addresses(token.children or [], around))


def _linked_words(state: StateCore) -> None:
    around: Around = state.env["prose"].around
    for token in _inline(state):
        token.children = list(_with_words(token.children or [], around))


def _inline(state: StateCore) -> list[Token]:
    return [token for token in state.tokens if token.type == "inline"]


def _with_addresses(tokens: list[Token], around: Around) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        inside += _LINKS.get(token.type, 0)
        if token.type == "link_open":
            _lead(token, around)
        if token.type == "image":
            yield from _picture(token, around, is_linked=inside > 0)
        else:
            yield token


def _lead(token: Token, around: Around) -> None:
    address = str(token.attrGet("href") or "")
    if address.startswith("#"):
        found: str | None = f"#{_ANCHOR}{address[1:].lower()}"
    else:
        found = address if _ELSEWHERE.match(address) else around.link(address)
    if found is None:
        del token.attrs["href"]
    else:
        token.attrSet("href", found)


def _picture(token: Token, around: Around, *, is_linked: bool) -> Iterator[Token]:
    """A picture from elsewhere would tell its server who reads this: it becomes a link."""
    address = str(token.attrGet("src") or "")
    is_elsewhere = _ELSEWHERE.match(address) is not None
    found = None if is_elsewhere else around.image(address)
    if found is not None:
        token.attrSet("src", found)
        yield token
    elif is_elsewhere and not is_linked:
        yield from _link(token.content or address, address)
    else:
        yield _text(token.content or address)


def _with_words(tokens: list[Token], around: Around) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        inside += _LINKS.get(token.type, 0)
        if token.type != "text" or inside:
            yield token
            continue
        for text, is_word in _pieces(token.content):
            yield from _word(text, around) if is_word else [_text(text)]


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    at = 0
    for found in _WORDS.finditer(text):
        word = found[1].rstrip(".,;:!?)'") if found[1].startswith("http") else found[1]
        yield text[at : found.start()], False
        yield word, True
        at = found.start() + len(word)
    yield text[at:], False


def _word(word: str, around: Around) -> list[Token]:
    address = word if word.startswith("http") else around.word(word)
    if address is None:
        return [_text(word)]
    if not address:
        return [
            Token("strong_open", "strong", 1),
            _text(word),
            Token("strong_close", "strong", -1),
        ]
    return _link(word, address)


def _link(text: str, address: str) -> list[Token]:
    opened = Token("link_open", "a", 1, attrs={"href": address})
    return [opened, _text(text), Token("link_close", "a", -1)]


def _text(text: str) -> Token:
    return Token("text", "", 0, content=text)
