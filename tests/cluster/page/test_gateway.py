"""The page through a gateway: calls as its own host, what is installed for it, and that it is taken away again."""

from __future__ import annotations

import http.client
import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from echo_server import wait_for
from fake_api import FakeApi
from fakes import FakeReporter, FakeRun, failure, tools
from upstream import echoed, upstream
from worlds import helm_secret, listed, pod

from lbdemo.cluster.install.gateway import host
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Release
from lbdemo.cluster.page import gateway, standing
from lbdemo.cluster.page.gateway import Gateway
from lbdemo.cluster.page.ingress import find
from lbdemo.cluster.page.page import page
from lbdemo.errors import InputError, NotReadyError, OperationFailedError, ProgramFailedError
from lbdemo.kube.kinds import SECRETS
from lbdemo.kube.proxy import Child
from lbdemo.resources import addons_chart

HOST = host("lbdemo")
CALL = "/call/message.Echo/EchoMessage"
INSTALL = (
    f"helm upgrade --install lbdemo-gateway {addons_chart()} --timeout 60s --labels "
    "app.kubernetes.io/part-of=lbdemo,lbdemo/digest=<DIGEST> --history-max 3 --reset-values "
    "--server-side=true --force-conflicts -f - -n lbdemo"
)
UNINSTALL = "helm uninstall lbdemo-gateway --ignore-not-found --wait --timeout 60s -n lbdemo"
SECRET = listed([helm_secret(Release("lbdemo-gateway", "lbdemo", "deployed", 1, True, "01"))], "lbdemo")["items"][0]


