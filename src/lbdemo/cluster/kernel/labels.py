"""The labels by which lbdemo finds again what it made. Nothing is stored on the user's machine."""

from __future__ import annotations

from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.pods import Pod

PART_OF = "app.kubernetes.io/part-of"
MANAGED_BY = "app.kubernetes.io/managed-by"
DIGEST = "lbdemo/digest"  # on Helm's release secrets: what the release was made from
STRATEGY = "lbdemo/strategy"  # on the same: the strategy that is installed
POLICY = "lbdemo/lb-policy"  # on the same: --lb-policy
GENERATION = "lbdemo/generation"  # on our deployments: the specification's generation that we left
OURS = {PART_OF: "lbdemo", MANAGED_BY: "lbdemo"}
SELECTOR = f"{PART_OF}=lbdemo"
RELEASE = "app.kubernetes.io/instance"  # on all that a release has: its name
INVENTORY = "lbdemo-inventory"  # the ConfigMap that keeps what the cluster had before
ISTIO = "lbdemo/istio"  # on that ConfigMap: the Istio that came after it was lbdemo's
ADDON = "lbdemo/addon"  # on all that belongs to an add-on: its name
ADDONS = "lbdemo-addons"  # the release of the add-ons
GATEWAY = "lbdemo-gateway"  # the release of what leads from a gateway to the page
COMPONENT = "app.kubernetes.io/component"
TRACES = "traces"  # that component, which takes spans: it is on no call's way, and has no sidecar
LOCK = "lbdemo-lock"  # the Lease of who works on a namespace
RUN = "lbdemo/run"  # on the namespaces of a `compare`, and on the inventory beside an Istio that it brought: which run
INJECTION = "istio-injection"
REVISION = "istio.io/rev"
SERVER = "echo-server"
CLIENT = "echo-client"
BACKEND = f"{SERVER}-traces"  # the Deployment and the Service of what takes spans
OF_RELEASES = f"{SELECTOR},{RELEASE} in ({CLIENT},{SERVER})"  # not somebody else's release of the same chart


def our_release(secret: Meta) -> bool:
    """Whether lbdemo installed the release of which Helm keeps this secret: both labels are given to Helm by `up`.

    The chart prints none of them there, whoever installs it.
    """
    return secret.labels.get(PART_OF) == "lbdemo" and bool(secret.labels.get(DIGEST))


def release(pod: Pod) -> str:
    """The Helm release of ours that the pod belongs to."""
    return pod.meta.labels.get(RELEASE, "")


def ours(made: Meta | None) -> bool:
    """Whether it is there, and lbdemo made it: for what only lbdemo labels so, not for what a chart makes."""
    return made is not None and made.labels.get(MANAGED_BY) == "lbdemo"
