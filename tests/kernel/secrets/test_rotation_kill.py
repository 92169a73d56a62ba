"""A rotation whose process is killed at some moment is taken up again by the next one."""

import subprocess
import sys
from dataclasses import replace

from towpath.kernel.clock import SystemClock
from towpath.kernel.db.opening import open_database
from towpath.kernel.secrets import service
from towpath.kernel.work import service as work
from towpath.kernel.work.worker import Worker

MANY = 200
ROTATING = """
import sys
from pathlib import Path
from towpath.kernel.clock import SystemClock
from towpath.kernel.context import Kernel
from towpath.kernel.db.opening import open_database
from towpath.kernel.secrets import service
from towpath.kernel.settings import Settings
from towpath.kernel.work.worker import Worker

service._AT_ONCE = 1
once, count = service._seal_again, 0
def told(*about):
    global count
    count += 1
    if count == 30:
        print("amid", flush=True)
    return once(*about)
service._seal_again = told
db = open_database(sys.argv[1], SystemClock())
kernel = Kernel(db, SystemClock(), Settings(), Path(sys.argv[2]), "http://towpath.test")
Worker(db, [service.handler(kernel)]).run_until_idle()
print("done", flush=True)
"""


def test_no_secret_is_lost_and_the_rest_is_sealed_again(stores, kernel, tmp_path):
    url = stores.url("sqlite", tmp_path)
    vault = replace(kernel, db=open_database(url, SystemClock()), clock=SystemClock())
    service.prepare(vault)
    ring = service.load(vault)
    vault.db.write(
        lambda tx: [service.put(tx, ring, "site", f"n{n}", str(n)) for n in range(MANY)]
    )
    new = service.rotate(vault)
    vault.db.close()

    command = [sys.executable, "-c", ROTATING, url, str(vault.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as rotating:
        assert rotating.stdout.readline() == "amid\n"
        rotating.kill()

    vault = replace(vault, db=open_database(url, SystemClock()))
    try:
        done = _under(vault, new)
        assert 0 < done < MANY
        assert _values(vault) == [str(n) for n in range(MANY)]
        vault.db.write(work.take_over)
        Worker(vault.db, [service.handler(vault)]).run_until_idle()
        assert _under(vault, new) == MANY
        assert _values(vault) == [str(n) for n in range(MANY)]
    finally:
        vault.db.close()


def _under(vault, key):
    ring = service.load(vault)
    states = vault.db.read(lambda tx: service.key_states(tx, ring))
    return next(each.secrets for each in states if each.id == key)


def _values(vault):
    ring = service.load(vault)
    return vault.db.read(
        lambda tx: [service.get(tx, ring, "site", f"n{n}").reveal() for n in range(MANY)]
    )
