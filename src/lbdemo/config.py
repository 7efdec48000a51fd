"""Frozen settings: what a person asked for, checked before anything runs."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lbdemo.durations import seconds
from lbdemo.errors import InputError
from lbdemo.trace_config import JAEGER_IMAGE, TraceWish, trace_wish

ISTIO_CHARTS = "https://istio-release.storage.googleapis.com/charts"  # the Istio project's public chart repository
ISTIO_VERSION = "1.31.0"
ISTIO_NAMESPACE = "istio-system"
ENVOY_IMAGE = "docker.io/envoyproxy/envoy:v1.36.4"
MAX_RATE = 100_000  # RPC/s: far beyond what one client makes
LB_POLICIES = ("round-robin", "least-request")
DOCKER_HUB = "docker.io"
STRATEGY = "clusterip"  # the one that is installed unless another is named
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", ISTIO_NAMESPACE})


@dataclass(frozen=True, slots=True)
class Place:
    """Where to work: a kubeconfig context ("" is the current one) and a namespace."""

    context: str
    namespace: str


@dataclass(frozen=True, slots=True)
class IstioSource:
    """Which Istio to install, and from where.

    `charts` is a repository URL, an oci:// reference or a folder; `values_file` is for the istiod chart. `revision` is
    the one to use of those that are there already, or a tag for it; "" leaves the choice to lbdemo.
    """

    charts: str = ISTIO_CHARTS
    version: str = ISTIO_VERSION
    plain_http: bool = False
    values_file: str = ""
    revision: str = ""


@dataclass(frozen=True, slots=True)
class UpConfig:
    """All that `up` was told. `timeout` is in seconds; `image` replaces the built one, `registry` delivers it."""

    place: Place
    strategy: str = STRATEGY
    replicas: int = 2
    connections: int | None = None  # of the client; None is the strategy's own
    lb_policy: str = "round-robin"
    istio: IstioSource = IstioSource()
    registry: str = ""
    image: str = ""
    envoy_image: str = ENVOY_IMAGE
    outlier_detection: bool = False
    max_connection_age: float | None = None  # seconds; None is the strategy's own
    timeout: float = 300.0
    adopt: bool = False
    values_files: tuple[str, ...] = ()  # Helm values for both of our releases
    sets: tuple[str, ...] = ()  # the same, as Helm's --set takes them
    cluster_domain: str = ""  # "" is the one that is found
    page_image: str = ""  # Envoy's, where it serves the page; "" where there is no page
    addons: bool = False
    addons_from: str = ""  # a folder or an address of Istio's manifests of them; "" is the installed release's
    trace: TraceWish | None = None


def up_config(
    place: Place, *, istio: bool = False, strategy: str = "", replicas: int = 2, lb_policy: str = "round-robin",
    connections: int | None = None,
    max_connection_age: str = "", source: IstioSource | None = None, registry: str = "", image: str = "",
    envoy_image: str = ENVOY_IMAGE, timeout: str = "5m", adopt: bool = False, outlier_detection: bool = False,
    values_files: Sequence[str] = (), sets: Sequence[str] = (), cluster_domain: str = "", addons: bool = False,
    addons_from: str = "", trace: bool = False, otlp: str = "", trace_backend: str = "",
    jaeger_image: str = JAEGER_IMAGE,
) -> UpConfig:  # fmt: skip
    """The settings of `up`, from its options as they were typed; raises InputError for the first that is wrong."""
    if istio and strategy not in ("", "istio"):
        raise InputError(f"--istio and --strategy {strategy} contradict each other", "give one of them")
    return UpConfig(
        place=Place(place.context, check_namespace(place.namespace)),
        strategy=strategy or ("istio" if istio else STRATEGY),
        replicas=replicas,
        connections=connections,
        lb_policy=check_choice(lb_policy, LB_POLICIES, "--lb-policy"),
        istio=check_istio(source or IstioSource()),
        registry=check_registry(registry) if registry else "",
        image=check_image(image) if image else "",
        envoy_image=check_image(envoy_image),
        max_connection_age=_age(max_connection_age),
        timeout=seconds(timeout),
        adopt=adopt,
        outlier_detection=outlier_detection,
        values_files=tuple(check_file(name, "--values") for name in values_files),
        sets=tuple(check_set(text) for text in sets),
        cluster_domain=check_domain(cluster_domain) if cluster_domain else "",
        addons=addons,
        addons_from=check_source(addons_from) if addons_from else "",
        trace=trace_wish(trace=trace, otlp=otlp, backend=trace_backend, image=check_image(jaeger_image), addons=addons),
    )


def _age(text: str) -> float | None:
    if not text:
        return None
    return 0.0 if text in {"0", "0s"} else seconds(text)


def check_choice(name: str, names: tuple[str, ...], option: str) -> str:
    """The name, when it is one of the names; raises InputError."""
    if name not in names:
        raise InputError(f"{option} {name!r} is unknown", f"choose one of {', '.join(names)}")
    return name


# Values of our chart that lbdemo decides itself: each follows from an option, or from the strategy.
DECIDED = (
    "role", "replicas", "image.repository", "image.tag", "image.digest", "clusterDomain", "server.port",
    "server.adminPort", "server.maxConnectionAgeSeconds", "client.target", "client.policy", "client.connections",
    "balancing.policy", "balancing.outlierDetection.enabled", "istio", "envoy.enabled", "envoy.image.repository",
    "envoy.image.tag", "envoy.image.digest", "ui.enabled", "xds", "trace.otlp", "trace.provider", "trace.backend",
    "trace.image.repository", "trace.image.tag", "trace.image.digest",
)  # fmt: skip
# One `--set`: NAME=VALUE, and more of them after commas; a comma in a value is escaped, or stands in a list.
SET = re.compile(r"(?:^|,)((?:\\.|[^=,{}])+)=")


def check_set(text: str) -> str:
    """The text of one --set, when Helm can read it and no value in it is one that lbdemo decides; raises InputError."""
    names = SET.findall(text)
    if not names:
        raise InputError(f"--set {text!r} is not NAME=VALUE", "such as --set resources.limits.cpu=1")
    for name in names:
        if decided := next((d for d in DECIDED if _overlap(name, d)), ""):
            raise InputError(
                f"--set {name}: lbdemo decides {decided} itself", "an option of `lbdemo up`, or the strategy, says it"
            )
    return text


def _overlap(name: str, decided: str) -> bool:
    """Whether one names the other, or a part of it."""
    return f"{name}.".startswith(f"{decided}.") or f"{decided}.".startswith(f"{name}.")


def check_file(name: str, option: str) -> str:
    """The absolute name of a file that is there and can be read; raises InputError."""
    path = Path(name)
    if not path.is_file():
        raise InputError(f"there is no file {name}", f"check {option}")
    try:
        path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {name}: {error}", f"check {option}") from error
    return str(path.resolve())


def check_source(place: str) -> str:
    """The place of add-ons' manifests: an address as it is, or a folder's absolute name; raises InputError."""
    if "://" in place:
        if not place.startswith(("https://", "http://")):
            raise InputError(f"{place!r} is not an address of the web", "check --addons-from: a folder, or https://…")
        return place
    if not Path(place).is_dir():
        raise InputError(f"there is no folder {place}", "check --addons-from: a folder, or https://…")
    return str(Path(place).resolve())


def check_domain(name: str) -> str:
    """The name, when it can be a cluster's DNS domain; raises InputError."""
    if len(name) > LONGEST_DOMAIN or not all(DNS_LABEL.fullmatch(part) for part in name.split(".")):
        raise InputError(f"--cluster-domain {name!r} is not a DNS domain", "give one such as cluster.local")
    return name


