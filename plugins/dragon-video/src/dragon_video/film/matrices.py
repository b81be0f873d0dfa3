"""The geometry of a film's scene: 4 × 4 matrices, and the camera that looks at them.

The axes are OpenGL's: x to the right, y up, z towards the camera. At z = 0 the frame shows x
from −A to A and y from −1 to 1, where A is the display ratio. The camera stands on the z axis at
`CAMERA`; its field of view is 45 degrees in height. Matrices multiply column vectors: in `a @ b`
the move `b` happens first. Stands on numpy alone.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

CAMERA = 1 / math.tan(math.radians(22.5))
"""Distance of the camera from the plane z = 0, in units of half the frame's height: 2.414."""


class Viewport(NamedTuple):
    """The frame that the camera fills.

    Args:
        width: In pixels.
        height: In pixels.
        aspect: Width by height as shown; other than width / height where pixels are not square.
    """

    width: int
    height: int
    aspect: float


def identity() -> Matrix:
    """Return the matrix that moves nothing."""
    return np.eye(4)


def translate(x: float, y: float, z: float = 0.0) -> Matrix:
    """Return the matrix of a shift."""
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def scale(x: float, y: float, z: float = 1.0) -> Matrix:
    """Return the matrix that enlarges about the origin."""
    return np.diag([x, y, z, 1.0])


def rotate_x(degrees: float) -> Matrix:
    """Return a turn about the x axis; y goes towards z."""
    return _turn(degrees, 1, 2)


def rotate_y(degrees: float) -> Matrix:
    """Return a turn about the y axis; z goes towards x."""
    return _turn(degrees, 2, 0)


def rotate_z(degrees: float) -> Matrix:
    """Return a turn about the z axis; x goes towards y, counterclockwise as seen."""
    return _turn(degrees, 0, 1)


def euler(x: float, y: float, z: float) -> Matrix:
    """Return a turn about x, then about y, then about z, each in degrees about the fixed axes."""
    return rotate_z(z) @ rotate_y(y) @ rotate_x(x)


def about(x: float, y: float, z: float, matrix: Matrix) -> Matrix:
    """Return *matrix* with the point (x, y, z) as its origin."""
    return translate(x, y, z) @ matrix @ translate(-x, -y, -z)


def projected(matrix: Matrix, viewport: Viewport) -> Matrix:
    """Return what the camera makes of the plane z = 0 carried by *matrix*.

    Returns:
        3 × 3: (x, y, 1) of the plane to (X w, Y w, w) on the screen, X and Y in pixels from the
        left and top *edge* of the frame. w is the distance from the camera along its axis, in
        the units of the scene: nothing with w <= 0 is seen.
    """
    x, y, z, w = matrix[:, (0, 1, 3)]
    distance = CAMERA * w - z
    return np.stack(
        (
            viewport.width / 2 * (distance + CAMERA / viewport.aspect * x),
            viewport.height / 2 * (distance - CAMERA * y),
            distance,
        )
    )


def _turn(degrees: float, one: int, other: int) -> Matrix:
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix = np.eye(4)
    matrix[one, one] = matrix[other, other] = cosine
    matrix[one, other], matrix[other, one] = -sine, sine
    return matrix
