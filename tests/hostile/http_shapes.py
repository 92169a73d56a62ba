"""Requests that are wrong in shape: sent as bytes, since no client would.

Each is (name, bytes, statuses that are right). An empty answer is right where `HUNG_UP` is among
them: the server closed the connection without a word, as for what is no HTTP at all.
"""
# ruff: noqa: E501 - one input is one line of a table

HUNG_UP = 0
REFUSED = frozenset({HUNG_UP, 400, 404, 405, 413, 414, 422, 431, 501, 505})
HEAD = b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
POST = b"POST /api/towpath/v1/users HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
FINE = frozenset({200})
NOT_ALLOWED = REFUSED | {401, 403}


UNFINISHED = frozenset(
    {
        "a header that never ends", "less body than announced", "a chunk without its end",
        "a multipart form that lies", "no HTTP at all", "an upgrade to a web socket",
        "a thousand requests at once", "an upgrade to HTTP/2",
        "HTTP/0.9", "a chunk beyond 64 bits", "a method of 10 kB", "HTTP/9.9",
    }
)  # fmt: skip
"""Where the server rightly waits for more: the test hangs up, not the server."""


def get(target, *headers):
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: h", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def header(line):
    return HEAD + line + b"\r\n\r\n"


def smuggled(*lines, body=b""):
    return POST + b"\r\n".join(lines) + b"\r\n\r\n" + body


