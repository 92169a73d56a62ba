import click
import httpx2
import pytest
from click.testing import CliRunner

from towpath.app.cli import main
from towpath.app.talking import Talk, part


def test_a_refusal_is_told_in_the_words_of_the_server(towpath):
    code, told = towpath("users", "set-role", "ghost", "viewer")
    assert code == 1
    assert "There is no user ghost. Check the spelling" in told


def test_a_server_that_is_not_there_is_told_apart():
    words = ["users", "list", "--url", "http://127.0.0.1:1", "--token", "x"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert "cannot be reached" in done.output


def test_an_answer_in_foreign_words_is_not_taken_for_ours(monkeypatch):
    answer = httpx2.Response(502, text="<h1>Bad gateway</h1>")
    monkeypatch.setattr(httpx2, "request", lambda *_, **__: answer)
    with pytest.raises(click.ClickException, match="answered 502, and not in our words"):
        Talk("http://a.example", "x", as_json=False).ask("GET", "/users")


def test_what_is_in_a_word_leads_nowhere_else():
    assert part("../admin?x=1") == "..%2Fadmin%3Fx%3D1"