LONGEST_DOMAIN = 253
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
REGISTRY = re.compile(
    r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(:\d{1,5})?"
    r"(/[a-z0-9]+([._-]{1,2}[a-z0-9]+)*)*"
)
IMAGE = re.compile(
    r"([A-Za-z0-9.-]+(:\d{1,5})?/)?[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
# A revision at the top level of Helm values, which are YAML: a line of its own that is not indented.
REVISION = re.compile(r"""(?m)^["']?revision["']?[ \t]*:[ \t]*["']?([\w.-]+)""")
VERSION = re.compile(r"v?\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?")


def check_label(name: str) -> str:
    """The name itself, when it can be a namespace's at all; raises InputError."""
    if not DNS_LABEL.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be a namespace's name",
            "use 1 to 63 lower-case letters, digits and '-', beginning and ending with a letter or digit",
        )
    return name


def check_namespace(name: str) -> str:
    """The name itself, when it can be a namespace of ours; raises InputError."""
    check_label(name)
    if name in SYSTEM_NAMESPACES:
        raise InputError(f"namespace {name} belongs to the system", "choose another with --namespace NAME")
    return name


def check_service(name: str, option: str) -> str:
    """The name, when it can be NAMESPACE/NAME of a Service; raises InputError."""
    namespace, slash, service = name.partition("/")
    if not (slash and DNS_LABEL.fullmatch(namespace) and DNS_LABEL.fullmatch(service)):
        raise InputError(f"{option} {name!r} is not NAMESPACE/NAME", "such as istio-system/istio-ingressgateway")
    return name


