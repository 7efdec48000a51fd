"""Questions side by side: each of them gets its own answer, over connections that are lent to one at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fake_api import FakeApi

from lbdemo.kube.kinds import CONFIG_MAPS
from lbdemo.kube.records.meta import Meta


def test_many_questions_at_once_get_their_own_answers() -> None:
    names = [f"cm-{number}" for number in range(40)]
    with FakeApi().add(*({"kind": "ConfigMap", "metadata": {"name": n, "namespace": "ns"}} for n in names)) as fake:
        api = fake.api()
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda name: api.get(CONFIG_MAPS, name, "ns"), names * 40))

    assert [found.name for found in answers if isinstance(found, Meta)] == names * 40
