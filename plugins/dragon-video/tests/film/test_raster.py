"""Planes drawn into frames: where they are, to a fraction of a pixel, and how their pixels mix."""

import numpy as np
import pytest

from dragon_video.film.frames import blank, plain, premultiplied
from dragon_video.film.matrices import rotate_x, rotate_y, rotate_z, scale, translate
from dragon_video.film.raster import Picture, Viewport, draw

RED = (0, 0, 255, 255)
SMALL = Viewport(160, 90, 16 / 9)


def shown(viewport, picture, matrix, **how):
    frame = blank(viewport.width, viewport.height)
    draw(frame, picture, matrix, viewport, **how)
    return frame


def covered(frame):
    """Return the area, and the middle in pixels from the left and top edge, of what is opaque."""
    alpha = frame[:, :, 3] / 255
    rows, columns = np.indices(alpha.shape) + 0.5
    total = alpha.sum()
    return total, (alpha * columns).sum() / total, (alpha * rows).sum() / total


def test_a_picture_of_the_frame_s_size_comes_back_as_it_is():
    pixels = np.random.default_rng(1).integers(0, 256, (90, 160, 4), np.uint8)
    pixels[:, :, 3] = 255

    frame = shown(SMALL, Picture(pixels), scale(16 / 9, 1))

    assert np.array_equal(frame, pixels)


def test_a_rectangle_ends_within_pixels():
    """From 40.25 to 100.5 in x, 10.75 to 60 in y: shares of pixels are exact."""
    x, y, wide, high = 70.375, 35.375, 60.25, 49.25
    matrix = translate((x - 80) / 45, (45 - y) / 45) @ scale(wide / 90, high / 90)

    frame = shown(SMALL, Picture(plain(1, 1, RED)), matrix)

    assert frame[30, 40].tolist() == [0, 0, 191, 191]
    assert frame[30, 100].tolist() == [0, 0, 128, 128]
    assert frame[10, 50].tolist() == [0, 0, 64, 64]
    assert frame[59, 50].tolist() == [0, 0, 255, 255]
    assert not frame[60].any()
    assert not frame[:, 39].any()


@pytest.mark.parametrize("degrees", [7, 30, 45, 80, 133])
def test_a_turned_square_covers_its_area_about_its_middle(degrees):
    """0.5 of the scene is 22.5 px: 45 × 45 px about (93.5, 40.5)."""
    matrix = translate(0.3, 0.1) @ rotate_z(degrees) @ scale(0.5, 0.5)

    frame = shown(SMALL, Picture(plain(3, 3, RED)), matrix)

    assert covered(frame) == (
        pytest.approx(2025, rel=2e-3),
        pytest.approx(93.5, abs=0.02),
        pytest.approx(40.5, abs=0.02),
    )


def test_what_is_behind_the_camera_is_not_seen():
    frame = shown(SMALL, Picture(plain(2, 2, RED)), translate(0, 0, 3))

    assert not frame.any()


def test_a_floor_that_passes_under_the_camera_ends_at_the_horizon():
    """y = −1, z from −5 to 5: far edge at y' = d / (d + 5) = 0.3256, 59.65 px; the frame's foot is all floor."""
    matrix = translate(0, -1, 0) @ rotate_x(-90) @ scale(20, 5)

    frame = shown(SMALL, Picture(plain(2, 2, RED)), matrix)

    assert not frame[:59].any()
    assert frame[60:, :, 3].min() == 255
    assert frame[59, 80, 3] == pytest.approx(255 * 0.35, abs=3)


def test_a_plane_seen_edge_on_is_nothing():
    assert not shown(SMALL, Picture(plain(2, 2, RED)), rotate_y(90)).any()


