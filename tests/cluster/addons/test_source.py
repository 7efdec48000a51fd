"""Where manifests come from: the release's own, a folder, an address."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from addon_manifests import folder, manifest

from lbdemo.cluster.addons.source import PUBLIC, digest, place, read
from lbdemo.errors import InputError, OperationFailedError


@pytest.mark.parametrize(
    ("version", "tag"),
    [("1.31.0", "1.31.0"), ("v1.24.3", "1.24.3"), ("1.20.8-asm.33", "release-1.20"),
     ("1.32.0-alpha.0", "release-1.32")],
)  # fmt: skip
def test_they_are_those_of_the_release_that_is_installed(version: str, tag: str) -> None:
    assert place("", version) == f"{PUBLIC}/{tag}/samples/addons"


def test_of_an_istio_of_no_known_version_none_are_guessed() -> None:
    with pytest.raises(InputError, match=r"its version is \?"):
        place("", "?")
    assert place("http://mirror/addons/", "?") == "http://mirror/addons"


def test_a_folder_is_read_and_one_without_them_is_named(tmp_path: Path) -> None:
    where = folder(tmp_path)

    assert manifest("kiali") in read(where, ["kiali", "jaeger"])["kiali"]
    with pytest.raises(InputError, match=r"holds no loki\.yaml"):
        read(where, ["loki"])


def test_a_file_that_changed_is_another_version(tmp_path: Path) -> None:
    where = folder(tmp_path)
    before = digest(where, ["kiali"], "shop")
    (tmp_path / "kiali.yaml").write_text(manifest("jaeger"))

    assert before == digest(folder(tmp_path), ["kiali"], "shop") != digest(where, ["kiali"], "other")
    (tmp_path / "kiali.yaml").write_text(manifest("jaeger"))
    assert digest(where, ["kiali"], "shop") != before


def test_an_address_of_a_release_is_not_asked_for_what_is_installed() -> None:
    assert digest("http://127.0.0.1:1/addons", ["kiali"]) != digest("http://127.0.0.1:1/others", ["kiali"])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A web server with the manifests."""
    folder(tmp_path)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_address_is_read_and_says_what_it_lacks(site: str) -> None:
    assert manifest("grafana") in read(site, ["grafana"])["grafana"]
    with pytest.raises(OperationFailedError, match=r"cannot read .*/nowhere/kiali\.yaml: 404 ") as failed:
        read(f"{site}/nowhere", ["kiali"])
    assert "--addons-from FOLDER" in failed.value.hint


def test_a_host_that_does_not_answer_is_told_with_the_way_out() -> None:
    with pytest.raises(OperationFailedError, match="Connection refused") as failed:
        read("http://127.0.0.1:1", ["kiali"])
    assert "nothing was changed" in failed.value.hint
