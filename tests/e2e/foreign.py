"""Somebody else's services on a cluster: made with kubectl, named and labelled as people do."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from e2e.cluster import Done, eventually, kubectl, lbdemo_argv, run
from e2e.foreign_images import image

PORT, METRICS = 9090, 9100
WATCH = "4s"
FINE = (0, 7)
"""What `diagnose` exits with where nothing is found, whether or not so few calls prove that they are spread."""


def deployment(
    name: str, kind: str, arguments: Sequence[str], replicas: int = 1, *, listens: bool = False,
    labels: Mapping[str, str] | None = None, annotations: Mapping[str, str] | None = None, **pod: Any,
) -> dict[str, Any]:  # fmt: skip
    marks = {"app": name, **(labels or {})}
    container: dict[str, Any] = {"name": "main", "image": image(kind), "args": list(arguments)}
    if listens:
        container["ports"] = [{"containerPort": PORT}]
        container["readinessProbe"] = {"tcpSocket": {"port": PORT}, "periodSeconds": 2}
    container |= pod.pop("container", {})
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": marks},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": marks, "annotations": dict(annotations or {})},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container], **pod},
            },
        },
    }  # fmt: skip


def service(name: str, *, headless: bool = False, port: Mapping[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    told = {"port": PORT if headless else 80, "targetPort": PORT, "name": "grpc", **(port or {})}
    ip = {"clusterIP": "None"} if headless else {}
    whole = {"selector": {"app": name}, "ports": [told], **ip, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": whole}


def go_server(name: str, replicas: int = 3, *arguments: str, **more: Any) -> dict[str, Any]:
    scrape = {"prometheus.io/scrape": "true", "prometheus.io/port": str(METRICS)}
    annotations = {**scrape, **more.pop("annotations", {})}
    told = [f"-serve=:{PORT}", f"-metrics=:{METRICS}", *arguments]
    return deployment(name, "go", told, replicas, listens=True, annotations=annotations, **more)


def go_client(name: str, target: str, *arguments: str, **more: Any) -> dict[str, Any]:
    return deployment(name, "go", [f"-call={target}", *arguments], **more)


def python_server(name: str, replicas: int = 3, *arguments: str, **more: Any) -> dict[str, Any]:
    return deployment(name, "python", [f"--port={PORT}", *arguments], replicas, listens=True, **more)


def python_part(
    name: str, app: str, replicas: int = 1, *arguments: str, labels: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """One of several Deployments behind the Service of an app."""
    marks = {"app": app, "part": name}
    made = python_server(name, replicas, *arguments, labels=marks | dict(labels or {}), **more)
    made["spec"]["selector"]["matchLabels"] = marks
    return made


def python_client(name: str, target: str, *arguments: str, **more: Any) -> dict[str, Any]:
    return deployment(name, "python", [f"--target={target}", *arguments], **more)


@dataclass(frozen=True)
class Shop:
    """A namespace of somebody's services."""

    namespace: str

    @classmethod
    def open(cls, labels: Mapping[str, str] | None = None) -> Shop:
        name = f"shop-{uuid.uuid4().hex[:6]}"
        meta = {"name": name, "labels": dict(labels or {})}
        kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": meta}))
        return cls(name)

    def close(self) -> None:
        run(["kubectl", "delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false"])

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def apply(self, *documents: Mapping[str, Any]) -> None:
        """Makes them, and waits until all pods are ready."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(listed))
        self.settled(*(one["metadata"]["name"] for one in documents if one["kind"] == "Deployment"))

    def settled(self, *names: str) -> None:
        for name in names:
            self.kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s")

    def retarget(self, name: str, target: str, *, calls: bool = True) -> None:
        """Has the client of plain grpcio call something else, as somebody changes its configuration."""
        told = [{"op": "replace", "path": "/spec/template/spec/containers/0/args/0", "value": f"--target={target}"}]
        self.kubectl("patch", f"deployment/{name}", "--type=json", "-p", json.dumps(told))
        self.settled(name)
        if calls:
            self.calling(name)

    def calling(self, name: str, seconds: float = 60) -> None:
        """Waits until the client's calls are answered."""

        def answered() -> bool:
            lines = run(["kubectl", "-n", self.namespace, "logs", f"deployment/{name}", "-c", "main", "--tail=1"]).out
            found = re.search(r"calls (\d+)", lines)
            return bool(found and int(found[1]) > 20)

        eventually(answered, seconds)

    def diagnose(
        self, name: str, *options: str, expect: int | tuple[int, ...] | None = None, watch: str = WATCH,
        **environment: str,
    ) -> Done:  # fmt: skip
        argv = [*lbdemo_argv(self.namespace, "diagnose", name, "--watch", watch), *options]
        done = run(argv, environment=environment)
        codes = (expect,) if isinstance(expect, int) else expect
        assert codes is None or done.code in codes, f"exit {done.code}\n{done.out}\n{done.err}"
        assert "Traceback" not in done.err, done.err
        return done

    def record(self, name: str, *options: str, **more: Any) -> Any:
        return self.diagnose(name, *options, "-o", "json", **more).json

    def paste(self, commands: Sequence[str]) -> None:
        """What was printed, as a person pastes it into a shell."""
        done = run(["bash", "-ec", "\n".join(commands)])
        assert done.code == 0, f"{commands}\n{done.out}{done.err}"

    def specification(self, what: str) -> Any:
        """What an object, such as service/parcels, was told to be."""
        return json.loads(self.kubectl("get", what, "-o", "json"))["spec"]

    def let_the_client_choose(self, finding: Any) -> str:
        """Pastes that remedy of a finding; returns the target that it tells to call."""
        fix = next(one for one in finding["fixes"] if one["title"].startswith("the client chooses"))
        self.paste(fix["commands"])
        return str(re.findall(r"dns:///[^ ,]+", fix["advice"])[0])


def codes(record: Any) -> list[str]:
    return [finding["code"] for finding in record["findings"]]


def problems(record: Any) -> list[str]:
    return [finding["code"] for finding in record["findings"] if finding["severity"] == "problem"]


def finding(record: Any, code: str) -> Any:
    return next(each for each in record["findings"] if each["code"] == code)


def once(
    shop: Shop, name: str, holds: Callable[[Any], bool], watch: str = WATCH, *, seconds: float = 60,
    expect: tuple[int, ...] | None = None,
) -> Any:  # fmt: skip
    """What is told as soon as this holds of it: a new rule takes a while to be everywhere."""
    records: list[Any] = []

    def told() -> bool:
        records.append(shop.record(name, watch=watch, expect=expect))
        return holds(records[-1])

    eventually(told, seconds, told=lambda: json.dumps(records[-1], indent=1))
    return records[-1]


def until_told(shop: Shop, name: str, code: str) -> Any:
    """The finding, once it is there: some are not told each time, for what is seen comes and goes."""
    return finding(once(shop, name, lambda record: code in codes(record), "3s"), code)


def wait_until_healthy(shop: Shop, name: str, seconds: float = 90) -> Any:
    """What is found when nothing is found any more."""
    uneven = ("PINNED", "UNBALANCED")
    return once(shop, name, lambda told: not problems(told) and told["verdict"]["outcome"] not in uneven,
                seconds=seconds)  # fmt: skip
