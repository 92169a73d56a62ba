"""The files of a commit as one archive."""

import io
import tarfile

import pytest

from towpath.forge.clients.embedded.archiving import archive
from towpath.kernel.errors import InvalidInput, NotFound, TooLarge


def test_an_archive_holds_the_files_of_that_very_commit(hosted):
    first = hosted.copy.commit("first", a="one", **{"folder/b": "two"})
    hosted.copy.commit("second", a="three")
    hosted.put("main")
    with tarfile.open(fileobj=io.BytesIO(archive(hosted.kernel, hosted.id, first))) as files:
        assert set(files.getnames()) >= {"a", "folder/b"}
        assert files.extractfile("a").read() == b"one"


def test_what_is_too_large_or_not_there_is_told(hosted):
    head = hosted.copy.commit("first", a="x" * 100_000)
    hosted.put("main")
    with pytest.raises(TooLarge, match="larger than 1000 bytes"):
        archive(hosted.kernel, hosted.id, head, most=1000)
    with pytest.raises(NotFound):
        archive(hosted.kernel, hosted.id, "1" * 40)
    with pytest.raises(InvalidInput):
        archive(hosted.kernel, hosted.id, "--output=/tmp/x")
