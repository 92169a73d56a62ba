import base64
import gzip
import io
import json
import tarfile
import zlib

import pytest

from tests.leaks.searching import find, shapes

SECRET = 'pä"ss<wörd>&/ +?~1'
KNOWN = {"password": SECRET}


@pytest.mark.parametrize("shape", shapes(SECRET))
def test_a_secret_is_found_in_every_dress(shape):
    assert ("password", shape) in find(KNOWN, b"before " + shapes(SECRET)[shape] + b" after")


@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_found_wherever_the_secret_stands_in_it(before, encode):
    assert find(KNOWN, encode(before + SECRET.encode() + b"after"))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_it_is_found_in_what_is_compressed(pack):
    assert find(KNOWN, pack(json.dumps({"a": SECRET}).encode()))


def test_it_is_found_in_an_archive_of_compressed_parts():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("rows.json")
        member.size = len(SECRET.encode())
        archive.addfile(member, io.BytesIO(SECRET.encode()))
    assert find(KNOWN, packed.getvalue())


def test_nothing_is_found_where_nothing_is():
    assert find(KNOWN, b"a password, but not that one" * 100) == []
