"""Which counted shares are truly in the band, and which are truly outside of it."""

from __future__ import annotations

from itertools import product

import pytest

from lbdemo.errors import InputError
from lbdemo.measure.bands import EXACT, Source, band


def counted(share: float, mine: float, others: float) -> float:
    """The share that is counted where the calls of the server and those of all others are told so wrong."""
    return share * mine / (share * mine + (1 - share) * others)


def test_exact_counts_have_the_band_itself() -> None:
    assert EXACT.inner(0.25, 0.2) == EXACT.outer(0.25, 0.2) == band(0.25, 0.2)


@pytest.mark.parametrize("fair", [0.5, 0.2, 0.01])
def test_whatever_the_error_a_share_on_the_edge_is_neither_surely_inside_nor_surely_outside(fair: float) -> None:
    source, wrong = Source(0.1), (0.9, 1.0, 1.1)
    (inner_low, inner_high), (outer_low, outer_high) = source.inner(fair, 0.5), source.outer(fair, 0.5)

    for edge, mine, others in product(band(fair, 0.5), wrong, wrong):
        share = counted(edge, mine, others)
        assert not inner_low + 1e-9 < share < inner_high - 1e-9
        assert outer_low - 1e-9 < share < outer_high + 1e-9


@pytest.mark.parametrize("error", [-0.01, 0.11])
def test_a_source_that_is_off_by_more_is_no_basis(error: float) -> None:
    with pytest.raises(InputError, match="a source's error"):
        Source(error)
