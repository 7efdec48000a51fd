"""Readiness probes that ask at a port where nobody listens, while the program serves at its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.findings import Fix, Line
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.looks import LISTEN
from lbdemo.diagnose.workloads import TEMPLATES, workload_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.pods import Container, Pod, Probe

PLAIN = ("tcpSocket", "grpc")
"""Probes that a port of gRPC can answer; one by HTTP/1 cannot."""


@dataclass(frozen=True, slots=True)
class Misled:
    """A probe that asks somewhere else than where the program `serves`."""

    pod: Pod
    container: Container
    probe: Probe
    serves: int

    def line(self) -> Line:
        """What was seen of it."""
        where = f"port {self.probe.port}, where nobody listens; the program listens at {self.serves}"
        return Line(f"{self.pod.name}: the readiness probe of {self.container.name} asks at {where}", "server sockets")

    def fix(self) -> Fix:
        """The probe at the program's own port, in the template that the pod was made from."""
        patch = ("-n", self.pod.meta.namespace, "patch", workload_of(self.pod), "-p")
        return Fix(
            f"let the readiness probe ask at {self.serves}: the pods are made anew",
            (kubectl(*patch, self._asking_at(self.serves)),), (kubectl(*patch, self._asking_at(self.probe.port)),),
        )  # fmt: skip

    def _asking_at(self, port: int) -> str:
        container = {"name": self.container.name, "readinessProbe": {self.probe.by: {"port": port}}}
        return json.dumps({"spec": {"template": {"spec": {"containers": [container]}}}}, separators=(",", ":"))


def misled(case: Case, pod: Pod) -> Misled | None:
    """The probe that keeps the pod from being ready for that; None where it is something else, or cannot be told."""
    serves = next((server.port for server in case.servers if server.pod is pod), 0)
    listens = {socket.local_port for socket in case.sockets(key(pod)) if socket.state == LISTEN}
    if serves not in listens or workload_of(pod).partition("/")[0] not in TEMPLATES:
        return None
    asked = ((one, one.readiness) for one in pod.containers if one.readiness is not None and not one.init)
    return next((Misled(pod, one, probe, serves) for one, probe in asked
                 if probe.by in PLAIN and probe.port not in listens), None)  # fmt: skip
