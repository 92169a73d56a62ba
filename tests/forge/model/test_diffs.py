"""Words for what happened to a file beside its lines."""

import pytest

from towpath.forge.model.diffs import DiffFile

FILE, RUN, LINK, MODULE, NONE = "100644", "100755", "120000", "160000", "000000"


def changed(status="modified", old=FILE, new=FILE, path="a", **more):
    given = {"old_path": None, "address": path, "old_address": None, "additions": 0} | more
    return DiffFile(
        path=path, status=status, old_mode=old, new_mode=new, old_sha="1", new_sha="2", **given
    )


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (changed(), []),
        (changed("added", NONE, FILE), ["new file"]),
        (changed("added", NONE, RUN), ["new executable file"]),
        (changed("added", NONE, MODULE), ["new submodule"]),
        (changed("removed", LINK, NONE), ["link removed"]),
        (changed("changed", FILE, LINK), ["was a file, is a link"]),
        (changed(old=FILE, new=RUN), ["made executable"]),
        (changed(old=RUN, new=FILE), ["no longer executable"]),
        (changed("renamed", like=87), ["87 % the same"]),
        (changed("renamed", FILE, RUN, like=87), ["87 % the same", "made executable"]),
    ],
)
def test_what_happened_is_told(file, told):
    assert file.told == told


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (changed(), "nothing"),
        (changed(old=FILE, new=RUN), "mode"),
        (changed("renamed"), "name"),
        (changed("added", NONE), "empty"),
        (changed("removed", FILE, NONE), "empty"),
        (changed(cut=True), "left out"),
        (changed(additions=None, new_size=10), "binary"),
        (changed(additions=None, new_size=512_001), "large"),
        (changed(additions=None, old_size=8_000_001, new_size=1), "huge"),
        (changed(additions=None, cut=True), "left out"),
    ],
)
def test_why_there_are_no_lines_is_told(file, why):
    assert file.why == why


def test_only_a_picture_that_is_not_huge_is_shown():
    assert changed(path="a.PNG", additions=None, new_size=10).is_picture
    assert not changed(path="a.png", additions=3).is_picture
    assert not changed(path="a.svg", additions=None, new_size=10).is_picture
    assert not changed(path="a.png", additions=None, new_size=9_000_000).is_picture


def test_a_submodule_is_one_on_either_side():
    assert changed("changed", FILE, MODULE).is_submodule
    assert changed("removed", MODULE, NONE).is_submodule
    assert not changed().is_submodule
