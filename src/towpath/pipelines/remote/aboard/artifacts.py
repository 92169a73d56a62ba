"""actions/upload-artifact and actions/download-artifact."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from towpath.pipelines.remote.aboard import finding, packing, serving, speaking
from towpath.pipelines.remote.aboard.finding import Found
from towpath.pipelines.remote.aboard.serving import Absent, Fetching, Sending
from towpath.pipelines.remote.aboard.speaking import Failed, given, is_set, output, say, variable

_NAME = "artifact"
_LEVEL = 6
_MOST_DAYS = 400


def upload() -> None:
    """Leave files for other jobs and for people."""
    found = _found()
    if not found.files:
        return _found_nothing()
    if not is_set("archive") and given("archive"):
        return _upload_one(found)
    name, level = given("name") or _NAME, speaking.number("compression-level", 0, 9)
    root = _root(found)
    say(f"Uploading {len(found.files)} files as {name!r}, named as they are below {root}")
    sending = _begin(name, "application/zip")
    packing.pack(sending, root, found.files, _LEVEL if level is None else level)
    return _end(name, sending)


def _found() -> Found:
    here, home = variable("GITHUB_WORKSPACE"), variable("HOME")
    wanted = finding.patterns(speaking.lines("path"), home, here)
    return finding.find(wanted, hidden=is_set("include-hidden-files"))


def _found_nothing() -> None:
    told = f"No file matches {', '.join(speaking.lines('path'))}."
    match given("if-no-files-found") or "warn":
        case "error":
            raise Failed(told)
        case "ignore":
            say(told)
        case "warn":
            speaking.warn(f"{told} No artifact is uploaded.")
        case other:
            raise Failed(f"`if-no-files-found` must be warn, error or ignore, not {other!r}.")


def _root(found: Found) -> str:
    """Find the folder that names in the zip begin below, as upload-artifact does."""
    if len(found.starts) > 1:
        return finding.common_folder(found.starts)
    start = found.starts[0]
    return os.path.dirname(start) if found.files == (start,) else start


def _upload_one(found: Found) -> None:
    """Leave one file as it is, under its own name."""
    if len(found.files) > 1:
        raise Failed(f"With `archive: false` one file can be uploaded, not {len(found.files)}.")
    name = os.path.basename(found.files[0])
    sending = _begin(name, "application/octet-stream")
    with open(found.files[0], "rb") as file:
        while piece := file.read(1 << 20):
            sending.write(piece)
    _end(name, sending)


def _begin(name: str, kind: str) -> Sending:
    if is_set("overwrite"):
        try:
            serving.call("ArtifactService/DeleteArtifact", name=name)
            say(f"Deleted the artifact {name!r} that was there.")
        except Absent:
            pass
    wish: dict[str, Any] = {"name": name, "version": 7, "mime_type": kind}
    if days := speaking.number("retention-days", 0, _MOST_DAYS):
        ends = datetime.now(UTC) + timedelta(days=days)  # noqa: TID251 - the server has the last word
        wish["expires_at"] = ends.isoformat().replace("+00:00", "Z")
    made = serving.call("ArtifactService/CreateArtifact", **wish)
    return Sending(str(made["signed_upload_url"]))


def _end(name: str, sending: Sending) -> None:
    digest = sending.end()
    made = serving.call(
        "ArtifactService/FinalizeArtifact",
        name=name, size=str(sending.size), hash=f"sha256:{digest}",
    )  # fmt: skip
    number = made["artifact_id"]
    say(f"Uploaded {speaking.size(sending.size)} as {name!r}, number {number}, sha256 {digest}")
    output("artifact-id", number)
    output("artifact-digest", digest)
    run = f"{variable('TOWPATH_URL')}/runs/{variable('GITHUB_RUN_ID')}"
    output("artifact-url", f"{run}/artifacts/{number}")


def download() -> None:
    """Fetch what jobs of this run left."""
    if given("run-id") not in {"", variable("GITHUB_RUN_ID")}:
        raise Failed("Artifacts of other runs are not fetched: leave `run-id` out.")
    folder = os.path.join(variable("GITHUB_WORKSPACE"), _at_home(given("path")))
    folder = os.path.normpath(folder)
    there = serving.call("ArtifactService/ListArtifacts").get("artifacts", [])
    chosen, plain = _chosen(there)
    for each in chosen:
        own = folder if plain or is_set("merge-multiple") else os.path.join(folder, each["name"])
        _fetch(each, own)
    say(f"Downloaded {len(chosen)} of {len(there)} artifacts to {folder}")
    output("download-path", folder)


def _at_home(path: str) -> str:
    return variable("HOME") + path[1:] if path == "~" or path.startswith("~/") else path


def _chosen(there: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """Choose by name, by numbers, or by a pattern; True when without folders of their own."""
    name, numbers = given("name"), given("artifact-ids")
    if name and numbers:
        raise Failed("Give `name` or `artifact-ids`, not both.")
    if name:
        found = [each for each in there if each["name"] == name]
        if not found:
            # Ask for it, for the server knows why it is not there: it may have expired.
            serving.call("ArtifactService/GetSignedArtifactURL", name=name)
            raise Failed(f"This run has no artifact named {name!r}.")
        return found, True
    if numbers:
        wanted = {number.strip() for number in numbers.split(",") if number.strip()}
        found = [each for each in there if str(each["database_id"]) in wanted]
        if len(found) < len(wanted):
            raise Failed(f"Of the artifacts {numbers} this run has {len(found)}.")
        return found, len(found) == 1
    pattern = given("pattern")
    return [
        each for each in there if not pattern or fnmatch.fnmatchcase(each["name"], pattern)
    ], False


def _fetch(artifact: dict[str, Any], folder: str) -> None:
    found = serving.call("ArtifactService/GetSignedArtifactURL", name=artifact["name"])
    fetching = Fetching(str(found["signed_url"]))
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=variable("RUNNER_TEMP") or None) as apart:
        file = Path(apart, "artifact")
        digest = _saved(fetching, file)
        _compare(digest, str(artifact.get("digest") or ""))
        if "zip" in fetching.type and not is_set("skip-decompress"):
            count = packing.unpack(file, folder)
            say(f"{artifact['name']}: {count} files, {speaking.size(int(artifact['size']))}")
            return
        kept = artifact["name"] + (".zip" if "zip" in fetching.type else "")
        shutil.copyfile(file, os.path.join(folder, os.path.basename(kept)))


def _saved(fetching: Fetching, file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("wb") as written:
        for piece in fetching.pieces():
            digest.update(piece)
            written.write(piece)
    return digest.hexdigest()


def _compare(actual: str, expected: str) -> None:
    """Do with bytes of another digest what the input says; by default they are an error."""
    if not expected or expected == f"sha256:{actual}":
        return
    told = f"The artifact has the digest {actual}, not {expected}."
    match given("digest-mismatch") or "error":
        case "error":
            raise Failed(told)
        case "warn":
            speaking.warn(told)
        case "info":
            say(told)
        case "ignore":
            pass
        case other:
            raise Failed(f"`digest-mismatch` cannot be {other!r}.")
