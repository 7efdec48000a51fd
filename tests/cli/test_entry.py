"""Ctrl-C at the edges of a command: the answer that was given stays the answer."""

from __future__ import annotations

import signal
import subprocess
import sys

from echo_server import lbdemo


def test_a_signal_after_the_last_word_does_not_change_the_exit_code() -> None:
    with lbdemo("--version") as running:
        assert running.stdout
        running.stdout.readline()  # Python writes it when it takes itself down
        running.send_signal(signal.SIGINT)

        assert running.wait(timeout=20) == 0


def test_an_interrupt_within_executed_text_is_an_exit_code_too() -> None:
    """As where classes are being made of text (dataclasses do that) while a command loads what it needs."""
    script = (
        "import lbdemo.cli.main as commands\n"
        "commands.main = lambda: exec('raise KeyboardInterrupt')\n"
        "from lbdemo.__main__ import main\n"
        "main()\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (130, "interrupted\n")