def test_a_plane_that_reaches_beyond_the_frame_at_an_angle_is_whole():
    """Turned about y: its left side is beyond the frame, its right edge inside, smaller than the frame."""
    frame = shown(SMALL, Picture(plain(2, 2, RED)), rotate_y(40) @ scale(3, 1.05))

    x, z = 3 * np.cos(np.radians(40)), 3 * np.sin(np.radians(40))
    camera = 1 + np.sqrt(2)
    right = 80 + 45 * x * camera / (camera + z)
    assert frame[45, : int(right), 3].min() == 255
    assert frame[45, int(right) + 1 :].max() == 0
    top = 45 - 45 * 1.05 * camera / (camera + z)
    assert frame[:, int(right) - 1, 3].sum() / 255 == pytest.approx(2 * (45 - top), abs=1)
    assert frame[:, :60, 3].min() == 255


@pytest.mark.parametrize("degrees", [0, 12])
@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.9])
def test_a_plane_with_alpha_is_mixed_with_what_is_below(degrees, alpha):
    frame = plain(160, 90, (255, 0, 0, 255))

    draw(frame, Picture(plain(9, 9, RED)), rotate_z(degrees) @ scale(0.8, 0.8), SMALL, alpha=alpha)

    assert frame[45, 80] == pytest.approx([255 * (1 - alpha), 0, 255 * alpha, 255], abs=1)
    assert frame[2, 2].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize("degrees", [0, 12])
def test_a_transparent_picture_has_no_dark_fringe(degrees):
    """White at half alpha over white stays white at each edge."""
    frame = plain(160, 90, (255, 255, 255, 255))
    pixels = blank(20, 20)
    pixels[4:16, 4:16] = 128

    draw(frame, Picture(pixels), translate(0.013, 0.027) @ rotate_z(degrees) @ scale(0.8, 0.8), SMALL)

    assert frame.min() >= 254


@pytest.mark.parametrize("degrees", [0, 12])
def test_an_opaque_picture_is_drawn_alike_whether_or_not_that_is_known(degrees):
    """By its own way, which is quicker, and by that of transparent ones."""
    pixels = np.random.default_rng(5).integers(0, 256, (50, 70, 4), np.uint8)
    pixels[:, :, 3] = 255
    frames = [plain(160, 90, (40, 80, 120, 255)) for _ in range(2)]
    matrix = translate(0.113, -0.027) @ rotate_z(degrees) @ scale(0.9, 0.7)

    for frame, opaque in zip(frames, (True, False), strict=True):
        draw(frame, Picture(pixels, opaque=opaque), matrix, SMALL)

    assert np.abs(frames[0].astype(int) - frames[1]).max() <= 1


def test_a_part_of_a_picture_fills_the_square():
    """Quarters of four greys: the lower left one alone, but for the pixels that it shares with its neighbours."""
    pixels = np.full((40, 60, 4), 255, np.uint8)
    pixels[:20, :30, :3], pixels[:20, 30:, :3], pixels[20:, :30, :3], pixels[20:, 30:, :3] = 50, 100, 200, 150

    frame = shown(SMALL, Picture(pixels), scale(0.5, 0.5), part=(0, 0.5, 0.5, 1))

    assert covered(frame) == (pytest.approx(45 * 45, abs=0.5), pytest.approx(80, abs=0.01), pytest.approx(45, abs=0.01))
    assert set(np.unique(frame[25:67, 58:100, 0])) == {200}
    assert frame[23, 80, 0] < 200


@pytest.mark.parametrize("degrees", [0, 33])
def test_neighbours_without_smooth_edges_join_without_a_seam(degrees):
    """Each pixel is that of one of them: none is empty, none is counted twice."""
    turn = rotate_z(degrees)
    frame, picture = blank(160, 90), Picture(plain(8, 8, (0, 0, 128, 128)))

    for column in range(3):
        matrix = turn @ translate(-0.61 + 0.61 * column, 0.02) @ scale(0.305, 0.31)
        draw(frame, picture, matrix, SMALL, smooth=False)

    assert set(np.unique(frame[:, :, 3])) == {0, 128}
    assert (frame[:, :, 3] > 0).sum() == pytest.approx(0.61 * 3 * 0.62 * 45**2, rel=0.02)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (2, 2)])
