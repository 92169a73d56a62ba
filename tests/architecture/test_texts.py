"""No committed file knows the machine it was written on, or where packages come from."""

from pathlib import Path

import pytest

from tests.architecture import texts

ROOT = Path()
REQUIREMENTS = sorted(Path("requirements").glob("*.txt"))
LOCKS = [path for path in [Path("web/package-lock.json")] if path.exists()]


@pytest.mark.parametrize(
    "pattern", [texts.MACHINE, texts.REGISTRY, texts.LOOSE_END, texts.UNMERGED]
)
def test_no_file_holds_a_machine_path_a_registry_or_a_loose_end(pattern):
    assert texts.lines_with(pattern, texts.committed(ROOT)) == []


def test_requirements_and_locks_hold_no_address():
    assert len(REQUIREMENTS) == 4
    assert texts.lines_with(texts.ADDRESS, REQUIREMENTS) == []
    locked = [line for line in texts.lines_with(texts.ADDRESS, LOCKS) if '"resolved"' in line]
    assert locked == []


def test_every_requirement_is_pinned_with_hashes():
    assert texts.without_hash(REQUIREMENTS) == []


@pytest.mark.parametrize(
    "planted", ["left-pad==1.3.0\n", "left-pad>=1.3.0 \\\n    --hash=sha256:0a\n", "left-pad\n"]
)
def test_a_planted_requirement_that_could_be_anything_is_found(tmp_path, planted):
    file = tmp_path / "runtime.txt"
    file.write_text("click==8.1.0 \\\n    --hash=sha256:0a \\\n    --hash=sha256:0b\n")
    assert texts.without_hash([file]) == []
    file.write_text(file.read_text() + planted)
    (found,) = texts.without_hash([file])
    assert ": left-pad" in found


PLANTED = [
    (texts.UNMERGED, "<" * 7 + " ours"),
    (texts.UNMERGED, "=" * 7),
    (texts.MACHINE, "cd /" + "root/towpath"),
    (texts.MACHINE, "log in /" + "work/main/x.log"),
    (texts.REGISTRY, "index = py" + "pi.org"),
    (texts.LOOSE_END, "# TO" + "DO: later"),
    (texts.ADDRESS, "--index-url https" + "://example.org/simple"),
]


@pytest.mark.parametrize(("pattern", "line"), PLANTED)
def test_a_planted_word_is_found(tmp_path, pattern, line):
    planted = tmp_path / "planted.txt"
    planted.write_text(f"fine\n{line}\n")
    assert len(texts.lines_with(pattern, [planted])) == 1
