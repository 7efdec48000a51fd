from __future__ import annotations

import pytest
from diagnose.shops import pod
from fake_api import FakeApi
from fakes import FakeRun

from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.domain import USUAL, domain, searched
from lbdemo.errors import ProgramFailedError
from lbdemo.tools.kubectl import Kubectl

ASKED = "kubectl -n shop exec payments-a -c app -- cat /etc/resolv.conf"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("search shop.svc.corp.example svc.corp.example corp.example\nnameserver 10.96.0.10\n", "corp.example"),
        ("nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\n", "cluster.local"),
        ("search example.com\n", ""),
        ("", ""),
    ],
)
def test_the_domain_follows_the_namespace(text: str, told: str) -> None:
    assert searched(text.splitlines()) == told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("search shop.svc.corp.example svc.corp.example", "corp.example"),
        (ProgramFailedError(["kubectl"], 1, "error: Internal error occurred: not found in $PATH"), USUAL),
    ],
)
def test_a_pod_is_asked_and_the_usual_one_stands_where_none_answers(
    answer: str | ProgramFailedError, told: str
) -> None:
    with FakeApi() as server, FakeRun().on(ASKED, answer=answer) as run:
        assert domain(Means(server.api(), Kubectl(run)), [pod("payments-a", "10.0.0.1")]) == told