@pytest.mark.parametrize(
    "matrix", [scale(0.5, 0.5), rotate_z(20) @ scale(0.5, 0.5), scale(50, 50), scale(0.001, 0.001)]
)
def test_the_smallest_pictures_are_drawn_at_any_size(size, matrix):
    frame = shown(SMALL, Picture(plain(*size, RED)), matrix)

    assert set(np.unique(frame[:, :, 1])) == {0}
    assert np.array_equal(frame[:, :, 2], frame[:, :, 3])


def test_a_small_picture_is_enlarged_without_steps():
    """Two pixels from 0 to 255 over 320 px: OpenCV's 32 places between them would be steps of 8 levels."""
    viewport = Viewport(320, 20, 16)
    pixels = np.zeros((1, 2, 4), np.uint8)
    pixels[:, :, 3], pixels[:, 1, :3] = 255, 255

    line = shown(viewport, Picture(pixels), scale(16, 1))[10, :, 0].astype(int)

    # From the middle of the first pixel, at 80, to that of the second, at 240.
    expected = np.clip((np.arange(320) + 0.5 - 80) / 160, 0, 1) * 255
    assert np.abs(line - expected).max() <= 9  # where the slope starts and ends
    assert np.abs(line - expected)[100:220].max() <= 2
    assert np.abs(np.diff(line)).max() <= 3


def test_a_picture_wider_than_opencv_reaches_is_drawn_whole():
    pixels = np.zeros((2, 40_000, 4), np.uint8)
    pixels[:, :, 3], pixels[:, 20_000:, 2] = 255, 255
    picture = Picture(pixels)

    frame = shown(SMALL, picture, scale(16 / 9, 0.5))
    near = shown(SMALL, picture, scale(16 / 9 * 250, 0.5))

    assert frame[45, :79, 2].max() == 0
    assert frame[45, 81:, 2].min() == 255
    assert near[45, :79, 2].max() == 0
    assert near[45, 82:, 2].min() == 255


def test_a_fine_pattern_far_away_is_grey_without_moire():
    """A chessboard of single pixels, 10 of them for one of the frame: 127.5 everywhere."""
    rows, columns = np.indices((900, 1600))
    pixels = np.full((900, 1600, 4), 255, np.uint8)
    pixels[:, :, :3] = ((rows + columns) % 2 * 255)[:, :, None]

    frame = shown(SMALL, Picture(pixels), translate(0.01, 0.003) @ scale(16 / 9 * 1.1, 1.1))

    assert np.abs(frame[:, :, :3].astype(int) - 127).max() <= 2


def test_a_prepared_picture_has_seven_quarters_of_the_pixels_it_is_shown_with():
    picture = Picture(plain(4000, 3000, RED))

    prepared = picture.prepared(1280, 960)

    assert (prepared.width, prepared.height) == (2240, 1680)
    assert prepared.opaque
    assert picture.prepared(4000, 3000) is picture


def test_a_prepared_picture_is_in_the_same_place():
    """A white half: its edge is in the middle of the frame however it was shrunk."""
    pixels = plain(3001, 2001, (0, 0, 0, 255))
    pixels[:, 1500:] = 255
    picture = Picture(pixels)

    line = shown(SMALL, picture.prepared(160, 107), scale(16 / 9, 1.185))[45, :, 0].astype(int)

    # The edge is at 1500 / 3001 of the width.
    assert (255 - line).sum() / 255 == pytest.approx(1500 / 3001 * 160, abs=0.03)


@pytest.mark.parametrize("pixels", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 4)), np.zeros((0, 4, 4), np.uint8)])
def test_what_is_no_frame_is_refused(pixels):
    with pytest.raises(ValueError, match="expected uint8 of the shape"):
        Picture(pixels)


def test_pixels_need_not_be_square():
    """A circle's box, 0.5 of the scene, is 288 px high in 576 lines, and 202.5 px wide of 720 shown as 16:9."""
    viewport = Viewport(720, 576, 16 / 9)

    alpha = shown(viewport, Picture(plain(4, 4, RED)), scale(0.5, 0.5))[:, :, 3] / 255

    assert alpha[288].sum() == pytest.approx(202.5, abs=0.01)
    assert alpha[:, 360].sum() == pytest.approx(288, abs=0.01)


