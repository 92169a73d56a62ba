from towpath.kernel.kept import Kept, below


def test_every_plain_file_below_a_folder_is_named_and_links_are_not(tmp_path):
    (tmp_path / "logs" / "run").mkdir(parents=True)
    (tmp_path / "logs" / "run" / "a.log").write_text("a")
    (tmp_path / "logs" / "b.log").write_text("b")
    (tmp_path / "logs" / "link").symlink_to("/etc/passwd")
    (tmp_path / "other").write_text("not asked for")
    assert [each.name for each in below(tmp_path, "logs")] == ["logs/b.log", "logs/run/a.log"]


def test_a_single_file_may_be_named_and_what_is_not_there_is_nothing(tmp_path):
    (tmp_path / "bootstrap.json").write_text("{}")
    path = tmp_path / "bootstrap.json"
    assert list(below(tmp_path, "bootstrap.json")) == [Kept("bootstrap.json", path)]
    assert list(below(tmp_path, "logs")) == []


def test_nothing_is_secret_unless_its_owner_says_so():
    assert not Kept("logs/a", None).secret