@dataclass
class World:
    """A gateway on this machine before a page, an API server, and Helm."""

    run: FakeRun = field(default_factory=lambda: FakeRun().on("helm version --short", answer="v4.1.0", always=True))
    api: FakeApi = field(default_factory=FakeApi)
    hosts: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    code: int = 200

    def acts(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        """As a gateway does: by the host."""
        self.hosts.append(handler.headers["host"])
        if self.hosts[-1] != HOST or self.code != http.HTTPStatus.OK:
            handler.send_error(404 if self.hosts[-1] != HOST else self.code)
        else:
            echoed(handler, body)

    def gateway(self) -> Gateway:
        ours = tools(self.run, api=self.api.api())
        return Gateway(ours, lambda: tools(self.run, api=self.api.api()), FakeReporter(), "lbdemo", find(ours.api))

    def start(self, *_: object) -> Child:
        raise AssertionError("nothing is started")


def service(port: int, *ingress: str) -> dict[str, Any]:
    marks = {"istio": "ingressgateway"}
    spec = {"ports": [{"name": "http2", "port": port}], "selector": marks}
    status = {"loadBalancer": {"ingress": [{"ip": place} for place in ingress]}}
    return {"kind": "Service", "metadata": {"name": "door", "namespace": "edge", "labels": marks}, "spec": spec,
            "status": status}  # fmt: skip


@contextmanager
def world(*ingress: str) -> Iterator[World]:
    made = World()
    ui = listed([pod("ui-1", labels.SERVER)], "lbdemo")["items"][0]
    ui["metadata"]["labels"]["app.kubernetes.io/name"] = "ui"
    with upstream(made.acts) as port, made.api.add(service(port, *(ingress or ("127.0.0.1",))), ui, SECRET), made.run:
        yield made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, seconds in (
        (gateway, "PUSH", 0.1), (gateway, "PAUSE", 0.01), (gateway, "PATIENCE", 0.5), (standing, "ASK", 0.02),
        (standing, "PATIENCE", 0.3),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, seconds)


def ask(url: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    link = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=10)
    try:
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        link.request("GET" if body is None else "POST", path, body, given)
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


def test_calls_go_through_it_as_the_pages_host_and_who_may_ask_is_as_ever() -> None:
    with world() as there:
        there.run.on(INSTALL).on(UNINSTALL)
        with page(
            there.gateway().tools, there, "lbdemo", there.told.append, read_only=True, gateway=there.gateway()
        ) as served:
            call = ask(served.url, CALL, b"hello")
            told = json.loads(ask(served.url, "/ways.json")[1])
            token = told["api"]["token"]
            refused = [
                ask(served.url, CALL, b"", host="evil.example")[0],
                ask(served.url, CALL, b"", host=HOST)[0],
                ask(served.url, CALL, b"", origin="http://evil.example")[0],
                ask(served.url, "/api/actions", b"{}", x_lbdemo_token=token)[0],
            ]

    assert call == (200, b"hello")
    assert set(there.hosts) == {HOST}
    assert [way["expects"] for way in told["ways"]] == ["PINNED", "BALANCED"]
    assert refused == [421, 421, 403, 404]
    assert there.told[0].startswith("through gateway door in namespace edge, at http://127.0.0.1:")
    assert there.told[0].endswith(f"(its load balancer), as host {HOST}")
    assert there.told[-1] == "taking release lbdemo-gateway away"


def test_where_the_page_does_not_answer_behind_it_that_is_said_and_nothing_is_left() -> None:
    with world() as there:
        there.run.on(INSTALL).on(UNINSTALL)
        there.code = 503
        with (
            pytest.raises(NotReadyError, match="HTTP 503") as late,
            there.gateway().behind(there, there.told.append),
        ):
            pass

    assert "kubectl -n edge get pods -l istio=ingressgateway" in late.value.hint


def test_what_cannot_be_taken_away_is_left_to_clean_and_that_is_said() -> None:
    with world() as there:
        there.run.on(INSTALL).on(UNINSTALL, answer=failure("Error: no", "helm", "uninstall"))
        with there.gateway().behind(there, there.told.append):
            pass

    assert "`lbdemo clean` takes it away with the rest" in there.told[-1]


def test_an_installation_that_fails_leaves_nothing() -> None:
    with world() as there:
        there.run.on(INSTALL, answer=failure("Error: no", "helm", "upgrade")).on(UNINSTALL)
        with pytest.raises(ProgramFailedError), there.gateway().behind(there, there.told.append):
            pass


def test_what_another_has_taken_away_comes_back() -> None:
    with world() as there:
        there.run.on(INSTALL).on(UNINSTALL)
        with there.gateway().behind(there, there.told.append) as way:
            there.run.on(INSTALL)
            there.api.remove(SECRETS, SECRET["metadata"]["name"], "lbdemo")
            there.code = 404
            wait_for(lambda: there.told[-1].endswith("looking for it anew"), "the word of it")
            there.code = 200
            address = way.address(5)

    assert address is not None
    assert there.run.calls.count(there.run.calls[1]) == 2


def test_where_no_address_leads_to_it_a_port_forward_does() -> None:
    with world("192.0.2.1") as there:
        there.run.on(INSTALL).on(UNINSTALL)
        with (
            pytest.raises(OperationFailedError, match="no pod that serves the gateway is ready"),
            there.gateway().behind(there, there.told.append),
        ):
            pass

    assert there.told[0] == (
        "through gateway door in namespace edge: no address of its own can be reached from here, "
        "so by a port-forward to its pod"
    )


def test_who_may_not_install_it_is_told_before_anything_is_changed() -> None:
    with world() as there:
        there.api.forbid("create", "gateways.networking.istio.io")
        with pytest.raises(OperationFailedError, match=r"may not create gateways\.networking\.istio\.io"):
            there.gateway().check()

    assert there.run.calls == []


def test_what_was_left_half_done_is_got_out_of_the_way() -> None:
    half = Release("lbdemo-gateway", "lbdemo", "pending-install", 1, True, "01")
    with world() as there:
        there.api.put(SECRETS, listed([helm_secret(half)], "lbdemo")["items"][0])
        there.run.on("helm uninstall lbdemo-gateway --ignore-not-found --wait --timeout 300s -n lbdemo")
        there.run.on(INSTALL).on(UNINSTALL)
        with there.gateway().behind(there, there.told.append):
            pass


def test_a_release_of_that_name_that_is_somebody_elses_is_left_alone() -> None:
    theirs = Release("lbdemo-gateway", "lbdemo", "deployed", 1, False)
    with world() as there:
        there.api.put(SECRETS, listed([helm_secret(theirs)], "lbdemo")["items"][0])
        with pytest.raises(InputError, match="release lbdemo-gateway in namespace lbdemo is not lbdemo's"):
            there.gateway().check()

    assert there.run.calls == []
