"""What a merge request or a commit changes: a page of it at a time, or one file alone."""

from collections.abc import Sequence
from dataclasses import replace

from towpath.forge.clients.embedded import comparing, plumbing
from towpath.forge.formats import diffs
from towpath.forge.model.diffs import ONE_FILE, PROGRAMS, SUBMODULE, Diff, DiffFile, Limits
from towpath.forge.model.places import visible
from towpath.kernel.context import Kernel
from towpath.kernel.errors import NotFound


def diff(
    kernel: Kernel,
    repository: str,
    base: str,
    head: str,
    *,
    skip: int = 0,
    limits: Limits = PROGRAMS,
) -> Diff:
    """What changed from base to head, from the file after the first `skip` on, cut at `limits`."""
    ends = (kernel, repository, base, head)
    listed, is_all = comparing.changed(*ends)
    counted, is_counted = comparing.counted(*ends)
    files = diffs.changes(listed, counted)
    skipped = min(max(skip, 0), len(files))
    shown = files[skipped : skipped + limits.files]
    patch, whole = b"", True
    if shown:
        first = shown[0].address if skipped else ""
        patch, whole = comparing.patch(*ends, first=first)
    filled = diffs.fill(shown, patch, whole=whole, limits=limits)
    return Diff(
        tuple(_measured(kernel, repository, filled)),
        len(files),
        sum(file.additions or 0 for file in files),
        sum(file.deletions or 0 for file in files),
        skipped,
        is_all and is_counted,
    )


def diff_file(kernel: Kernel, repository: str, base: str, head: str, address: str) -> Diff:
    """What changed in one file, by the address of its path; it may be larger than on a page."""
    ends = (kernel, repository, base, head)
    listed, _ = comparing.changed(*ends)
    found = _find(diffs.changes(listed, b""), address)
    only = [one for one in (found.old_address, address) if one]
    counted, is_counted = comparing.counted(*ends, only)
    patch, whole = comparing.patch(*ends, only=only)
    shown = [_find(diffs.changes(listed, counted), address)]
    filled = diffs.fill(shown, patch, whole=whole, limits=ONE_FILE)
    (file,) = _measured(kernel, repository, filled)
    return Diff((file,), 1, file.additions or 0, file.deletions or 0, exact=is_counted)


def _find(files: Sequence[DiffFile], address: str) -> DiffFile:
    found = next((file for file in files if file.address == address), None)
    if found is None:
        raise NotFound(
            f"{visible(address[:200])} is not changed here.",
            next_step="Look at the list of changed files: somebody may have pushed since.",
        )
    return found


def _measured(kernel: Kernel, repository: str, files: Sequence[DiffFile]) -> list[DiffFile]:
    """Say how many bytes files have whose lines are not shown: pictures, programs, large ones."""
    asked = {
        sha
        for file in files
        if file.binary
        for mode, sha in ((file.old_mode, file.old_sha), (file.new_mode, file.new_sha))
        if mode.strip("0") and mode != SUBMODULE
    }
    sizes = plumbing.blob_sizes(kernel, repository, asked)
    return [
        replace(file, old_size=sizes.get(file.old_sha), new_size=sizes.get(file.new_sha))
        if file.binary
        else file
        for file in files
    ]
