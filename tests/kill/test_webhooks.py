"""kill -9 while a message is under way: it is sent again, under the same name."""

import json

from tests.kill.people import World
from tests.servers.receiver import receiver


def test_a_message_that_was_under_way_is_sent_again_with_its_guid(new_server):
    server = new_server()
    server.env["TOWPATH_WEBHOOKS_INSIDE"] = "yes"
    with receiver() as there:
        world = World(server.start(), server.data.parent / "clone")
        there.slow = 5.0
        hook = {"config": {"url": there.url, "secret": "s3cret"}, "events": ["push"]}
        status, _ = world.alice.call("POST", f"{world.path}/hooks", hook)
        assert status == 201
        there.until(1)
        server.kill(whole=True)
        there.slow = 0.0
        server.start()
        there.until(2)
        first, second = (headers["X-GitHub-Delivery"] for headers, _ in there.got[:2])
        assert first == second
        assert json.loads(there.got[1][1])["hook"]["events"] == ["push"]
