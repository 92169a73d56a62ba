"""Words that may stand in no committed file: a machine's paths, a registry's name, loose ends."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

# Written in pieces, so that this file does not break its own rule.
MACHINE = re.compile("/(?:" + r"work/(?:main|shared)|root/\w|home/[a-z]+/\w)")
REGISTRY = re.compile("|".join([r"pypi\." + "org", r"python" + "hosted", r"npm" + r"js\.org"]))
LOOSE_END = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
UNMERGED = re.compile(r"^(?:<{7} |>{7} |={7}$)")
ADDRESS = re.compile(r"https?://|file://|--index|--find-links")
TEXT = {".py", ".md", ".txt", ".toml", ".json", ".yml", ".yaml", ".html", ".css", ".js", ".sh", ""}


def committed(root: Path) -> list[Path]:
    """List the text files that git knows or would add; outside a repository, every file."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = (root / name for name in listed.split("\0") if name)
    return [path for path in paths if path.suffix in TEXT and path.is_file()]


def without_hash(paths: Iterable[Path]) -> list[str]:
    """Name each requirement that is not pinned to one version with a hash of it."""
    return [
        f"{path}: {entry.split()[0]}"
        for path in paths
        for entry in path.read_text().replace("\\\n", " ").splitlines()
        if entry.strip() and not ("==" in entry and "--hash=sha256:" in entry)
    ]


def lines_with(pattern: re.Pattern[str], paths: Iterable[Path]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
