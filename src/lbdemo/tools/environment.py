"""What the programs that we call may take from the environment: nothing that changes what a command means."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

# A kuberc of the user's may give kubectl's verbs other defaults (`delete` asks first), or other meanings.
FIXED = {"KUBECTL_KUBERC": "false"}
# These lead Helm to another cluster than kubectl, to another namespace, or to another store of releases.
STEERING = ("HELM_KUBE", "HELM_DRIVER", "HELM_NAMESPACE")


def steering(environment: Mapping[str, str]) -> list[str]:
    """The names of the variables that our programs do not get."""
    return sorted(name for name in environment if name.startswith(STEERING))


def for_programs(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that our programs get."""
    hidden = set(steering(environment))
    return {**{name: value for name, value in environment.items() if name not in hidden}, **FIXED}


def to_paste(environment: Mapping[str, str]) -> str:
    """The line that gives a shell the same environment."""
    unset = [f"unset {' '.join(names)}"] if (names := steering(environment)) else []
    fixed = " ".join(f"{name}={shlex.quote(value)}" for name, value in FIXED.items())
    return "; ".join([*unset, f"export {fixed}"])


def kubeconfig(environment: Mapping[str, str]) -> tuple[tuple[int, int, int] | None, ...]:
    """What changes when somebody writes to a file that kubectl takes its contexts from; None for one that is away."""
    paths = environment.get("KUBECONFIG") or str(Path(environment.get("HOME", "")) / ".kube" / "config")
    return tuple(_written(Path(path)) for path in paths.split(":"))


def _written(path: Path) -> tuple[int, int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size
