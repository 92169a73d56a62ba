"""The kernel serves every part and knows the domain of none."""

from pathlib import Path

import pytest

from tests.architecture.words import domain_words


def test_no_domain_word_is_in_the_kernels_code():
    assert domain_words(Path("src/towpath/kernel")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "def land(merge_request):\n    pass\n",
        "class Pipeline:\n    pass\n",
        "import towpath.forge.service\n",
        "QUERY = 'SELECT * FROM gate_change'\n",
        "found = tx.repositories()\n",
        "tell(by='the workflow')\n",
    ],
)
def test_a_planted_domain_word_is_found(tmp_path, planted):
    (tmp_path / "work.py").write_text(planted)
    assert len(domain_words(tmp_path)) == 1


def test_a_comment_may_explain_and_other_words_may_look_alike(tmp_path):
    (tmp_path / "work.py").write_text(
        '"""As a merge request does."""\n\n'
        "def delegates():  # a pipeline, for example\n"
        '    """Or a repository."""\n    return investigate\n'
    )
    assert domain_words(tmp_path) == []
