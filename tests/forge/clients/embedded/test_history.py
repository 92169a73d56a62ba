"""What model.following asks git, answered by git."""

from towpath.forge.clients.embedded.history import GitHistory
from towpath.forge.model.following import History


def test_each_question_is_answered_about_this_repository(hosted):
    history: History = GitHistory(hosted.kernel, hosted.id)
    main = hosted.copy.sha("main")
    topic = hosted.branch("topic", a="1")
    landed = hosted.land(topic)
    assert history.merge_base(landed, topic) == topic
    assert history.arrived(main, landed) == {topic, landed}
    assert history.landed_as(topic, main, landed) == landed
    assert history.subject(topic) == "work on topic"


def test_what_arrived_and_where_it_landed(hosted):
    history = GitHistory(hosted.kernel, hosted.id)
    main = hosted.copy.sha("main")
    topic = hosted.branch("topic", a="1")
    first = hosted.land(topic)
    second = hosted.land(hosted.branch("other", b="1"))
    assert topic in history.arrived(main, second)
    assert main not in history.arrived(main, second)
    assert history.landed_as(topic, main, second) == first
    assert history.landed_as(first, main, second) == first
    assert history.landed_as(topic, None, second) == first
