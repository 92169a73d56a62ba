"""What model.following asks git; bound to one repository."""

from dataclasses import dataclass

from towpath.forge.clients.embedded import objects, refs
from towpath.kernel.context import Kernel


@dataclass(frozen=True)
class GitHistory:
    """Implements model.following.History."""

    kernel: Kernel
    repository: str

    def arrived(self, old: str | None, new: str) -> frozenset[str]:
        return refs.arrived(self.kernel, self.repository, old, new)

    def landed_as(self, head: str, old: str | None, new: str) -> str:
        return refs.landed_as(self.kernel, self.repository, head, old, new)

    def merge_base(self, one: str, other: str) -> str | None:
        return refs.merge_base(self.kernel, self.repository, one, other)

    def subject(self, commit: str) -> str:
        return objects.subject(self.kernel, self.repository, commit)
