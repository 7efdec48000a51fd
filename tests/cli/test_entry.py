"""Ctrl-C at the edges of a command: the answer that was given stays the answer."""

from __future__ import annotations

import signal

from echo_server import lbdemo


def test_a_signal_after_the_last_word_does_not_change_the_exit_code() -> None:
    with lbdemo("--version") as running:
        assert running.stdout
        running.stdout.readline()  # Python writes it when it takes itself down
        running.send_signal(signal.SIGINT)

        assert running.wait(timeout=20) == 0
