"""What model.following asks git; bound to one repository."""

from dataclasses import dataclass

from towpath.forge.clients.embedded import git, objects, refs
from towpath.forge.model.names import require_sha
from towpath.kernel.context import Kernel


@dataclass(frozen=True)
class GitHistory:
    """Implements model.following.History."""

    kernel: Kernel
    repository: str

    def arrived(self, old: str | None, new: str) -> frozenset[str]:
        """The commits that moving a branch from old to new brought into it."""
        return frozenset(self._commits(*_since(old, new)))

    def landed_as(self, head: str, old: str | None, new: str) -> str:
        """The first commit of the branch's own line, after old and up to new, that holds head."""
        line = self._commits("--first-parent", "--reverse", *_since(old, new))
        above = self._commits("--ancestry-path", f"^{require_sha(head)}", *_since(old, new))
        holders = {head, *above}
        return next((commit for commit in line if commit in holders), new)

    def merge_base(self, one: str, other: str) -> str | None:
        return refs.merge_base(self.kernel, self.repository, one, other)

    def subject(self, commit: str) -> str:
        return objects.subject(self.kernel, self.repository, commit)

    def _commits(self, *selection: str) -> list[str]:
        directory = git.path(self.kernel, self.repository)
        return git.run(directory, "rev-list", *selection, "--").text.split()


def _since(old: str | None, new: str) -> list[str]:
    return [require_sha(new), *([f"^{require_sha(old)}"] if old else [])]
