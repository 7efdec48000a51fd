"""Programs in pods, asked over HTTP through the API server: metrics, admin pages."""

from __future__ import annotations

from collections.abc import Mapping

from lbdemo.kube.answers import Right, Unseen
from lbdemo.kube.client import Client
from lbdemo.kube.questions import TIMEOUT, Question
from lbdemo.kube.refusals import Refusal
from lbdemo.kube.transport import Reply


class Passing(Client):
    """What asks programs behind the API server."""

    def pod_get(
        self, pod: str, namespace: str, port: int | str, path: str, *, timeout: float = TIMEOUT
    ) -> Reply | Unseen:
        """`GET path` of a port of the pod; the program's own failures are replies, too."""
        return self._pass("pods", pod, namespace, port, path, timeout)

    def service_get(
        self, service: str, namespace: str, port: int | str, path: str, *, query: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Reply | Unseen:  # fmt: skip
        """The same of a Service's port: of one of its endpoints, as the API server picks."""
        return self._pass("services", service, namespace, port, path, timeout, query)

    def node_get(
        self, node: str, path: str, *, query: Mapping[str, str] | None = None, timeout: float = TIMEOUT
    ) -> Reply | Unseen:
        """The same of a node's kubelet."""
        place, right = f"/api/v1/nodes/{node}/proxy/{path.lstrip('/')}", Right("get", "nodes/proxy", "", "", node)
        return self._at(place, f"{path} of node {node}", right, timeout, query)

    def _pass(
        self, plural: str, name: str, namespace: str, port: int | str, path: str, timeout: float,
        query: Mapping[str, str] | None = None,
    ) -> Reply | Unseen:  # fmt: skip
        place = f"/api/v1/namespaces/{namespace}/{plural}/{name}:{port}/proxy/{path.lstrip('/')}"
        what = f"{path} of {plural.removesuffix('s')} {name}:{port} in namespace {namespace}"
        return self._at(place, what, Right("get", f"{plural}/proxy", "", namespace, name), timeout, query)

    def _at(
        self, place: str, what: str, right: Right, timeout: float, query: Mapping[str, str] | None
    ) -> Reply | Unseen:
        question = Question(what, right, place, query=dict(query or {}), accept="*/*", timeout=timeout)
        answer = self.ask(question)
        if not isinstance(answer, Refusal):
            return answer
        return answer.passed or self.unseen(question, answer)
