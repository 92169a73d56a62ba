"""Bodies that stream both ways, with the real git program at the other end."""

import gzip
import hashlib
import http.client
import os
import socket
import subprocess
import time
import zlib
from contextlib import suppress
from pathlib import Path


def test_a_client_that_hangs_up_ends_git(served, boat, copy):
    copy.git("checkout", "--quiet", "-b", "topic")
    copy.commit("large", data=hashlib.shake_128(b"seed").digest(12_000_000))
    copy.git("push", "--quiet", "origin", "topic")
    want = f"0032want {copy.sha()}\n00000009done\n".encode()
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {served.tokens['alice']}"}
    before = pipes()
    connection.request("POST", "/alice/boat.git/git-upload-pack", want, headers)
    connection.getresponse().read(100_000)
    assert running_git("upload-pack")
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    assert eventually(lambda: not running_git("upload-pack"))
    assert eventually(lambda: pipes() <= before), "its pipes are closed too"


def test_a_slow_reader_slows_git_down_and_fills_no_memory(served, boat, copy):
    copy.git("checkout", "--quiet", "-b", "topic")
    copy.commit("large", data=hashlib.shake_128(b"seed").digest(20_000_000))
    copy.git("push", "--quiet", "origin", "topic")
    want = f"0032want {copy.sha()}\n00000009done\n".encode()
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {served.tokens['alice']}"}
    before = memory()
    connection.request("POST", "/alice/boat.git/git-upload-pack", want, headers)
    reply = connection.getresponse()
    reply.read(1_000_000)
    assert not eventually(lambda: not running_git("upload-pack"), seconds=1.0)
    assert memory() - before < 8_000_000
    assert len(reply.read()) > 18_000_000
    connection.close()


def running_git(program):
    """The commands of our children that run this program."""
    found = subprocess.run(
        ["pgrep", "--parent", str(os.getpid()), "--full", program],
        capture_output=True,
        check=False,
    )
    return found.stdout.split()


def pipes():
    """How many ends of pipes this process holds."""
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            count += str(each.readlink()).startswith("pipe:")
    return count


def memory():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def eventually(holds, seconds=10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_a_long_negotiation_is_sent_zipped_and_understood(served, boat, copy, tmp_path):
    copy.git("clone", "--quiet", served.remote(), str(tmp_path / "clone"))
    clone = type(copy)(tmp_path / "clone")
    for number in range(30):
        clone.commit(f"mine {number}")
    copy.git("checkout", "--quiet", "-b", "topic")
    theirs = copy.commit("theirs", topic="1\n")
    copy.git("push", "--quiet", "origin", "topic")
    clone.git("fetch", "--quiet", "origin")
    assert clone.sha("origin/topic") == theirs


def test_bad_gzip_is_the_clients_fault(served, boat):
    for body in (b"not gzip", gzip.compress(b"0000")[:-4]):
        reply = served.call(
            "POST",
            "/alice/boat.git/git-upload-pack",
            content=body,
            headers={"Content-Encoding": "gzip"},
        )
        assert reply.status_code == 422
        assert "not valid gzip" in reply.text


def test_an_unknown_encoding_is_refused(served, boat):
    reply = served.call(
        "POST", "/alice/boat.git/git-upload-pack", content=b"", headers={"Content-Encoding": "br"}
    )
    assert (reply.status_code, "gzip or none" in reply.text) == (422, True)


def test_a_zip_bomb_stops_at_the_limit(served, boat, copy):
    squeeze = zlib.compressobj(wbits=31)
    wants = f"0032want {copy.sha()}\n".encode() * 700_000
    bomb = squeeze.compress(wants) + squeeze.flush()
    reply = served.call(
        "POST",
        "/alice/boat.git/git-upload-pack",
        content=bomb,
        headers={"Content-Encoding": "gzip"},
    )
    assert reply.status_code == 413
