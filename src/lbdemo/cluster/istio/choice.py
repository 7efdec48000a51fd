"""Which of the cluster's control planes serves our pods, and by what name they ask for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lbdemo.cluster.istio.control_planes import ControlPlane
from lbdemo.cluster.istio.injectors import DEFAULT
from lbdemo.cluster.kernel import labels
from lbdemo.errors import InputError
from lbdemo.kube.records.meta import Meta

INJECT = "sidecar.istio.io/inject"  # the pods' own label: "true" or "false"


def revision_name(planes: Sequence[ControlPlane], asked: str, fixed: Mapping[str, str]) -> str:
    """The revision or tag that namespace and pods should name; "" for the default one.

    It is the one `asked` for, or that of the namespace's labels where those are not ours to set (`fixed`), or the
    default one, or the newest. Raises InputError when what was asked for contradicts the namespace's labels.
    """
    theirs = "" if fixed.get(labels.INJECTION) == "enabled" else fixed.get(labels.REVISION, "")
    if asked:
        _check_labels(planes, asked, fixed)
        if asked == DEFAULT and planes and not planes[0].default:
            raise InputError("no revision of Istio is the default one here", f"there is {names(planes)}")
        return "" if asked == DEFAULT else asked
    name = theirs or (planes[0].revision if planes and not planes[0].default else "")
    return "" if name == DEFAULT else name


def _check_labels(planes: Sequence[ControlPlane], asked: str, fixed: Mapping[str, str]) -> None:
    legacy = fixed.get(labels.INJECTION) == "enabled"
    named = DEFAULT if legacy else fixed.get(labels.REVISION, "")
    if named and named != asked and serving(planes, named) != serving(planes, asked):
        mark = f"{labels.INJECTION}=enabled" if legacy else f"{labels.REVISION}={named}"
        raise InputError(
            f"--istio-revision {asked}: the namespace has the label {mark}, which its pods follow",
            "leave the option out, or let who may label the namespace change that",
        )


def names(planes: Sequence[ControlPlane]) -> str:
    """The revisions and tags that there are, for a person."""
    return ", ".join(name for plane in planes for name in plane.names) or "none"


def serving(planes: Sequence[ControlPlane], name: str) -> ControlPlane | None:
    """The control plane that answers to this revision or tag ("" is the default one); None when none does.

    A tag has precedence, as a revision's own webhooks and a tag's cannot both be called `default`.
    """
    wanted = name or DEFAULT
    tagged = (plane for plane in planes if wanted in plane.names[1:])
    return next(tagged, next((plane for plane in planes if plane.revision == wanted), None))


def pod_labels(name: str) -> dict[str, str]:
    """The labels by which a pod asks for a sidecar of this revision or tag; as the chart sets them."""
    return {INJECT: "true", **({labels.REVISION: name} if name else {})}


def injection_labels(name: str) -> dict[str, str]:
    """The labels by which a namespace asks for it."""
    return {labels.REVISION: name} if name else {labels.INJECTION: "enabled"}


def check_injected(plane: ControlPlane, namespace: Meta | None, name: str, *, ours: bool) -> None:
    """Raises InputError when no webhook of the control plane would be called for our pods in the namespace.

    `ours` says that the namespace will get its label from us.
    """
    there = namespace.labels if namespace is not None else {}
    injection = {labels.REVISION, labels.INJECTION}
    kept = {key: value for key, value in there.items() if not (ours and key in injection)}
    marks = {**kept, **(injection_labels(name) if ours else {})}
    if plane.injectors and not plane.injects(marks, pod_labels(name)):
        place = f"namespace {namespace.name}" if namespace is not None else "a namespace of ours"
        raise InputError(f"no sidecar would come: {_reason(plane, place, marks)}", _remedy(namespace, name))


def _reason(plane: ControlPlane, place: str, marks: Mapping[str, str]) -> str:
    if marks.get(labels.INJECTION) == "disabled":
        return f"{place} has the label {labels.INJECTION}=disabled"
    if named := marks.get(labels.REVISION, ""):
        return f"{place} has the label {labels.REVISION}={named}, which no webhook of revision {plane.revision} takes"
    wanted = sorted({r.key for injector in plane.injectors for hook in injector.hooks for r in hook.namespaces})
    return f"the webhooks of Istio's revision {plane.revision} do not take {place}; they go by {', '.join(wanted)}"


def _remedy(namespace: Meta | None, name: str) -> str:
    target = namespace.name if namespace is not None else "NAME"
    (key, value), *_ = injection_labels(name).items()
    return f"who may label namespaces can say `kubectl label --overwrite namespace {target} {key}={value}`"
