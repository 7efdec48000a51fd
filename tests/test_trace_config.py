from __future__ import annotations

import pytest

from lbdemo.config import Place, UpConfig, check_set, up_config
from lbdemo.errors import InputError
from lbdemo.trace_config import JAEGER_IMAGE, TraceWish, check_otlp

PLACE = Place("", "shop")


def test_without_a_word_of_traces_there_are_none() -> None:
    assert up_config(PLACE).trace is None
    assert UpConfig(PLACE).trace is None


def test_a_jaeger_comes_unless_another_backend_is_named() -> None:
    assert up_config(PLACE, trace=True).trace == TraceWish("jaeger", "", JAEGER_IMAGE)
    assert up_config(PLACE, trace=True, jaeger_image="r/j:1").trace == TraceWish("jaeger", "", "r/j:1")
    assert up_config(PLACE, trace_backend="lbdemo").trace == TraceWish("lbdemo")


def test_an_address_is_wish_enough() -> None:
    assert up_config(PLACE, otlp="otel.obs:4317").trace == TraceWish("none", "otel.obs:4317")


def test_add_ons_bring_a_jaeger_already() -> None:
    assert up_config(PLACE, trace=True, addons=True).trace == TraceWish("addon")
    assert up_config(PLACE, trace=True, addons=True, trace_backend="jaeger").trace == TraceWish("jaeger")
    assert up_config(PLACE, addons=True).trace is None


@pytest.mark.parametrize("place", ["otel:4317", "otel.obs.svc.cluster.local:14317", "10.0.0.1:4317", "[::1]:4317"])
def test_addresses_stay_as_they_are(place: str) -> None:
    assert check_otlp(place) == place


@pytest.mark.parametrize("place", ["otel", "http://otel:4317", "otel:0", "otel:65536", "otel:4317/v1", ":4317", ""])
def test_what_is_no_address_is_refused(place: str) -> None:
    with pytest.raises(InputError, match="HOST:PORT"):
        check_otlp(place)


def test_two_backends_contradict_each_other() -> None:
    with pytest.raises(InputError, match="contradict"):
        up_config(PLACE, otlp="otel:4317", trace_backend="lbdemo")
    with pytest.raises(InputError, match="'tempo' is unknown"):
        up_config(PLACE, trace_backend="tempo")
    with pytest.raises(InputError, match="image reference"):
        up_config(PLACE, trace=True, jaeger_image="no image")


@pytest.mark.parametrize("name", ["trace.otlp", "trace.provider", "trace.backend", "trace.image.tag", "trace"])
def test_what_follows_from_the_options_is_not_set_otherwise(name: str) -> None:
    with pytest.raises(InputError, match="lbdemo decides"):
        check_set(f"{name}=1")


def test_what_does_not_may_be_set() -> None:
    assert check_set("trace.resources.limits.memory=1Gi")
