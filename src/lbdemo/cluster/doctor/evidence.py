"""All that checks look at, frozen. What could not be had is there as the reason why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lbdemo.cluster.doctor.results import Gap
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.istio.injectors import Requirement
from lbdemo.cluster.istio.state import Istio
from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.discovery import Discovery
from lbdemo.kube.records.cluster import Namespace, Node
from lbdemo.kube.records.workloads import Deployment

NOT_ASKED = Unseen("what was not asked for", Why.ABSENT)


@dataclass(frozen=True, slots=True)
class Hook:
    """One admission webhook: whom it asks, about what, and whether an object is refused when it does not answer.

    It asks a Service of the cluster (`service` in the namespace `home`), or an address outside ("" then).
    """

    configuration: str  # KIND/NAME as kubectl takes it
    name: str
    refuses: bool
    home: str = ""
    service: str = ""
    resources: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    namespaces: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Hooks:
    """The webhooks, and of the Services that they ask, by (namespace, name), what is wrong in words."""

    hooks: tuple[Hook, ...] = ()
    silent: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unseen: tuple[Unseen, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """One ResourceQuota: what it allows and what is in use, by its own names. `scoped`: not for all pods."""

    name: str
    hard: Mapping[str, str]
    used: Mapping[str, str]
    scoped: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """What a LimitRange says of containers: by resource the least, the most, and what is given to who names none."""

    name: str
    least: Mapping[str, str]
    most: Mapping[str, str]
    defaults: Mapping[str, str]  # limits
    requests: Mapping[str, str]  # default requests


@dataclass(frozen=True, slots=True)
class Budgets:
    """The quotas of the namespace, and its limits for containers."""

    quotas: tuple[Quota, ...] = ()
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """What istiod's injector is told: the names of its templates, and whether a CNI plugin redirects the traffic."""

    source: str
    names: frozenset[str] = frozenset()
    cni: bool = False


@dataclass(frozen=True, slots=True)
class Discoverer:
    """istiod's Service as proxyless clients need it: whether it has the plain-text port for discovery."""

    name: str
    port: bool


@dataclass(frozen=True, slots=True)
class Lacking:
    """Rights that this user has not: `must` stop the command, `more` make it see or do less. `asked` were asked for."""

    asked: int
    must: tuple[Right, ...] = ()
    more: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """A streaming call that was tried on a pod (NAMESPACE/NAME); `broken` says what became of it, "" when it came.

    `pod` is "" where no pod runs.
    """

    pod: str = ""
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One field a source."""

    kubectl: tuple[int, int] | Gap = NOT_ASKED
    helm: tuple[int, int] | Gap = NOT_ASKED
    docker: str | Gap = NOT_ASKED  # the daemon's architecture, such as amd64
    delivery: Delivery | Gap = NOT_ASKED
    server: tuple[int, int] | Gap = NOT_ASKED
    user: str | Gap = NOT_ASKED
    rights: Lacking | Gap = NOT_ASKED
    namespace: Namespace | Gap | None = NOT_ASKED
    installed: tuple[Deployment, ...] | Gap = NOT_ASKED  # lbdemo's, in the namespace
    nodes: tuple[Node, ...] | Gap = NOT_ASKED
    stream: Tried | Gap = NOT_ASKED
    istio: Istio | Gap = NOT_ASKED
    template: Template | Gap | None = NOT_ASKED
    discoverer: Discoverer | Gap | None = NOT_ASKED
    hooks: Hooks | Gap = NOT_ASKED
    budgets: Budgets | Gap = NOT_ASKED
    kinds: Discovery | Gap = NOT_ASKED
