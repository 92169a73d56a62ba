"""Finds a secret in bytes, in whatever dress programs give to bytes on their way."""

import base64
import gzip
import html
import io
import json
import tarfile
import zlib
from urllib.parse import quote, quote_plus

_HEAD = (0, 2, 3)  # characters that also depend on what stands before, by offset


def shapes(secret: str) -> dict[str, bytes]:
    raw = secret.encode()
    found = {
        "plain": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON as UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        "HTML": html.escape(secret).encode(),
        "URL": quote(secret, safe="").encode(),
        "form": quote_plus(secret).encode(),
        "python": repr(secret)[1:-1].encode(),
        "python bytes": repr(raw)[2:-1].encode(),
        "UTF-16": secret.encode("utf-16-le"),
    }
    for offset, head in enumerate(_HEAD):
        whole = base64.b64encode(b"\0" * offset + raw)
        certain = whole[head : (offset + len(raw)) * 8 // 6]
        found[f"base64 at {offset}"] = certain
        found[f"base64url at {offset}"] = certain.replace(b"+", b"-").replace(b"/", b"_")
    return found


def find(secrets: dict[str, str], haystack: bytes) -> list[tuple[str, str]]:
    """Which secrets are in there, and in which dress; also inside what is compressed."""
    return [
        (name, shape)
        for layer in (haystack, *_unpacked(haystack))
        for name, secret in secrets.items()
        for shape, needle in shapes(secret).items()
        if needle in layer
    ]


def _unpacked(data: bytes) -> list[bytes]:
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
        return [data, *_members(data)]
    if data[:1] == b"\x78":
        try:
            return [zlib.decompress(data)]
        except zlib.error:
            return []
    return _members(data)


def _members(data: bytes) -> list[bytes]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            opened = [archive.extractfile(each) for each in archive.getmembers() if each.isfile()]
            return [file.read() for file in opened if file is not None]
    except tarfile.TarError:
        return []
