"""Small functions, small files, and a test file for each."""

from pathlib import Path

from tests.architecture import sources

SOURCE = Path("src/towpath")
SHORT_ON_PURPOSE = {
    "app/parts.py": "the list of parts",
    "kernel/schema.py": "the kernel's tables as one history",
    "kernel/context.py": "the bundle that every verb takes; nothing else belongs in it",
    "kernel/ids.py": "the smallest word of the kernel",
}


def test_no_function_is_longer_than_forty_lines():
    assert sources.long_functions(SOURCE) == []


def test_the_median_function_is_shorter_than_ten_lines():
    assert sources.long_median(SOURCE) == []


def test_no_file_is_longer_than_four_hundred_lines():
    assert sources.long_files(SOURCE) == []


def test_no_file_is_so_short_that_it_should_be_part_of_another():
    assert set(sources.short_files(SOURCE)) - SHORT_ON_PURPOSE.keys() == set()


def test_every_source_file_has_its_test_file():
    assert sources.without_test(SOURCE, Path("tests")) == []


def test_every_init_holds_a_docstring_only():
    assert sources.full_inits(SOURCE) == []


def test_a_planted_long_function_is_found(tmp_path):
    body = "\n".join("    x = 1" for _ in range(40))
    (tmp_path / "long.py").write_text(f"def fine():\n    pass\n\n\nasync def long():\n{body}\n")
    assert sources.long_functions(tmp_path) == [f"{tmp_path}/long.py: long has 41 lines"]


def test_a_planted_house_of_long_functions_is_found(tmp_path):
    for name, lines in {"one": 1, "two": 8, "three": 30}.items():
        body = "    x = 1\n" * lines
        (tmp_path / f"{name}.py").write_text(f"def {name}():\n{body}")
    assert sources.long_median(tmp_path) == []
    (tmp_path / "two.py").write_text("async def two():\n" + "    x = 1\n" * 9)
    assert sources.long_median(tmp_path) == ["the median function has 10 lines"]


def test_a_planted_long_file_is_found(tmp_path):
    (tmp_path / "fine.py").write_text("x = 1\n" * 400)
    (tmp_path / "long.py").write_text("x = 1\n" * 401)
    assert sources.long_files(tmp_path) == [f"{tmp_path}/long.py has 401 lines"]


def test_a_planted_short_file_is_found(tmp_path):
    (tmp_path / "short.py").write_text("x = 1\n")
    (tmp_path / "plugin.py").write_text("PLUGIN = 1\n")
    assert sources.short_files(tmp_path) == ["short.py"]


def test_a_planted_file_without_its_test_is_found(tmp_path):
    (tmp_path / "src/gate/clients").mkdir(parents=True)
    (tmp_path / "tests/gate").mkdir(parents=True)
    for name in ("gate/model.py", "gate/plugin.py", "gate/clients/git.py"):
        (tmp_path / "src" / name).write_text("")
    (tmp_path / "tests/gate/test_model.py").write_text("def test_it():\n    assert decide()\n")
    found = sources.without_test(tmp_path / "src", tmp_path / "tests")
    assert [line.rpartition("/")[2] for line in found] == ["test_git.py"]


def test_a_planted_test_file_without_a_test_is_found(tmp_path):
    for folder in ("src", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "src/loops.py").write_text("")
    planted = tmp_path / "tests/test_loops.py"
    for text in ("", '"""To be written."""\n', "def helper():\n    pass\n"):
        planted.write_text(text)
        assert len(sources.without_test(tmp_path / "src", tmp_path / "tests")) == 1
    planted.write_text("class TestLoops:\n    async def test_it(self):\n        assert loops()\n")
    assert sources.without_test(tmp_path / "src", tmp_path / "tests") == []


def test_a_planted_import_in_an_init_is_found(tmp_path):
    (tmp_path / "__init__.py").write_text('"""Doc."""\nimport json\n')
    assert sources.full_inits(tmp_path) == [f"{tmp_path}/__init__.py"]


def test_the_door_of_a_service_package_opens_by_imports_alone(tmp_path):
    door = tmp_path / "service"
    door.mkdir()
    (door / "__init__.py").write_text(
        '"""Doc."""\nfrom json import loads\n\n__all__ = ["loads"]\n'
    )
    assert sources.full_inits(tmp_path) == []
    (door / "__init__.py").write_text('"""Doc."""\n\n\ndef verb():\n    pass\n')
    assert sources.full_inits(tmp_path) == [f"{door}/__init__.py"]
