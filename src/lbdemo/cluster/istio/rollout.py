"""The step that waits for our pods, and looks whether each has the sidecar that it should have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lbdemo.cluster.istio import sidecars
from lbdemo.cluster.istio.observe import observe_istio
from lbdemo.cluster.kernel.rollout import Await, remember
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.errors import NotReadyError
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import NAMESPACES
from lbdemo.kube.records.pods import Pod
from lbdemo.words import count


@dataclass(frozen=True, slots=True)
class AwaitPods(Await):
    """Waits for the deployments of ours; `sidecars` says whether each pod must have one, or must have none."""

    sidecars: bool = False
    notes: tuple[tuple[str, str], ...] = ()  # labels that tell what is installed
    revision: str = ""  # of Istio, or a tag: the one that was asked to inject them

    def run(self, tools: Tools, say: Say) -> str:
        """Restarts what must be, waits, notes how the deployments were left, and looks at the sidecars."""
        objects = self.rolled_out(tools, say)
        remember(tools, self.namespace, objects, dict(self.notes))
        pods = [pod for pod in objects.pods if pod.stays]
        if wrong := sidecars.wrong(pods, wanted=self.sidecars):
            raise self._wrong_sidecars(tools, wrong)
        found = count(sum(map(sidecars.on_the_way, pods)), "pod")
        return f"{found}, each with its sidecar" if self.sidecars else f"{found}, none with a sidecar"

    def _wrong_sidecars(self, tools: Tools, wrong: list[Pod]) -> NotReadyError:
        if not self.sidecars:
            names = ", ".join(pod.name for pod in wrong)
            return NotReadyError("pods have a sidecar that they should not have", names, "something else injects them")
        answer = tools.api.get(NAMESPACES, self.namespace)
        place = None if isinstance(answer, Unseen) or answer is None else answer.meta
        istio = replace(observe_istio(tools.api, self.namespace), name=self.revision)
        lines = [f"  {pod.name}: {sidecars.why_missing(pod, place, istio)}" for pod in wrong]
        return NotReadyError("pods lack their sidecar", "\n".join(["", *lines]), "`istioctl check-inject` tells more")
