from towpath.kernel.db.listeners import Listeners


def test_each_listener_hears_each_channel_once_in_order():
    listeners = Listeners()
    heard = []
    listeners.add(lambda channel: heard.append(("a", channel)))
    listeners.add(lambda channel: heard.append(("b", channel)))
    listeners.tell(["x", "y", "x"])
    assert heard == [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")]


def test_a_listener_may_stop_itself_while_being_told():
    listeners = Listeners()
    heard = []

    def once(channel):
        heard.append(channel)
        stop()

    stop = listeners.add(once)
    listeners.add(heard.append)
    listeners.tell(["x"])
    listeners.tell(["y"])
    assert heard == ["x", "x", "y"]


def test_one_that_fails_does_not_silence_the_next(capsys):
    listeners = Listeners()
    heard = []
    listeners.add(lambda channel: 1 / 0)
    listeners.add(heard.append)
    listeners.tell(["x"])
    assert heard == ["x"]
