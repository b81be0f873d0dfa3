"""High dynamic range, toned down: signals whose light ITU-R BT.2408 tells."""

import numpy as np
import pytest

from dragon_video._toning import HLG, PQ, toned_down

BT709, BT2020 = 1, 9


def grey(signal, transfer, primaries=BT2020):
    pixels = np.full((2, 3, 3), round(signal * 65_535), np.uint16)
    made = toned_down(pixels, transfer, primaries)
    assert (made == made[0, 0, 0]).all()
    return int(made[0, 0, 0])


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_grey_card_is_the_grey_of_an_ordinary_film(transfer):
    """18 % grey is 38 % in both, 26 nits (BT.2408, table 1); white is 203 nits, and gamma 2.4 (BT.1886)."""
    assert grey(0.38, transfer) == pytest.approx(255 * (26 / 203) ** (1 / 2.4), abs=4)


def test_diffuse_white_is_the_same_in_both_and_leaves_room():
    """75 % in HLG, 58 % in PQ (BT.2408, table 1)."""
    assert grey(0.75, HLG) == pytest.approx(grey(0.58, PQ), abs=2)
    assert 235 <= grey(0.75, HLG) <= 250


@pytest.mark.parametrize(("transfer", "peak"), [(PQ, 0.7518), (HLG, 1.0)])
def test_a_thousand_nits_are_the_brightest_and_less_stays_apart(transfer, peak):
    levels = [grey(peak * part, transfer) for part in (0.0, 0.5, 0.8, 0.9, 1.0)]
    assert levels[0] == 0
    assert levels[-1] == 255
    assert levels == sorted(set(levels))


def test_more_than_the_peak_is_white():
    assert grey(1.0, PQ) == 255


def test_a_highlight_keeps_its_hue_and_a_colour_outside_has_no_part_cut_off():
    orange = toned_down(np.array([[[52_000, 44_000, 20_000]]], np.uint16), PQ, BT709)[0, 0]
    assert orange[0] > orange[1] > orange[2]
    green = toned_down(np.array([[[0, 30_000, 0]]], np.uint16), PQ, BT2020)[0, 0]
    assert green[1] > 50
    assert green.min() <= 2


def test_lines_are_done_one_block_after_the_other():
    noise = np.random.default_rng(1).integers(0, 65_536, (150, 7, 3), dtype=np.uint16)
    whole = toned_down(noise, HLG, BT2020)
    apart = np.concatenate([toned_down(line[None], HLG, BT2020) for line in noise])
    assert (whole == apart).all()
