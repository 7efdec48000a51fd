"""Helm: each verb becomes an argv that Helm 3.13 and later and Helm 4 understand alike. No policy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lbdemo.errors import LbdemoError, MissingProgramError, ProgramFailedError
from lbdemo.tools.failures import explain
from lbdemo.tools.kubectl import Run, whole_seconds

MINIMUM = (3, 13)  # the first Helm with `upgrade --labels`, by which releases are found again


@dataclass(frozen=True, slots=True)
class Chart:
    """Where a chart comes from: a folder or archive, an oci:// reference, or a name in a repository at `repo`."""

    reference: str
    repo: str = ""
    version: str = ""
    plain_http: bool = False

    def options(self) -> list[str]:
        """The options that tell Helm about the source."""
        return [
            *(["--repo", self.repo] if self.repo else []),
            *(["--version", self.version] if self.version else []),
            *(["--plain-http"] if self.plain_http else []),
        ]


@dataclass(frozen=True, slots=True)
class Install:
    """One `helm upgrade --install`: the release, its chart, its values, and the labels by which it is found."""

    release: str
    namespace: str
    chart: Chart
    values: Mapping[str, Any] = field(default_factory=dict)
    values_files: tuple[str, ...] = ()  # they have precedence over `values`
    overrides: Mapping[str, Any] = field(default_factory=dict)  # dotted name -> value, with precedence over files
    sets: tuple[str, ...] = ()  # as typed for --set, with precedence over all
    files: Mapping[str, str] = field(default_factory=dict)  # dotted name -> the file that holds its value as it is
    labels: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 300.0  # seconds
    validate: bool = True  # whether Helm checks the manifests against the server's schema: 0.1 s of CPU


def _overrides(values: Mapping[str, Any]) -> list[str]:
    """The option that sets dotted names to values, in JSON."""
    text = ",".join(f"{name}={json.dumps(value)}" for name, value in values.items())
    return ["--set-json", text] if text else []


def as_yaml(values: Mapping[str, Any], indent: int | None = None) -> str:
    """Values as Helm reads them: JSON, in which no character beyond the first plane is escaped, as no YAML knows it."""
    return json.dumps(values, ensure_ascii=False, indent=indent)


def _escaped(path: str) -> str:
    """A path as a value: Helm takes a comma for the end of it."""
    return path.replace("\\", "\\\\").replace(",", "\\,")


class Helm:
    """Calls helm for one context ("" is the current one). Raises what `explain_helm` makes of failures."""

    def __init__(self, runner: Run, context: str = "") -> None:
        self._runner = runner
        self.context = context
        self._version: tuple[int, int] | None = None

    def argv(self, *arguments: str, namespace: str = "") -> list[str]:
        """The command as it is run, so that it can be pasted."""
        context = ["--kube-context", self.context] if self.context else []
        return ["helm", *arguments, *(["-n", namespace] if namespace else []), *context]

    def version(self) -> tuple[int, int]:
        """Helm's version as (major, minor), asked once. Raises MissingProgramError when it is missing or too old."""
        if self._version is None:
            self._version = self._ask_version()
        return self._version

    def _ask_version(self) -> tuple[int, int]:
        text = self._runner.run(["helm", "version", "--short"], timeout=20.0)
        match = re.search(r"v(\d+)\.(\d+)", text)
        if match is None:
            raise MissingProgramError(
                f"`helm version --short` said {text.strip()!r}: that is no Helm we know", UPDATE_HELM
            )
        version = int(match[1]), int(match[2])
        if version < MINIMUM:
            raise MissingProgramError(f"helm {version[0]}.{version[1]} is too old", UPDATE_HELM)
        return version

    def install_argv(self, install: Install) -> list[str]:
        """The argv of `upgrade --install`; the values go in as JSON on stdin."""
        files = [part for name in install.values_files for part in ("-f", name)]
        labels = ",".join(f"{key}={value}" for key, value in sorted(install.labels.items()))
        return self.argv(
            "upgrade", "--install", install.release, install.chart.reference, *install.chart.options(),
            *([] if install.validate else ["--disable-openapi-validation"]),
            "--timeout", whole_seconds(install.timeout),
            *(["--labels", labels] if labels else []), "--history-max", "3", "--reset-values", *self._force(),
            *(["-f", "-"] if install.values else []), *files, *_overrides(install.overrides),
            *(part for text in install.sets for part in ("--set", text)),
            *(part for name, path in install.files.items() for part in ("--set-file", f"{name}={_escaped(path)}")),
            namespace=install.namespace,
        )  # fmt: skip

    def _force(self) -> list[str]:
        """What lets our own state win over fields that were changed by hand (`kubectl scale`) or by Istio itself.

        Helm 4 applies on the server, where such fields conflict unless told otherwise, but goes on as before with a
        release of Helm 3's, and refuses then to be told so. Helm 3 knows neither option.
        """
        return ["--server-side=true", "--force-conflicts"] if self.version() >= (4, 0) else []

    def install(self, install: Install) -> None:
        """Installs or upgrades the release."""
        stdin = as_yaml(install.values) if install.values else ""
        self._call(self.install_argv(install), stdin=stdin, timeout=install.timeout + 30)

    def template(self, install: Install, only: str) -> str:
        """One template of the chart as it would be rendered, without asking the cluster."""
        files = [part for name in install.values_files for part in ("-f", name)]
        argv = self.argv(
            "template", install.release, install.chart.reference, *install.chart.options(), "--show-only", only, *files,
            namespace=install.namespace,
        )  # fmt: skip
        return self._call(argv, timeout=install.timeout)

    def values(self, release: str, namespace: str) -> dict[str, Any]:
        """The values that the release was given, without the chart's defaults."""
        told = self._call(self.argv("get", "values", release, "-o", "json", namespace=namespace), timeout=60.0)
        return json.loads(told) or {}

    def uninstall(self, release: str, namespace: str, *, timeout: float = 300.0) -> None:
        """Uninstalls the release; one that is gone already is fine."""
        self.version()  # an older one does not know these options
        options = ["--ignore-not-found", "--wait", "--timeout", whole_seconds(timeout)]
        self._call(self.argv("uninstall", release, *options, namespace=namespace), timeout=timeout + 30)

    def rollback(self, release: str, namespace: str) -> None:
        """Brings the release back to the revision before the last."""
        self._call(self.argv("rollback", release, *self._force(), namespace=namespace), timeout=120.0)

    def _call(self, argv: Sequence[str], *, stdin: str = "", timeout: float) -> str:
        try:
            return self._runner.run(argv, stdin=stdin, timeout=timeout)
        except ProgramFailedError as error:
            raise explain_helm(error) from error


