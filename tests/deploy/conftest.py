"""The whole application, as the first administrator sees it."""

from tests.app.conftest import admin

__all__ = ["admin"]
