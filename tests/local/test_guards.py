from __future__ import annotations

import os
import signal

import pytest

from lbdemo.local.guards import interruptible, same_signals, without_proxies


def test_sigterm_is_a_ctrl_c_while_it_lasts() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt), interruptible():
        os.kill(os.getpid(), signal.SIGTERM)

    assert signal.getsignal(signal.SIGTERM) is before


def test_handlers_that_are_taken_away_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    with same_signals():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_proxies_are_hidden_and_come_back() -> None:
    environment = {"http_proxy": "http://proxy:3128", "PATH": "/bin"}

    with without_proxies(environment):
        meanwhile = dict(environment)

    assert meanwhile == {"PATH": "/bin"}
    assert environment == {"http_proxy": "http://proxy:3128", "PATH": "/bin"}
