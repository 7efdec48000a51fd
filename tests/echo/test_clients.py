"""A client that kubectl left behind is ended by its run's name, and no other."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from echo_server import lbdemo, process

from lbdemo.echo.clients import end_clients
from lbdemo.errors import InputError

CALLS = ("--interval", "0.05", "--format", "json")


def test_only_the_named_run_ends() -> None:
    name = uuid4().hex  # another suite on this machine has runs of its own
    with (
        process("--name", "pod-a") as (_, address),
        lbdemo("client", "--target", address, "--run", name, *CALLS) as mine,
        lbdemo("client", "--target", address, "--run", f"{name}-not", *CALLS) as theirs,
    ):
        assert mine.stdout
        assert theirs.stdout
        mine.stdout.readline(), theirs.stdout.readline()

        with lbdemo("peer", "end", "--run", name) as ending:
            told = json.loads(ending.communicate(timeout=20)[0])

        assert told == {"ended": 1}
        mine.communicate(timeout=20)
        assert mine.returncode == 0
        assert theirs.poll() is None


def test_a_run_must_be_named() -> None:
    with pytest.raises(InputError):
        end_clients("")
