"""How `make bench NAME=…` finds its program."""

import pytest

from scripts import bench


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "FOLDER", tmp_path)
    return tmp_path


def program(folder, name, code):
    (folder / name).write_text(f'if __name__ == "__main__":\n    raise SystemExit({code})\n')


def test_a_name_with_hyphens_is_the_file_with_underscores(folder, monkeypatch):
    program(folder, "first_line.py", 0)
    (folder / "harness.py").write_text("X = 1\n")
    assert bench.names() == ["first-line"]
    monkeypatch.setattr("sys.argv", ["bench.py", "first-line"])
    bench.main()


def test_an_unknown_name_lists_the_known_ones(folder, monkeypatch):
    program(folder, "kernel_db.py", 0)
    monkeypatch.setattr("sys.argv", ["bench.py", "kernel-dbx"])
    with pytest.raises(SystemExit, match=r"kernel-dbx\. There are: kernel-db"):
        bench.main()


def test_without_a_name_all_run_and_a_failure_is_named(folder, monkeypatch):
    program(folder, "bad.py", 1)
    program(folder, "good.py", 0)
    monkeypatch.setattr("sys.argv", ["bench.py"])
    with pytest.raises(SystemExit, match="broken: bad"):
        bench.main()