def test_matrices_of_any_size_are_drawn_or_not_but_never_fail():
    random = np.random.default_rng(11)
    picture = Picture(plain(7, 5, RED))

    for reach in (1, 3, 6, 12, 30, 300) * 50:
        matrix = np.eye(4)
        matrix[:3] = random.normal(size=(3, 4)) * 10 ** random.uniform(-reach, reach, size=random.choice([1, 4]))
        frame = shown(SMALL, picture, matrix, alpha=random.choice([0.5, 1]))

        assert not frame[:, :, :2].any()
        assert np.array_equal(frame[:, :, 2], frame[:, :, 3])


@pytest.mark.parametrize(("x", "y"), [(0.25, 0), (-3.6, 0), (12, 0), (0, 0.5), (0, -7.3), (0, -2), (2.4, 1.7)])
def test_a_shift_by_parts_of_pixels_is_the_mean_of_neighbours(x, y):
    """Bilinear sampling by its formula, and edges that cover their share of a pixel."""
    pixels = np.random.default_rng(6).integers(0, 256, (90, 160, 4), np.uint8)
    pixels[:, :, 3] = 255

    frame = shown(SMALL, Picture(pixels), translate(x / 45, -y / 45) @ scale(16 / 9, 1))

    columns, rows = np.arange(160) - x, np.arange(90) - y
    padded = np.pad(pixels.astype(float), ((200, 200), (200, 200), (0, 0)), mode="edge")
    left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
    right_part, lower_part = (columns - left)[None, :, None], (rows - top)[:, None, None]
    at = [padded[np.ix_(top + 200 + down, left + 200 + across)] for down in (0, 1) for across in (0, 1)]
    upper = at[0] * (1 - right_part) + at[1] * right_part
    lower = at[2] * (1 - right_part) + at[3] * right_part
    expected = upper * (1 - lower_part) + lower * lower_part
    share = (
        np.clip(np.minimum(columns + 1, 160 - columns), 0, 1)[None, :]
        * (np.clip(np.minimum(rows + 1, 90 - rows), 0, 1)[:, None])
    )
    # OpenCV 4 samples at 32 places between two pixels where both shifts have parts.
    assert np.abs(frame - expected * share[:, :, None]).max() <= (1.01 if 0 in (x, y) else 9)


@pytest.mark.parametrize("alpha", [1.0, 0.4])
@pytest.mark.parametrize("opacity", [255, 90])
@pytest.mark.parametrize(
    "matrix",
    [
        scale(2.0, 1.2),  # covers the frame
        translate(0.113, -0.207) @ scale(0.731, 0.419),  # edges within pixels
        rotate_z(20) @ scale(0.9, 0.6),
    ],
)
def test_what_is_drawn_again_at_its_place_is_drawn_as_the_first_time(matrix, opacity, alpha):
    random = np.random.default_rng(5)
    pixels = premultiplied(
        np.dstack([random.integers(0, 256, (60, 90, 3)), np.full((60, 90), opacity)]).astype("uint8")
    )
    viewport = Viewport(160, 90, 16 / 9)
    again = Picture(pixels)

    for number in range(4):
        ground = random.integers(0, 256, (90, 160, 4)).astype("uint8")
        ground[..., 3] = 255
        frame, expected = ground.copy(), ground.copy()
        draw(frame, again, matrix, viewport, alpha=alpha)
        draw(expected, Picture(pixels), matrix, viewport, alpha=alpha)

        assert np.array_equal(frame, expected), number
        moved, anew = ground.copy(), ground.copy()
        if number == 2:  # elsewhere between
            draw(moved, again, translate(0.1, 0) @ matrix, viewport, alpha=alpha)
            draw(anew, Picture(pixels), translate(0.1, 0) @ matrix, viewport, alpha=alpha)
        assert np.array_equal(moved, anew)
