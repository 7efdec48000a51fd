"""Where the proxy's socket lies: a folder of one's own on a short path, and none that a killed one has left."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lbdemo.errors import OperationFailedError
from lbdemo.kube import proxy as proxies
from lbdemo.kube.proxy import private_folder


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_a_place_with_a_long_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))

    folder = private_folder()

    assert len(folder.encode()) < proxies.LONGEST
    assert list(long.iterdir()) == []
    Path(folder).rmdir()


def left_behind(place: Path, name: str, age: float, *sockets: str) -> Path:
    """A folder as a proxy makes it, so many seconds old, with sockets in it."""
    folder = place / name
    folder.mkdir(mode=0o700)
    for socket_ in sockets:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(folder / socket_))
    os.utime(folder, (time.time() - age,) * 2)
    return folder


def test_what_a_killed_one_has_left_is_swept_away(short: Path) -> None:
    dead = left_behind(short, "lbdemo-dead", 100, "1", "2")
    young = left_behind(short, "lbdemo-young", 1, "1")
    others = left_behind(short, "something", 100, "1")
    work = left_behind(short, "lbdemo-work", 100, "1")
    (work / "notes").write_text("somebody's")
    os.utime(work, (time.time() - 100,) * 2)

    folder = private_folder([str(short)])

    assert not dead.exists()
    assert {young, others, work, Path(folder)} == set(short.iterdir())


def test_one_that_is_at_work_stays(short: Path) -> None:
    busy = left_behind(short, "lbdemo-busy", 100)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(busy / "1"))
        door.listen()
        os.utime(busy, (time.time() - 100,) * 2)

        private_folder([str(short)])

        assert busy.exists()


def test_where_there_is_no_place_the_way_out_is_named() -> None:
    with pytest.raises(OperationFailedError, match="no place for the socket") as raised:
        private_folder(["/nowhere/at/all"])

    assert "TMPDIR" in raised.value.hint
