from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from towpath.kernel import origin


def test_outside_of_any_request_it_is_the_system_and_stays_so():
    origin.identify("user_1", "alice", "token", "token_1")
    assert origin.current() == origin.Origin(login="towpath", proof="system")


def test_who_is_recognised_on_another_thread_is_known_to_all_of_the_request():
    with origin.acting(origin.stranger("10.0.0.1", "curl", "req_1")), ThreadPoolExecutor() as pool:
        assert origin.current().login == ""
        seen = copy_context()
        pool.submit(seen.run, origin.identify, "user_1", "alice", "token", "token_1").result()
        known = origin.current()
    assert (known.login, known.proof_id, known.address) == ("alice", "token_1", "10.0.0.1")
    assert origin.current().login == "towpath"


def test_one_act_inside_another_ends_with_itself():
    with origin.acting(origin.system("outer")):
        with origin.acting(origin.system("inner")):
            assert origin.current().proof_id == "inner"
        assert origin.current().proof_id == "outer"
