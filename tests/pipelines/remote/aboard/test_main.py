"""The one word that says which action is wanted."""

from towpath.pipelines.model import furnished
from towpath.pipelines.remote.aboard import __main__ as program


def test_every_program_of_the_built_in_actions_is_there():
    wanted = {each.main for each in furnished.ACTIONS.values()}
    wanted |= {each.post for each in furnished.ACTIONS.values() if each.post}
    assert program.PROGRAMS.keys() == wanted


def test_a_failure_is_an_annotation_and_an_exit_code(deck, capsys):
    deck.give(path="none", if_no_files_found="error")
    assert program.main(["upload"]) == 1
    assert capsys.readouterr().out == "::error::No file matches none.\n"
    deck.give(if_no_files_found="ignore")
    assert program.main(["upload"]) == 0
