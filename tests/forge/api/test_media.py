"""What else than JSON a program may ask for."""

import pytest
from starlette.requests import Request

from towpath.forge.api import media


def asked(accept, query=b""):
    headers = [(b"accept", accept.encode())]
    return Request({"type": "http", "headers": headers, "query_string": query})


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/vnd.github.raw", "raw"),
        ("application/vnd.github.v3.diff", "diff"),
        ("application/vnd.github.raw+json", "raw"),
        ("text/html, application/vnd.github.patch;q=0.9", "patch"),
        ("application/vnd.github+json", ""),
        ("application/vnd.github.rawer", ""),
        ("*/*", ""),
    ],
)
def test_the_header_says_what_is_wanted(accept, kind):
    assert media.wanted(asked(accept)) == kind


def test_an_address_may_say_it_too():
    assert media.wanted(asked("*/*", b"as=diff")) == "diff"


def test_a_raw_file_runs_nowhere():
    reply = media.raw(b"<script>alert(1)</script>")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["content-security-policy"] == "default-src 'none'"
    assert reply.headers["content-type"] == "application/vnd.github.raw"
