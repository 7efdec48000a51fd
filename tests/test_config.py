"""What a person typed is checked before anything runs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lbdemo.config import (
    IstioSource,
    Place,
    check_image,
    check_istio,
    check_namespace,
    check_rate,
    check_registry,
    check_source,
    up_config,
)
from lbdemo.errors import InputError

PLACE = Place("", "lbdemo")


@pytest.mark.parametrize("name", ["a", "lbdemo", "a-1", "x" * 63])
def test_good_namespaces(name: str) -> None:
    assert check_namespace(name) == name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a_b", "a.b", "x" * 64, "a b", "--all", "kube-system", "istio-system", "a\n"]
)
def test_bad_namespaces(name: str) -> None:
    with pytest.raises(InputError):
        check_namespace(name)


@pytest.mark.parametrize(
    "address", ["localhost:5000", "ghcr.io/me", "10.0.0.1:5000/a/b", "[::1]:5000", "reg.example", "docker.io/me"]
)
def test_good_registries(address: str) -> None:
    assert check_registry(address + "/") == address


@pytest.mark.parametrize(
    "address",
    [
        "http://x.y",
        "x.y/UPPER",
        "x:port",
        "x.y z",
        "/x.y",
        "x.y//z",
        "x:65536",
        "reg",
        "me/images",
        "docker.io",
        "docker.io/me/images",
    ],
)
def test_bad_registries(address: str) -> None:
    with pytest.raises(InputError):
        check_registry(address)


@pytest.mark.parametrize("name", ["a", "a:1", "localhost:5000/a/b:1.2-x", f"a@sha256:{'0' * 64}"])
def test_good_images(name: str) -> None:
    assert check_image(name) == name


@pytest.mark.parametrize("name", ["", "A:1", "a:", "a@sha256:1", "a b", "-a", "https://a/b"])
def test_bad_images(name: str) -> None:
    with pytest.raises(InputError):
        check_image(name)


def test_istio_and_another_strategy_contradict_each_other() -> None:
    with pytest.raises(InputError, match="contradict"):
        up_config(PLACE, istio=True, strategy="headless")


def test_istio_is_short_for_its_strategy() -> None:
    assert up_config(PLACE, istio=True).strategy == "istio"
    assert up_config(PLACE).strategy == "clusterip"


@pytest.mark.parametrize(("option", "value"), [("lb_policy", "random"), ("timeout", "soon")])
def test_unknown_choices_are_refused(option: str, value: str) -> None:
    with pytest.raises(InputError, match=value):
        up_config(PLACE, **{option: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "source",
    [IstioSource(version="latest"), IstioSource(values_file="no-such-file"), IstioSource(charts="no-such-folder")],
)
def test_an_istio_source_that_cannot_be_right_is_refused(source: IstioSource) -> None:
    with pytest.raises(InputError):
        check_istio(source)


def with_values(folder: Path, content: bytes) -> IstioSource:
    """A source with a values file that holds this."""
    values = folder / "values.yaml"
    values.write_bytes(content)
    return IstioSource(values_file=str(values))


@pytest.mark.parametrize(
    "text",
    [
        "revision: canary",
        "pilot: {}\nrevision: '1-31'\n",
        '{"revision": "canary"}',
        '"revision": "x"',
        "---\nrevision: a\n",
        '{\n  "global": 1,\n  "revision": "x"\n}',
    ],
)
def test_values_that_name_a_revision_are_refused_before_anything_is_installed(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="sets the revision"):
        check_istio(with_values(tmp_path, text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "revision: default",
        "revision: ''",
        "pilot:\n  revision: x\n",
        "# revision: x",
        "revision:\nglobal:\n  hub: x\n",
        "revision: null",
        '{"revision": null}',
        "pilot:\n  podLabels:\n    { revision: x }\n",
        "revisionTags: [a]",
    ],
)
def test_values_without_a_revision_are_taken(tmp_path: Path, text: str) -> None:
    source = with_values(tmp_path, text.encode())

    assert check_istio(source).values_file == source.values_file


def test_values_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        check_istio(with_values(tmp_path, b"\xff\xfe\x00"))


def test_a_version_is_the_same_with_and_without_its_v() -> None:
    assert check_istio(IstioSource(version="v1.31.0")) == check_istio(IstioSource(version="1.31.0"))


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e9, math.inf, math.nan])
def test_a_rate_that_no_client_can_make_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match="out of range"):
        check_rate(rate)


@pytest.mark.parametrize("place", ["https://mirror/istio/samples/addons", "http://localhost:8000"])
def test_an_address_of_addons_stays_as_it_is(place: str) -> None:
    assert check_source(place) == place


def test_a_folder_of_addons_is_known_wherever_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "addons").mkdir()
    monkeypatch.chdir(tmp_path)

    assert check_source("addons") == str(tmp_path / "addons")


@pytest.mark.parametrize("place", ["nowhere", "ftp://mirror/addons", "oci://mirror/addons"])
def test_addons_of_nowhere_are_refused(place: str) -> None:
    with pytest.raises(InputError, match=place) as refused:
        check_source(place)

    assert "--addons-from" in refused.value.hint
