"""Keying of known colours."""

import numpy as np
import pytest

SCREEN = (64, 177, 0)
"""A chroma green as it is painted: sRGB 0, 177, 64."""


@pytest.mark.parametrize("screen", [(0, 255, 0), SCREEN, (75, 178, 77), (50, 150, 40), (90, 220, 90)])
def test_green_screens_go_by_default(apply, plain, screen):
    assert not apply("key", plain(*screen)).any()


@pytest.mark.parametrize(
    "colour",
    [(255, 255, 255), (0, 0, 0), (128, 128, 128), (150, 180, 225), (200, 80, 30), (0, 255, 255), (40, 40, 200)],
)
def test_white_black_grey_skin_blue_yellow_and_red_stay(apply, plain, colour):
    assert np.array_equal(apply("key", plain(*colour)), plain(*colour))


@pytest.mark.parametrize("distance", [0.04, 0.11, 0.15, 0.2, 0.24, 0.3])
def test_alpha_grows_with_the_distance_in_cb_and_cr(apply, plain, distance):
    """BT.709: at the same Y and Cr, blue is 1.8556 × the difference in Cb away, and green pays for it."""
    key = np.array([100.0, 120.0, 110.0])
    blue = 255 * 1.8556 * distance
    colour = np.rint(key + np.array([blue, -blue * 0.0722 / 0.7152, 0]))
    luma = np.array([0.0722, 0.7152, 0.2126])
    shift = (colour - key) / 255
    found = np.hypot((shift[0] - shift @ luma) / 1.8556, (shift[2] - shift @ luma) / 1.5748)

    result = apply("key", plain(*colour), color=(*key, 255), width=0.1, transWidth=0.15)

    assert result[0, 0, 3] == pytest.approx(255 * np.clip((found - 0.1) / 0.15, 0, 1), abs=4)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_edges_lose_the_screen_and_keep_the_actor(apply, plain, share):
    """A mix of skin and screen: what is left is skin × alpha, whatever green was asked for, without a fringe."""
    skin, screen = np.array([120.0, 160.0, 225.0]), np.array(SCREEN, float)
    picture = np.concatenate((plain(*screen), plain(*(share * skin + (1 - share) * screen)), plain(*skin)), 1)
    luma = np.array([0.0722, 0.7152, 0.2126])

    def chroma(colour):
        return (colour[[0, 2]] - colour @ luma) / 255 / [1.8556, 1.5748]

    asked, mix = np.array([30, 210, 0.0]), share * skin + (1 - share) * screen
    result = apply("key", picture, color=(*asked, 255), width=0.14, transWidth=0.6)

    alpha = (np.hypot(*(chroma(np.rint(mix)) - chroma(asked))) - 0.14) / 0.6
    assert not result[0, 0].any()
    assert 20 < 255 * alpha < 230
    assert result[0, 10, 3] == pytest.approx(255 * alpha, abs=4)
    assert result[0, 10, :3] == pytest.approx(np.clip(mix - (1 - alpha) * screen, 0, 255 * alpha), abs=4)


def test_the_white_around_a_logo_goes_and_its_edge_is_clean(apply, plain):
    """Half of red and half of white becomes half of red."""
    picture = np.concatenate((plain(255, 255, 255), plain(127, 127, 255), plain(0, 0, 255)), 1)

    result = apply("makeTransparent", picture, transWidth=0.95)

    assert not result[0, 0].any()
    assert result[0, 20].tolist() == [0, 0, 255, 255]
    assert result[0, 10].tolist() == pytest.approx([0, 0, 121, 121], abs=8)  # (128 / 255 - 0.05) / 0.95 × 255


@pytest.mark.parametrize(("level", "alpha"), [(243, 0), (242, 0.0010 * 255), (204, 127.5), (165, 255)])
def test_the_greatest_difference_of_a_channel_counts(apply, plain, level, alpha):
    """0.05 is 12.75 levels, 0.35 is 89.25; between them alpha grows in a straight line."""
    result = apply("makeTransparent", plain(255, level, 255), width=0.05, transWidth=0.3)

    assert result[0, 0, 3] == pytest.approx(alpha, abs=1)


def test_a_width_without_a_soft_edge_is_a_step(apply, plain):
    for kind in ("key", "makeTransparent"):
        near, far = (
            apply(kind, plain(*colour), color=(0, 255, 0, 255), width=0.1, transWidth=0)[0, 0, 3]
            for colour in ((10, 245, 10), (100, 155, 100))
        )
        assert (near, far) == (0, 255)


def test_what_is_half_transparent_is_keyed_by_its_straight_colour(apply, plain):
    picture = np.concatenate((plain(0, 255, 0, 128), plain(50, 60, 230, 128)), 1)

    result = apply("key", picture)

    assert not result[0, 0].any()
    assert np.array_equal(result[:, 8:], picture[:, 8:])