UPDATE_HELM = f"lbdemo needs Helm {MINIMUM[0]}.{MINIMUM[1]} or newer: https://helm.sh/docs/intro/install/"

UNREACHABLE = "the chart registry cannot be reached: check --istio-charts"
OWNERSHIP = "an object of this name exists that Helm did not make for this release: remove it, or use another namespace"
REFUSED = "the chart registry refuses you: log in there"
CHART_HINTS = (
    ("401 unauthorized", REFUSED),
    ("403 forbidden", REFUSED),
    ("unauthorized: ", REFUSED),
    ("response status code 401", REFUSED),
    ("response status code 403", REFUSED),
    ("failed calling webhook", "the webhook that must answer does not: look at its pods and its Service"),
    ("invalid ownership metadata", OWNERSHIP),
    ("another operation", "another helm works on this release; wait for it, or run the command again if nothing runs"),
    ("server gave http response to https client", "the chart registry speaks plain HTTP: add --plain-http"),
    ("failed to do request", UNREACHABLE),
    ("is not a valid chart repository", "the chart repository cannot be reached: check --istio-charts"),
    ("failed to fetch", "the chart repository cannot be reached: check --istio-charts"),
    ("could not find protocol handler", "check --istio-charts: a repository URL, oci://HOST/PATH, or a folder"),
    ("not found in", "the chart repository has no such chart or version: check --istio-charts and --istio-version"),
    (": not found", "the chart registry has no such chart or version: check --istio-charts and --istio-version"),
    ('"fetchreference" on source', UNREACHABLE),
    ("path \"", "check --istio-charts: the folder does not hold this chart"),
)  # fmt: skip
# By what Helm was to do: the first sign in its words tells.
HINTS = {
    "upgrade": CHART_HINTS,
    "template": CHART_HINTS,
    "uninstall": (("context deadline exceeded", "a finalizer may hold its objects back"),),
}


def verdict(stderr: str) -> str:
    """What Helm says in the end: from its last line that begins with `Error: ` on; all of it where there is none.

    What comes before are warnings, a hook's or a plugin's words: no reason why Helm failed.
    """
    lines = stderr.splitlines()
    begins = max((n for n, line in enumerate(lines) if line.startswith("Error: ")), default=0)
    return "\n".join(lines[begins:])


def explain_helm(error: ProgramFailedError) -> LbdemoError:
    """What Helm's failure means for a person."""
    text = verdict(error.stderr).lower()
    hints = (pair for verb, pairs in HINTS.items() if verb in error.argv for pair in pairs)
    hint = next((hint for sign, hint in hints if sign in text), "")
    return ProgramFailedError(error.argv, error.code, error.stderr, hint) if hint else explain(error)
