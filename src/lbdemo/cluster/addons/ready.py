"""The step that waits for the add-ons: each by itself, so that one that cannot come hides no other."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.rollout import Await, remember
from lbdemo.cluster.kernel.steps import Say, StoppedError, Tools
from lbdemo.cluster.kernel.waiting import await_rollout
from lbdemo.errors import NotReadyError
from lbdemo.kube.side_by_side import each
from lbdemo.words import listing

PULL = "Image"  # in the kubelet's word for it: ErrImagePull, ImagePullBackOff, InvalidImageName
MIRROR = (
    "can the cluster's nodes reach the registries of these images? Copies of the manifests can name a mirror "
    "(--addons-from FOLDER); servers and client run without them"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An add-on, and the Deployments that it consists of."""

    name: str
    deployments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AwaitAddons(Await):
    """Waits for the add-ons' Deployments. How long what is patient: see `readiness.Patience`."""

    addons: tuple[Wanted, ...] = ()

    @property
    def title(self) -> str:
        """What it waits for."""
        return f"{listing([addon.name for addon in self.addons])} ready"

    def run(self, tools: Tools, say: Say) -> str:
        """Restarts what must be, waits. Raises NotReadyError that names each one that does not come, and why."""
        for name in self.restart:
            tools.kubectl.restart(name, self.namespace)
        states = dict.fromkeys((addon.name for addon in self.addons), "")

        def awaited(addon: Wanted) -> NotReadyError | None:
            def tell(state: str) -> None:
                states[addon.name] = ": ".join(state.split(": ", 2)[:2])  # one line is to hold all of them
                say(", ".join(filter(None, states.values())))

            return self._awaited(tools, tell, addon)

        failures = each(awaited, self.addons, len(self.addons))
        late = {addon.name: failed for addon, failed in zip(self.addons, failures, strict=True) if failed is not None}
        if late:
            raise self._not_ready(late)
        return ""

    def _awaited(self, tools: Tools, say: Say, addon: Wanted) -> NotReadyError | None:
        """Why this one does not come; None when it is there."""
        selector = f"{labels.SELECTOR},{labels.ADDON}={addon.name}"
        try:
            there = await_rollout(tools, self.namespace, addon.deployments, selector, self.timeout, say)
        except StoppedError:
            raise
        except NotReadyError as error:
            return error
        remember(tools, self.namespace, there, {})
        return None

    def _not_ready(self, late: dict[str, NotReadyError]) -> NotReadyError:
        lines = [f"  {name}: {error.last_state}" for name, error in late.items()]
        pulls = any(PULL in error.last_state for error in late.values())
        hint = MIRROR if pulls else next(iter(late.values())).hint
        return NotReadyError(f"{listing(list(late))} of the add-ons not ready", "\n".join(["", *lines]), hint)
