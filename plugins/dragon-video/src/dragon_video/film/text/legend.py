"""How the bar of a legend comes in. Pure arithmetic on the style's `direction` and `speed`."""

from dragon_video.film.text.style import TextStyle

ENTRY_SECONDS = 1.0
"""How long a bar takes to come in at the speed 1."""


def legend_offset(style: TextStyle, seconds: float) -> tuple[float, float]:
    """Return how far a legend is from its place: (right, up), in widths and heights of the frame.

    Args:
        style: Its `direction` is the way it travels: `up` comes from below the frame, `left` from
            beyond the right edge, `down` from above the frame; `static` stands from the first.
        seconds: Since the legend begins. It eases in over 1 second divided by `speed`, and stays.
    """
    part = min(1.0, max(0.0, seconds * style.speed / ENTRY_SECONDS))
    left = 1 - part * part * (3 - 2 * part)
    across, down = {
        "left": (1.0, 0.0),
        "right": (-1.0, 0.0),
        "up": (0.0, -style.height),
        "down": (0.0, 1.0),
        "static": (0.0, 0.0),
    }[style.direction]
    return across * left, down * left
