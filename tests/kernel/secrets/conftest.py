"""A kernel on each store whose first key has been made."""

import pytest

from towpath.kernel.secrets import service
from towpath.kernel.work.worker import Worker


@pytest.fixture
def vault(make_kernel, store):
    made = make_kernel(store)
    service.prepare(made)
    return made


@pytest.fixture
def put(vault):
    def keep(name="hook", value="hunter2", owner="repository:1"):
        ring = service.load(vault)
        vault.db.write(lambda tx: service.put(tx, ring, owner, name, value))

    return keep


@pytest.fixture
def get(vault):
    def read(name="hook", owner="repository:1"):
        ring = service.load(vault)
        return vault.db.read(lambda tx: service.get(tx, ring, owner, name))

    return read


@pytest.fixture
def work_off(vault):
    return lambda: Worker(vault.db, [service.handler(vault)]).run_until_idle()
