"""Every page has its picture in the tour, and the tour no picture that is of nothing."""

from pathlib import Path

import pytest

from scripts import reference, screenshots

TOUR = Path("docs/tour")
# Pictures of pages newer than the last `make screenshots`; the next one empties this.
NOT_YET_TAKEN = {"roles", "settings"}
# Answers to GET beside the pages: probes, streams, pieces of a page, files as they are, and doors
# that one only passes through.
NO_PAGES = {
    "/login/oidc", "/login/oidc/callback", "/login/oidc/end", "/login/recover",
    "/healthz", "/readyz", "/metrics", "/live", "/{owner}/{name}/info/refs",
    "/.well-known/openid-configuration", "/runs/{run}/artifacts/{artifact}",
    "/{owner:owner}/{name}.git", "/{owner:owner}/{name}/raw/{place:path}",
    "/{owner:owner}/{name}/merge_requests/{number:int}/judged",
    "/{owner:owner}/{name}/merge_requests/{number:int}/talk",
    "/{owner}/{name}/merge_requests/{number}/gate",
}  # fmt: skip


def pages() -> set[str]:
    """Routes of pages, as the reference lists them."""
    section = reference.pages()["api.md"].split("## Pages and the rest")[1]
    lines = [line.split("`")[1] for line in section.splitlines() if line.startswith("| `GET ")]
    return {line.removeprefix("GET ") for line in lines} - NO_PAGES


def test_every_page_has_a_picture():
    assert pages() - screenshots.PICTURES.keys() == set(), "add it to scripts/screenshots.py"
    assert screenshots.PICTURES.keys() - pages() == {"any other"}


def test_every_picture_is_in_the_tour_and_small():
    named = {name for names in screenshots.PICTURES.values() for name in names}
    assert {path.stem for path in TOUR.iterdir()} == named - NOT_YET_TAKEN
    assert named >= NOT_YET_TAKEN
    assert [path for path in TOUR.iterdir() if path.stat().st_size > screenshots.MOST_BYTES] == []


@pytest.mark.parametrize("name", sorted(path.name for path in TOUR.iterdir()))
def test_every_picture_is_shown_or_linked_from_a_page_of_the_docs(name):
    texts = [Path("README.md"), *Path("docs").rglob("*.md")]
    assert any(f"tour/{name})" in path.read_text() for path in texts)


def test_a_picture_with_a_palette_is_a_png_of_its_size():
    made = screenshots.png(2, [0xFFFFFF, 0x000000], bytes([0, 1, 1, 0]))
    assert made.startswith(b"\x89PNG\r\n\x1a\n")
    assert made[16:24] == bytes([0, 0, 0, 2, 0, 0, 0, 2])
