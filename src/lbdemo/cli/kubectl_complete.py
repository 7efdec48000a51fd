"""What kubectl asks for when somebody presses TAB after `kubectl lbdemo`: one candidate a line, then a directive.

kubectl calls `kubectl_complete-lbdemo` with the words typed so far, the last one perhaps empty (its plugins' own
protocol, https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/#shell-completion).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys

NO_FILES = ":4"
"""Cobra's ShellCompDirectiveNoFileComp: names of files are no candidates."""


def complete() -> None:
    """Prints what the shell may complete the last word to."""
    from lbdemo.cli.main import app

    words = sys.argv[1:]
    typed = {"COMP_WORDS": shlex.join(["lbdemo", *words]), "COMP_CWORD": str(len(words))}
    os.environ.update({"_LBDEMO_COMPLETE": "complete_bash", **typed})
    with contextlib.suppress(SystemExit):
        app(prog_name="lbdemo")
    print(NO_FILES)
