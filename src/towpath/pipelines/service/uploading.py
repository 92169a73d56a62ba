"""Bytes that jobs send and fetch by addresses which we signed: blocks, lists of them, pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from towpath.kernel.clock import SECOND, after
from towpath.kernel.context import Kernel
from towpath.kernel.db.interface import Tx
from towpath.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Unavailable
from towpath.kernel.kept import Kept
from towpath.pipelines.clients.results import blobs
from towpath.pipelines.clients.results.blobs import Arriving
from towpath.pipelines.model import results
from towpath.pipelines.model.results import Block, Upload, Way
from towpath.pipelines.store import artifacts, caches, uploads

PATH = "/api/towpath/v1/uploads"
_AT_ONCE = 200
_ONLY = "all"
"""The name of the one block of an upload that came in one piece."""


@dataclass(frozen=True)
class Whole:
    """An upload that can be read: its pieces in order, how long it is, and its SHA-256."""

    pieces: tuple[tuple[str, int], ...]
    size: int
    digest: str = ""


def link(tx: Tx, base: str, of: Upload, way: Way) -> str:
    """Make an address that reads or writes an upload for a while, whoever has it."""
    until = tx.now // SECOND + results.LINK_SECONDS
    proof = {"sp": way, "se": until, "sig": results.signature(of.secret, way, until)}
    return f"{base}{PATH}/{of.id}?{urlencode(proof)}"


def admitted(tx: Tx, upload_id: str, way: Way, until: str, shown: str) -> Upload:
    """Find the upload that an address leads to; Denied when we did not hand the address out."""
    try:
        found = uploads.upload(tx, upload_id)
    except NotFound as error:
        # Nobody learns from the difference which uploads there are.
        raise Denied(
            "This address leads to nothing that is there.", next_step="Ask for a new one."
        ) from error
    results.check_signature(found, way, until, shown, tx.now)
    if way == "r" and not found.whole:
        raise NotFound("This upload is not whole.", next_step="Wait for the job that sends it.")
    if way == "w" and found.whole:
        raise Conflict("This upload is whole and does not change.", next_step="Begin another.")
    return found


def arriving(kernel: Kernel) -> Arriving:
    """Begin to write bytes; close() it, whatever happens."""
    return Arriving(kernel.data)


def put_block(kernel: Kernel, upload_id: str, name: str, came: Arriving) -> None:
    """Keep a block of an upload, on disk for good before this returns."""
    block = Block(upload=upload_id, name=name, digest=came.keep(), size=came.size)

    def write(tx: Tx) -> None:
        uploads.open_upload(tx, upload_id)
        size, count = uploads.grown(tx, upload_id, name)
        most = kernel.settings.artifact_bytes
        results.check_growth(size + block.size, count + 1, most)
        uploads.put_block(tx, block)

    kernel.db.write(write)
    _require_there(kernel, block.digest)


def put_all(kernel: Kernel, upload_id: str, came: Arriving) -> None:
    """Keep an upload that comes in one piece."""
    block = Block(upload=upload_id, name=_ONLY, digest=came.keep(), size=came.size)

    def write(tx: Tx) -> None:
        uploads.open_upload(tx, upload_id)
        results.check_growth(block.size, 1, kernel.settings.artifact_bytes)
        uploads.place_blocks(tx, upload_id, [block])

    kernel.db.write(write)
    _require_there(kernel, block.digest)


def list_blocks(tx: Tx, upload_id: str, names: Sequence[str]) -> None:
    """Write which blocks make up an upload, in order."""
    uploads.open_upload(tx, upload_id)
    ordered = results.listed(uploads.blocks(tx, upload_id), names)
    uploads.place_blocks(tx, upload_id, ordered)


def placed(tx: Tx, upload_id: str) -> Whole:
    """Tell what an upload is made of so far."""
    blocks = [each for each in uploads.blocks(tx, upload_id) if each.place is not None]
    pieces = tuple((each.digest, each.size) for each in blocks)
    return Whole(pieces, sum(each.size for each in blocks))


def weighed(kernel: Kernel, upload_id: str, size: int, digest: str = "") -> Whole:
    """Read what came, and hold it against what its writer says; InvalidInput when they differ."""
    found = kernel.db.read(lambda tx: placed(tx, upload_id))
    if found.size != size:
        raise InvalidInput(
            f"{found.size} bytes came of {size}.", next_step="Send what is missing, and list it."
        )
    actual = blobs.digest_of(kernel.data, found.pieces)
    if digest and actual != digest:
        raise InvalidInput(
            "The bytes that came have another SHA-256.", next_step="Send them again."
        )
    return Whole(found.pieces, found.size, actual)


def settle(tx: Tx, upload_id: str, found: Whole) -> None:
    """Let an upload be whole as it was weighed; Conflict when it has changed since."""
    if placed(tx, upload_id).pieces != found.pieces:
        raise Conflict("The upload changed meanwhile.", next_step="Finish it again.")
    uploads.make_whole(tx, upload_id, found.size, found.digest)


def content(kernel: Kernel, found: Upload, start: int, stop: int) -> Iterator[bytes]:
    """Read a range of an upload's bytes."""
    pieces = kernel.db.read(lambda tx: placed(tx, found.id)).pieces
    return blobs.read(kernel.data, pieces, start, stop)


def sweep(kernel: Kernel) -> int:
    """Let go of what expired, was given up, or is needed no more; how many files that were."""
    while kernel.db.write(lambda tx: artifacts.expire(tx, tx.now, _AT_ONCE)) == _AT_ONCE:
        pass

    def give_up(tx: Tx) -> int:
        yesterday = after(tx.now, -results.DAY_SECONDS)
        begun = caches.unfinished(tx, yesterday, _AT_ONCE)
        caches.remove(tx, begun)
        old = uploads.abandoned(tx, yesterday)
        uploads.forget(tx, old)
        return len(begun) + len(old)

    while kernel.db.write(give_up):
        pass
    return blobs.sweep(
        kernel.data, lambda digests: kernel.db.read(lambda tx: uploads.wanted(tx, digests))
    )


def kept(data: Path, tx: Tx) -> Iterator[Kept]:
    """Name the files of artifacts, for a backup; one that is swept meanwhile had expired."""
    for digest in uploads.digests_of_artifacts(tx):
        path = blobs.path_of(data, digest)
        if path.is_file():
            yield Kept(path.relative_to(data).as_posix(), path)


def _require_there(kernel: Kernel, digest: str) -> None:
    """Only what is on disk beside its row was received: a sweep may have come between."""
    if not blobs.is_there(kernel.data, digest):
        raise Unavailable("These bytes were swept away.", next_step="Send them again.")
