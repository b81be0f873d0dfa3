"""Grouping."""

import numpy as np


def test_identity_is_the_picture_itself(apply, random_picture):
    picture, _ = random_picture(5, 4)

    assert apply("identity", picture) is picture


def test_combined_pictures_lie_over_the_picture(apply, plain):
    """Half red over blue, then nothing: out = below (1 - a) + above."""
    result = apply("combine", plain(200, 0, 0), [plain(0, 0, 255, 128), plain(0, 0, 0, 0)])

    assert np.abs(result[0, 0].astype(float) - [200 * 127 / 255, 0, 128, 255]).max() <= 1


def test_a_picture_drawn_with_fewer_pixels(apply, random_picture):
    """160 × 90 in a 360-line film of 720 lines: twice that many pixels; the height follows."""
    picture, _ = random_picture(640, 360)

    assert apply("subRender", picture, width=160, lines=720).shape == (180, 320, 4)
    assert apply("subRender", picture, width=160, height=10).shape == (10, 160, 4)
    assert apply("subRender", picture) is picture


def test_a_rendered_picture_keeps_its_size_but_not_its_detail(apply, random_picture):
    picture, _ = random_picture(640, 360)

    result = apply("subRender", picture, height=9, rendered=True)

    assert result.shape == picture.shape
    assert result[..., :3].std() < picture[..., :3].std() / 5


def test_nodes_inside_are_drawn_in_its_place(apply, random_picture, plain):
    picture, _ = random_picture(64, 36)

    assert (apply("subRender", picture, [plain(1, 2, 3)]) == [1, 2, 3, 255]).all()
