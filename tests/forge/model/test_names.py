"""Names from outside; git itself judges our copy of its rules."""

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from towpath.forge.model import names
from towpath.kernel.errors import InvalidInput

PIECES = st.sampled_from([
    b"a", b".", b"..", b"/", b"//", b".lock", b"@", b"@{", b"{", b"-", b" ", b"~", b"^", b":",
    b"?", b"*", b"[", b"]", b"\\", b"\x7f", b"\x01", b"\n", b"\xff", b"\xc3\xa9", b"refs/heads/",
])  # fmt: skip
REFS = st.lists(PIECES, min_size=1, max_size=6).map(b"".join) | st.binary(min_size=1, max_size=8)


def accepted_by_git(ref):
    """git takes a leading dash for an option, so it cannot be asked about those."""
    command = [b"git", b"check-ref-format", ref]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@settings(max_examples=300, deadline=None)
@given(ref=REFS.filter(lambda ref: b"\0" not in ref and not ref.startswith(b"-")))
@example(ref=b"refs/heads/@")
@example(ref=b"refs/@/x")
@example(ref=b"refs/heads/a.lock/b")
@example(ref=b"refs/heads/.a")
@example(ref=b"/refs/heads/a")
@example(ref=b"refs/heads/a/")
@example(ref=b"refs/heads/a.")
@example(ref=b"refs/heads/a./b")
def test_a_ref_is_well_formed_exactly_if_git_says_so(ref):
    assert names.well_formed(ref) == accepted_by_git(ref)


def test_a_nul_is_never_well_formed():
    assert not names.well_formed(b"refs/heads/a\0b")


@pytest.mark.parametrize(
    ("branch", "fault"),
    [
        ("a..b", "check-ref-format"),
        ("a b", "check-ref-format"),
        ("a\0b", "check-ref-format"),
        ("\udcff", "not valid UTF-8"),
        (chr(0xD800), "not valid UTF-8"),
        ("x" * 300, "too long"),
        ("/".join("x" * 200 for _ in range(3)), "too long"),
        ("rtl\u202e", "cannot be seen"),
        ("zero\u200bwidth", "cannot be seen"),
        ("--upload-pack=x", "begins with a dash"),
        ("feature/-x", "begins with a dash"),
        ("f" * 40, "name of a git object"),
    ],
)
def test_a_name_that_deceives_is_refused_with_its_fault(branch, fault):
    assert fault in names.ref_fault(f"refs/heads/{branch}")
    with pytest.raises(InvalidInput, match=fault):
        names.branch_ref(branch)


@pytest.mark.parametrize(
    "branch", ["main", "feature/one", "fix#1", "größe", "v1.2", "a-b_c", "日本"]
)
def test_an_honest_branch_is_kept(branch):
    assert names.branch_ref(branch) == f"refs/heads/{branch}"


@pytest.mark.parametrize(
    "sha", ["", "a" * 39, "A" * 40, "g" * 40, "a" * 40 + "\n", "HEAD", "-" * 40]
)
def test_only_full_object_names_pass(sha):
    with pytest.raises(InvalidInput):
        names.require_sha(sha)
    assert names.require_sha("0" * 40)


@pytest.mark.parametrize("name", ["boat", "Boat-2", "a.b", "_x", "9", "x" * 100])
def test_a_repository_may_be_called(name):
    assert names.require_repository_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".git", "x.git", "X.GIT", "x.lock", "x.", "-x", "a/b", "a b", "a\n", "é"],
)
def test_a_repository_may_not_be_called(name):
    with pytest.raises(InvalidInput, match="cannot be the name"):
        names.require_repository_name(name)


@pytest.mark.parametrize("owner", ["api", "API", "new", "..", "a/b", "", "x" * 40])
def test_an_owner_may_not_be_called(owner):
    with pytest.raises(InvalidInput, match="cannot own"):
        names.require_owner(owner)
