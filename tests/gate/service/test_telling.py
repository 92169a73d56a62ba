"""What the gate says: once, with the way to the log."""

from towpath.gate import service


def test_a_refusal_names_its_run_and_is_said_once(lock):
    number = lock.request("oar", {"oar": "x\n"})
    lock.approve(number)
    lock.until_quiet(lambda files: False)
    lock.work()
    refused = [words for words in lock.words(number) if "/runs/" in words]
    assert len(refused) == 1
    assert lock.status(number)[0] == "failure"


def test_pages_of_the_queue_and_of_who_moved_in_it_are_woken(lock, kernel, monkeypatch):
    number = lock.request("oar", {"oar": "x\n"})
    woken = set()
    lock.approve(number)

    def note(tx):
        monkeypatch.setattr(type(tx), "wake", lambda _, channel: woken.add(channel))
        place = service.Place(lock.id, "main")
        service.step(tx, "http://towpath", place, service.observe(kernel, place), [])

    kernel.db.write(note)
    assert {f"live:home@{lock.id}", f"live:queue:{lock.id}@{lock.id}"} <= woken
    assert f"live:merge_request:{lock.id}:{number}@{lock.id}" in woken
