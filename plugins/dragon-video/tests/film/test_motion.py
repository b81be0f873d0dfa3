"""How true slow motion is: frames of a move against ones that are calculated, not sampled.

The picture is a sum of waves, so that its value at any place is known in double precision. Which
place a pixel shows is found by a ray from the camera. The offset of a frame is the shift that
fits it best to the calculated one, by least squares.
"""

import math

import numpy as np
import pytest

from dragon_video.film.frames import blank
from dragon_video.film.matrices import rotate_x, rotate_y, rotate_z, scale, translate
from dragon_video.film.raster import Picture, Viewport, draw

VIEWPORT = Viewport(640, 360, 16 / 9)
WINDOW = 64
CAMERA = 1 + math.sqrt(2)  # 1 / tan(π/8), the half angle formula


class Waves:
    """A picture that goes on everywhere: 60 waves of 10 to 80 px."""

    def __init__(self, width, height):
        random = np.random.default_rng(3)
        length, angle = random.uniform(10, 80, 60), random.uniform(0, np.pi, 60)
        self.across, self.down = 2 * np.pi * np.cos(angle) / length, 2 * np.pi * np.sin(angle) / length
        self.phase = random.uniform(0, 2 * np.pi, 60)
        self.width, self.height = width, height

    def at(self, x, y):
        """Return values, and their slopes in x and y, at places in pixels from the left and top edge."""
        waves = np.exp(1j * (np.multiply.outer(x, self.across) + np.multiply.outer(y, self.down) + self.phase))
        value, slope_x, slope_y = (
            5 * (waves @ factor).real for factor in (np.ones(60), 1j * self.across, 1j * self.down)
        )
        return 128 + value, slope_x, slope_y

    def picture(self):
        # By rows and columns apart, which is quicker than place by place.
        one = np.exp(1j * (np.outer(np.arange(self.height) + 0.5, self.down) + self.phase))
        other = np.exp(1j * np.outer(self.across, np.arange(self.width) + 0.5))
        pixels = np.full((self.height, self.width, 4), 255, np.uint8)
        pixels[:, :, :3] = np.clip(np.round(128 + 5 * (one @ other).real), 0, 255)[:, :, None]
        return Picture(pixels)


def places(matrix, columns, rows):
    """Return where on a plane's square rays through pixels meet it: along x and y, −1 to 1."""
    x = (2 * (columns + 0.5) / VIEWPORT.width - 1) * VIEWPORT.aspect
    y = 1 - 2 * (rows + 0.5) / VIEWPORT.height
    rays = np.stack([x, y, np.full_like(x, -CAMERA)], axis=-1)
    to_plane = matrix[:3, 3] - (0, 0, CAMERA)
    systems = np.stack(
        [rays, np.broadcast_to(-matrix[:3, 0], rays.shape), np.broadcast_to(-matrix[:3, 1], rays.shape)], axis=-1
    )
    solved = np.linalg.solve(systems, np.broadcast_to(to_plane, rays.shape)[..., None])[..., 0]
    return solved[..., 1], solved[..., 2]


def offsets(picture, waves, matrix, windows):
    """Return how far a drawn frame is from the calculated one, in its pixels, in each window."""
    frame = blank(VIEWPORT.width, VIEWPORT.height)
    draw(frame, picture, matrix, VIEWPORT)
    found = []
    for left, top in windows:
        window = np.s_[top : top + WINDOW, left : left + WINDOW]
        rows, columns = np.indices((WINDOW, WINDOW), float)
        along, up = places(matrix, columns + left, rows + top)
        x, y = (1 + along) / 2 * waves.width, (1 - up) / 2 * waves.height
        value, slope_x, slope_y = waves.at(x, y)
        # Slopes for a pixel of the frame to the right, and for one down.
        right = slope_x * np.gradient(x, axis=1) + slope_y * np.gradient(y, axis=1)
        down = slope_x * np.gradient(x, axis=0) + slope_y * np.gradient(y, axis=0)
        slopes = np.stack([right.ravel(), down.ravel(), value.ravel() - 128], axis=1)  # and the loss of contrast
        error = frame[:, :, 1][window].ravel() - value.ravel()
        found.append(-np.linalg.lstsq(slopes, error, rcond=None)[0][:2])
    return np.array(found)


CORNERS_AND_MIDDLE = ((20, 20), (540, 20), (288, 148), (20, 260), (540, 260))


def test_slow_motion_is_true_to_a_fiftieth_of_a_pixel():
    """The start of a zoom from 1.05 to 1.15 with a slow pan, of a picture with twice the pixels of the frame."""
    waves = Waves(1281, 719)
    picture = waves.picture()

    path = []
    for step in np.linspace(0, 0.4, 8):
        zoom = 1.05 + 0.10 * step
        matrix = translate(-0.04 * step, 0.015 * step) @ scale(zoom * 16 / 9, zoom)
        path.append(offsets(picture, waves, matrix, CORNERS_AND_MIDDLE))

    steps = np.diff(np.array(path), axis=0)
    assert np.sqrt((steps**2).mean()) <= 0.02 / 4
    assert np.abs(path).max() <= 0.02


@pytest.mark.parametrize("size", [(1281, 719), (1000, 1001)])
def test_smaller_copies_of_a_picture_are_in_the_same_place(size):
    """Nine sizes from 1.0 to 2.9 pixels of the picture for one of the frame."""
    waves = Waves(*size)
    picture = waves.picture()

    for wide in np.geomspace(1, 2.9, 9):
        matrix = translate(0.003, -0.007) @ scale(size[0] / wide / 360, size[1] / wide / 360)
        found = offsets(picture, waves, matrix, ((288, 148),))

        assert np.abs(found).max() <= 0.02


@pytest.mark.parametrize(
    "turn", [rotate_z(7), rotate_z(90), rotate_y(35), rotate_x(-30), rotate_y(25) @ rotate_x(20) @ rotate_z(-12)]
)
def test_turned_planes_are_where_the_rays_meet_them(turn):
    waves = Waves(901, 601)

    found = offsets(waves.picture(), waves, turn @ scale(1.5, 1.0), ((288, 148),))

    assert np.abs(found).max() <= 0.02
