"""`kubectl lbdemo` and what kubectl asks for on TAB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(sys.executable).parent


@pytest.mark.parametrize(
    ("words", "told"), [(["diagn"], ["diagnose"]), (["diagnose", "-o", ""], ["text", "short", "json", "yaml"])]
)
def test_kubectl_gets_candidates_and_a_directive(words: list[str], told: list[str]) -> None:
    done = subprocess.run([SCRIPTS / "kubectl_complete-lbdemo", *words], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [*told, ":4"]


def test_it_is_the_same_command() -> None:
    done = subprocess.run([SCRIPTS / "kubectl-lbdemo", "--version"], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("lbdemo ")
