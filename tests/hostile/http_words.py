"""Requests that are well formed and mean harm: made by somebody who may call the API."""
# ruff: noqa: E501 - one input is one line of a table

import json

DEEP = 100_000
REFUSED = frozenset({400, 401, 403, 404, 405, 409, 413, 414, 422, 431})
USERS = "/api/towpath/v1/users"
NAMES = {
    "a climb": "..", "git's own": ".git", "an option": "--upload-pack=touch${IFS}x", "a dash": "-x",
    "a path": "a/../../b", "a lock": "x.lock", "a device": "/dev/null", "a tilde": "~root",
    "NUL": "a\0b", "a line break": "a\nb", "300 letters": "a" * 300, "nothing": "", "a dot": ".",
    "half a surrogate": "\ud800", "right to left": "a\u202egnp", "a blank": "a b",
    "a quote": "a'b\"c", "a template": "{{7*7}}", "markup": "<script>alert(1)</script>",
}  # fmt: skip
REFS = {
    "an option": "--upload-pack=touch x", "another option": "-o", "an output": "--output=/tmp/x",
    "a climb": "../../../etc/passwd", "a range": "main..deepen", "a parent": "main^",
    "a reflog": "main@{1}", "a search": ":/Begin", "a path": "main:depth", "NUL": "a\0b",
    "a line break": "main\n--help", "5,000 letters": "a" * 5_000, "a glob": "refs/heads/*",
    "a lock": "x.lock", "half a surrogate": "\ud800", "a bracket": "a[b", "a tilde": "main~99999999",
}  # fmt: skip


def bodies():
    """JSON that is wrong, as (name, bytes)."""
    user = {"login": "mallory", "password": "correct horse battery"}
    yield "arrays in arrays", b"[" * DEEP + b"]" * DEEP
    yield "objects in objects", b'{"a":' * DEEP + b"1" + b"}" * DEEP
    yield "an array without an end", b"[" * DEEP
    yield "a number of 100,000 digits", b'{"login": ' + b"9" * DEEP + b"}"
    yield "a number beyond any float", b'{"login": 1e999999}'
    yield "not a number", b'{"login": NaN}'
    yield "bytes that are no UTF-8", b'{"login": "\xff\xfe"}'
    yield "a comment", b'{"login": "a" /* hi */}'
    yield "no JSON", b"login=a&password=b"
    yield "a string of 900 kB", json.dumps(user | {"login": "a" * 900_000}).encode()
    yield "50,000 keys", json.dumps({f"k{n}": n for n in range(50_000)}).encode()
    yield "two of a key", b'{"login": "a", "login": ["b"], "password": 1}'
    yield "a list for an object", b"[]"
    yield "2 MB", b'"' + b"a" * 2_000_000 + b'"'


def headers():
    """A header that a stranger fills, as (name, line)."""
    yield "a Basic password that is no Base64", "Authorization: Basic !!!!"
    yield "a Basic password with NUL", "Authorization: Basic AAAAOgAA"
    yield "a Bearer of 50 kB", "Authorization: Bearer " + "a" * 50_000
    yield "a Bearer of nothing", "Authorization: Bearer "
    yield "an unknown scheme", "Authorization: Negotiate YII="
    yield "a quote in a token", "Authorization: Bearer ' OR 1=1 --"
    yield "a token that is no ASCII", "Authorization: Bearer \udcff\udcfe"
