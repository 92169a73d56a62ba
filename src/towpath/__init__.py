"""Towpath: the paved path from merge request to production.

Read ARCHITECTURE.md first, then towpath.app.parts: the list of parts.
"""

__version__ = "0.1.0"
