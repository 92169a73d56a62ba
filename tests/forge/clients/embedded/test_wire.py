"""What receive-pack says, split into what may go on and what must wait."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from towpath.forge.clients.embedded import wire
from towpath.forge.clients.embedded.wire import Report

BANDS = st.lists(
    st.tuples(st.sampled_from([b"\1", b"\2"]), st.binary(max_size=40)), min_size=1, max_size=8
)


def packet(payload):
    return f"{len(payload) + 4:04x}".encode() + payload


@given(bands=BANDS, cut=st.integers(1, 20))
def test_messages_pass_and_the_report_waits_wherever_the_stream_is_cut(bands, cut):
    packets = [packet(band + data) for band, data in bands]
    stream = b"".join(packets) + b"0000"
    report = Report()
    passed = b"".join(report.take(stream[at : at + cut]) for at in range(0, len(stream), cut))
    assert passed == b"".join(one for one in packets if one[4:5] == b"\2")
    assert report.rest() == b"".join(one for one in packets if one[4:5] == b"\1") + b"0000"


def test_our_lines_go_out_as_messages():
    report = Report()
    report.take(packet(b"\1" + packet(b"unpack ok\n")))
    assert report.messages(["see é"]) == packet(b"\2see \xc3\xa9\n")
    assert report.fatal("broken") == packet(b"\3broken\n")


def test_a_client_without_bands_gets_the_report_alone():
    report = Report()
    assert report.take(packet(b"unpack ok\n") + b"0000") == b""
    assert report.messages(["see"]) == report.fatal("x") == b""
    assert report.rest() == packet(b"unpack ok\n") + b"0000"


def test_a_keepalive_passes():
    assert Report().take(b"0005\2") == b"0005\2"


def open_files():
    return set(Path("/proc/self/fd").iterdir())


async def _body(*chunks):
    for chunk in chunks:
        yield chunk


@pytest.mark.anyio
async def test_a_fetch_is_answered_in_pieces(hosted):
    want = f"0032want {hosted.copy.sha()}\n00000009done\n".encode()
    chunks = [
        chunk
        async for chunk in wire.upload_pack(
            hosted.kernel, hosted.id, _body(want[:10], want[10:]), protocol="", all_refs=False
        )
    ]
    assert b"PACK" in b"".join(chunks)


@pytest.mark.anyio
@pytest.mark.parametrize("protocol", ["version=2", "version=1", "", "version=2:x=y", "--help"])
async def test_an_advertisement_begins_as_its_protocol_wants(hosted, protocol):
    told = b"".join([
        chunk
        async for chunk in wire.advertise(
            hosted.kernel, hosted.id, "upload-pack", protocol=protocol, all_refs=False
        )
    ])  # fmt: skip
    assert told.startswith(b"000eversion 2" if protocol == "version=2" else b"001e# service=git-")


@pytest.mark.anyio
async def test_a_body_that_breaks_off_breaks_the_reply(hosted):
    async def broken():
        yield b"0032want "
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        async for _ in wire.upload_pack(
            hosted.kernel, hosted.id, broken(), protocol="", all_refs=False
        ):
            pass


@pytest.mark.anyio
async def test_a_fetch_that_nobody_listens_to_leaves_no_pipe_open(hosted):
    hosted.copy.commit("big", data=random.Random(1).randbytes(3_000_000))
    want = f"0032want {hosted.put('big')}\n00000009done\n".encode()
    before = open_files()
    for _ in range(3):
        stream = wire.upload_pack(
            hosted.kernel, hosted.id, _body(want), protocol="", all_refs=False
        )
        await anext(stream)
        await stream.aclose()
    assert open_files() <= before


@pytest.mark.anyio
async def test_a_push_that_nobody_listens_to_is_still_finished(hosted):
    finished = []
    line = f"{'0' * 40} {hosted.copy.sha()} refs/heads/x\0report-status side-band-64k\n".encode()
    empty = bytes.fromhex("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e")
    body = f"{len(line) + 4:04x}".encode() + line + b"0000" + empty
    stream = wire.receive_pack(
        hosted.kernel,
        hosted.id,
        _body(body),
        environment={},
        finish=lambda: finished.append(1) or [],
    )
    await anext(stream)
    await stream.aclose()
    assert finished == [1]


@pytest.mark.anyio
async def test_a_push_that_breaks_off_is_still_finished(hosted):
    finished = []

    async def broken():
        yield b"00"
        raise ConnectionError("gone")

    def finish():
        finished.append(True)
        return []

    with pytest.raises(ConnectionError):
        async for _ in wire.receive_pack(
            hosted.kernel, hosted.id, broken(), environment={}, finish=finish
        ):
            pass
    assert finished == [True]