def check_registry(address: str) -> str:
    """The registry without a trailing slash, when it is HOST[:PORT][/PATH]; raises InputError."""
    address = address.rstrip("/")
    if not (match := REGISTRY.fullmatch(address)) or int((match[3] or ":0")[1:]) > 65_535:
        hint = "give HOST[:PORT][/PATH] without a scheme, such as localhost:5000 or ghcr.io/me"
        raise InputError(f"{address!r} is not a registry", hint)
    host, slash, _ = address.partition("/")
    if host != "localhost" and not set(host) & set(".:"):
        raise InputError(
            f"Docker takes {host!r} for an account at Docker Hub, not for a registry's host",
            f"give {host}:PORT, or docker.io/{host} if it is one",
        )
    if host == DOCKER_HUB and (not slash or address.count("/") > 1):
        raise InputError(f"{address!r} does not name an account at Docker Hub", "give docker.io/ACCOUNT")
    return address


def check_rate(rate: float) -> float:
    """The rate in RPC/s, when a client can be asked for it; raises InputError."""
    if not 0 < rate <= MAX_RATE:
        raise InputError(f"--rate {rate:g} is out of range", f"it must be from 1 to {MAX_RATE}")
    return rate


def check_image(reference: str) -> str:
    """The image reference, when it is well-formed; raises InputError."""
    if not IMAGE.fullmatch(reference):
        raise InputError(
            f"{reference!r} is not an image reference", "give NAME[:TAG], such as localhost:5000/lbdemo/echo:1"
        )
    return reference


def check_istio(source: IstioSource) -> IstioSource:
    """The source, when its version and paths can be right; raises InputError."""
    if not VERSION.fullmatch(source.version):
        raise InputError(f"{source.version!r} is not an Istio version", f"give one such as {ISTIO_VERSION}")
    if source.revision and not DNS_LABEL.fullmatch(source.revision):
        raise InputError(f"{source.revision!r} is not a revision of Istio", "give one such as 1-31-0, or a tag's name")
    if source.values_file:
        _check_values(Path(source.values_file))
    if "://" not in source.charts and not Path(source.charts).is_dir():
        raise InputError(
            f"there is no folder {source.charts}",
            "check --istio-charts: a repository URL, oci://HOST/PATH, or a folder",
        )
    return replace(source, version=source.version.removeprefix("v"))


def _check_values(file: Path) -> None:
    if not file.is_file():
        raise InputError(f"there is no file {file}", "check --istio-values")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {error}", "check --istio-values") from error
    if (named := _revision(text)) not in ("", "default", "null"):
        raise InputError(
            f"{file} sets the revision {named}, and lbdemo installs the default one only",
            "leave the revision out; one that is there already is used with --istio-revision NAME",
        )


def _revision(values: str) -> str:
    """The revision at the top level of Helm values; "" for none."""
    if values.lstrip().startswith("{"):
        with contextlib.suppress(ValueError, AttributeError):
            return str(json.loads(values).get("revision") or "")
    found = REVISION.search(values)
    return found[1] if found else ""