SHAPES = [
    ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9, REFUSED),
    ("a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REFUSED),
    ("HTTP/0.9", b"GET /healthz\r\n", REFUSED),
    ("HTTP/9.9", b"GET /healthz HTTP/9.9\r\nHost: h\r\n\r\n", REFUSED | FINE),
    ("a method with a space", b"GE T /healthz HTTP/1.1\r\nHost: h\r\n\r\n", REFUSED),
    ("a method of 10 kB", b"A" * 10_000 + b" /healthz HTTP/1.1\r\nHost: h\r\n\r\n", REFUSED),
    ("TRACE", b"TRACE / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", REFUSED),
    ("CONNECT", b"CONNECT evil:80 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", REFUSED),
    ("a target of 1 MB", get(b"/" + b"a" * 1_000_000), REFUSED),
    ("a query of 1 MB", get(b"/healthz?" + b"a" * 1_000_000), REFUSED),
    ("a target with NUL", get(b"/\0"), REFUSED),
    ("a target with a quoted NUL", get(b"/%00"), NOT_ALLOWED),
    ("a target with raw bytes", get(b"/\xff\xfe"), NOT_ALLOWED),
    ("a target that is no UTF-8", get(b"/%ff%fe/%c0%af.git/info/refs"), NOT_ALLOWED),
    ("half an escape", get(b"/%"), NOT_ALLOWED),
    ("a target with a space", get(b"/a b"), REFUSED),
    ("an absolute target of another host", get(b"http://evil/healthz"), REFUSED | FINE),
    ("a target that climbs", get(b"/static/../../../../etc/passwd"), NOT_ALLOWED),
    ("a target that climbs in escapes", get(b"/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd"), NOT_ALLOWED),
    ("a target that climbs in escaped slashes", get(b"/static/..%2f..%2f..%2fetc/passwd"), NOT_ALLOWED),
    ("a target that climbs backwards", get(b"/static/..\\..\\etc\\passwd"), NOT_ALLOWED),
    ("an overlong slash", get(b"/static/..%c0%af..%c0%afetc/passwd"), NOT_ALLOWED),
    ("a doubly escaped slash", get(b"/static/..%252f..%252fetc/passwd"), NOT_ALLOWED),
    ("a root twice", get(b"//etc/passwd"), NOT_ALLOWED),
    ("a dot segment with a parameter", get(b"/static/..;/..;/etc/passwd"), NOT_ALLOWED),
    ("a header of 1 MB", header(b"X: " + b"a" * 1_000_000), REFUSED),
    ("a header that never ends", HEAD + b"X: " + b"a" * 200_000, REFUSED),
    ("ten thousand headers", HEAD + b"X: y\r\n" * 10_000 + b"\r\n", REFUSED | FINE),
    ("a cookie of 60 kB", header(b"Cookie: towpath=" + b"a" * 60_000), REFUSED | FINE),
    ("a header with NUL", header(b"X: a\0b"), REFUSED),
    ("a header with a bare line feed", header(b"X: a\nSet-Cookie: b=c"), REFUSED | FINE),
    ("a header with a bare carriage return", header(b"X: a\rb"), REFUSED),
    ("a header without a name", header(b": a"), REFUSED),
    ("a header without a colon", header(b"no colon here"), REFUSED),
    ("a blank before the colon", header(b"Content-Length : 5"), REFUSED),
    ("a folded header", header(b"X: a\r\n b"), REFUSED | FINE),
    ("a header that is no UTF-8", header(b"X-Request-ID: \xff\xfe"), FINE),
    ("no host", b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", REFUSED | FINE),
    ("two hosts", header(b"Host: evil"), REFUSED | FINE),
    ("a host with a path", b"GET /healthz HTTP/1.1\r\nHost: a/b@c\r\nConnection: close\r\n\r\n", REFUSED | FINE),
    ("a negative length", smuggled(b"Content-Length: -5"), REFUSED),
    ("a length in words", smuggled(b"Content-Length: five"), REFUSED),
    ("a length with a plus", smuggled(b"Content-Length: +5", body=b"{}   "), REFUSED),
    ("a length beyond 64 bits", smuggled(b"Content-Length: 99999999999999999999"), REFUSED),
    ("a length of a terabyte", smuggled(b"Content-Length: 1099511627776", body=b"{}"), REFUSED),
    ("two lengths", smuggled(b"Content-Length: 2", b"Content-Length: 40", body=b"{}"), REFUSED),
    ("two lengths in one", smuggled(b"Content-Length: 2, 40", body=b"{}"), REFUSED),
    ("less body than announced", smuggled(b"Content-Length: 99", body=b"{}"), NOT_ALLOWED),
    ("a length and chunks", smuggled(b"Content-Length: 2", b"Transfer-Encoding: chunked", body=b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"), NOT_ALLOWED),
    ("chunks twice", smuggled(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), NOT_ALLOWED),
    ("chunks and identity", smuggled(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"), NOT_ALLOWED),
    ("an unknown transfer coding", smuggled(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"), NOT_ALLOWED),
    ("a coding after a vertical tab", smuggled(b"Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"), NOT_ALLOWED),
    ("a negative chunk", CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", NOT_ALLOWED),
    ("a chunk beyond 64 bits", CHUNKED + b"fffffffffffffffff\r\nx\r\n0\r\n\r\n", NOT_ALLOWED),
    ("a chunk in words", CHUNKED + b"five\r\nhello\r\n0\r\n\r\n", NOT_ALLOWED),
    ("a chunk of 0x5", CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", NOT_ALLOWED),
    ("a chunk longer than it says", CHUNKED + b"2\r\nhello\r\n0\r\n\r\n", NOT_ALLOWED),
    ("a chunk without its end", CHUNKED + b"5\r\nhel", NOT_ALLOWED),
    ("a chunk extension of 1 MB", CHUNKED + b"5;" + b"a" * 1_000_000 + b"\r\nhello\r\n0\r\n\r\n", NOT_ALLOWED),
    ("a trailer of 1 MB", CHUNKED + b"0\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n", NOT_ALLOWED),
    ("a hundred thousand chunks of one byte", CHUNKED + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n", NOT_ALLOWED),
    ("2 MB in chunks", CHUNKED + (b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 32 + b"0\r\n\r\n", NOT_ALLOWED),
    ("an upgrade to a web socket", header(b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13"), REFUSED | FINE | {426}),
    ("an upgrade to HTTP/2", header(b"Upgrade: h2c\r\nHTTP2-Settings: x"), REFUSED | FINE),
    ("an expectation that nobody meets", POST + b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}", NOT_ALLOWED | {417}),
    ("a thousand requests at once", HEAD.replace(b"Connection: close\r\n", b"") + b"\r\n" + (b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n" * 999), FINE),
    ("a log-in form of 20,000 fields", b"POST /login HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 80000\r\n\r\n" + b"a=b&" * 20_000, NOT_ALLOWED),
    ("a multipart form without a boundary", b"POST /login HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: multipart/form-data\r\nContent-Length: 4\r\n\r\nabcd", NOT_ALLOWED),
    ("a multipart form that lies", b'POST /login HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 60\r\n\r\n--x\r\nContent-Disposition: form-data; name="\xff"; filename="../x', NOT_ALLOWED),
]  # fmt: skip
