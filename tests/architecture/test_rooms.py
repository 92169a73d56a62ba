"""Rooms and doors: who may import whom, held over the list of parts."""

import sys
from pathlib import Path

import grimp
import pytest

from tests.architecture.rooms import TABLE, violations

SOURCE = Path("src/towpath")
NOT_PARTS = {"app", "facts", "kernel", "__pycache__"}


def part_names() -> frozenset[str]:
    from towpath.app.parts import PARTS

    return frozenset(plugin.package.split(".")[1] for plugin in PARTS) - NOT_PARTS


def test_every_import_enters_a_room_that_the_table_opens():
    graph = grimp.build_graph("towpath", include_external_packages=True, cache_dir=None)
    assert violations(graph, "towpath", part_names()) == []


def test_every_package_beside_the_kernel_is_in_the_list_of_parts():
    assert not_listed(SOURCE, part_names()) == set()
    assert part_names() <= {path.name for path in SOURCE.iterdir()}


def not_listed(source: Path, parts: frozenset[str]) -> set[str]:
    """Packages that no list of parts knows, so that no table holds them."""
    return {path.name for path in source.iterdir() if path.is_dir()} - NOT_PARTS - parts


def test_a_planted_package_that_is_no_part_is_found(stub):
    assert not_listed(stub, frozenset({"forge", "gate"})) == set()
    _write(stub / "extras" / "__init__.py", "")
    assert not_listed(stub, frozenset({"forge", "gate"})) == {"extras"}


def test_every_room_of_the_table_names_only_rooms_of_the_table():
    assert all(room.own <= TABLE.keys() for room in TABLE.values())


PLANTED = {
    "api takes rows from the store": ("gate/api.py", "import {root}.gate.store"),
    "model asks a service": ("gate/model.py", "import {root}.gate.service"),
    "model uses a library": ("gate/model.py", "import sqlalchemy"),
    "model opens the database": ("gate/model.py", "import {root}.kernel.db"),
    "formats reads the store": ("gate/formats/yaml.py", "import {root}.gate.store"),
    "store announces a fact": ("gate/store.py", "import {root}.facts.forge"),
    "a client calls the service": ("gate/clients/x.py", "import {root}.gate.service"),
    "a remote program opens the database": ("gate/remote/x.py", "import {root}.kernel.db"),
    "service renders a page": ("gate/service.py", "import {root}.gate.pages"),
    "service enters a lower part's store": ("gate/service.py", "import {root}.forge.store"),
    "service enters a room behind the door": ("gate/service.py", "import {root}.forge.service.x"),
    "reactions read rows": ("gate/reactions.py", "import {root}.gate.store"),
    "loops call another part": ("gate/loops.py", "import {root}.forge.service"),
    "pages parse files": ("gate/pages.py", "import {root}.gate.formats"),
    "the command line reads rows": ("gate/cli.py", "import {root}.gate.store"),
    "a part looks up to the app": ("gate/service.py", "import {root}.app"),
    "a room nobody knows": ("gate/helpers.py", "import json"),
    "a part's __init__ imports": ("gate/__init__.py", "import json"),
    "app takes rows from a part": ("app/server.py", "import {root}.gate.store"),
}


@pytest.fixture
def stub(tmp_path, monkeypatch, request):
    """A small house of its own name with every room, in order until something is planted."""
    root = f"planted_{abs(hash(request.node.name))}"
    for folder in ("app", "facts", "kernel", "forge", "gate"):
        _write(tmp_path / root / folder / "__init__.py", '"""A part."""\n')
    _write(tmp_path / root / "__init__.py", "")
    for room in ("formats", "clients", "remote"):
        _write(tmp_path / root / "gate" / room / "__init__.py", "")
    for module in (
        "kernel/db",
        "kernel/errors",
        "facts/forge",
        "forge/store",
        "gate/store",
        "gate/model",
        "gate/pages",
    ):
        _write(tmp_path / root / f"{module}.py", "")
    _write(tmp_path / root / "forge/service/__init__.py", "")
    _write(tmp_path / root / "forge/service/x.py", "")
    _write(
        tmp_path / root / "gate/service.py",
        f"import {root}.forge.service\nimport {root}.gate.store\nimport {root}.kernel.errors\n",
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / root
    sys.modules.pop(root, None)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _check(stub: Path) -> list[str]:
    graph = grimp.build_graph(stub.name, include_external_packages=True, cache_dir=None)
    return violations(graph, stub.name, frozenset({"forge", "gate"}))


def test_a_house_in_order_is_left_alone(stub):
    assert _check(stub) == []


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_import_is_refused(stub, planted):
    path, line = planted
    _write(stub / path, line.format(root=stub.name) + "\n")
    assert len(_check(stub)) == 1
