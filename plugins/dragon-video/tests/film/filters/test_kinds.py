"""What holds for every kind of filter."""

import numpy as np
import pytest

from dragon_video.film.errors import InvalidContentError
from dragon_video.film.filters import FILTERS, IGNORED, REFUSED
from dragon_video.film.filters.kinds import Parameter

SIZES = [(1, 1), (1, 7), (2, 1), (3, 5), (61, 37)]
KINDS = sorted(FILTERS)

ATTRIBUTES = {
    *("preset", "rgba-bias-matrix", "color", "color0", "color1", "whiteColor", "blackColor", "mediumColor"),
    *("opaqueColor", "transparentColor", "threshold", "originalBlend", "diameter", "diameterX", "diameterY", "bias"),
    *("biasX", "biasY", "margin", "width", "colorWidth", "transWidth", "height", "aspectRatio", "rate", "gamma"),
    *("offset", "alphaStart", "alphaEnd", "direction", "angle", "point0", "point1", "center", "centerStart"),
    *("centerEnd", "zoomStart", "zoomEnd", "zoomLimit", "security", "distanceWidth", "fillOpacity", "strokeWidth"),
    *("strokeColor", "strokeOpacity", "strokePosition"),
    *(f"{side}Shadow{part}" for side in ("inner", "drop") for part in ("Color", "Opacity", "Position", "Angle")),
    *(f"{side}Shadow{part}" for side in ("inner", "drop") for part in ("Distance", "Width", "BlurWidth")),
    *(f"{side}Glow{part}" for side in ("inner", "outer") for part in ("Color", "Opacity", "Width", "BlurWidth")),
}
"""The attributes of `filter` in the original's schema."""


def children_of(kind, picture):
    return [np.ascontiguousarray(picture[::-1, ::-1])] * max(FILTERS[kind].children[0], 1 if kind == "combine" else 0)


def extremes(kind):
    """Return values of every parameter at its ends, all low and all high."""
    for end in ("low", "high"):
        values = {}
        for name, parameter in FILTERS[kind].parameters.items():
            number = getattr(parameter, end)
            if parameter.type == "number" and number is not None:
                values[name] = number
            if parameter.type == "choice":
                values[name] = parameter.choices[0 if end == "low" else -1]
            if parameter.type == "pair" and number is not None:
                values[name] = (number, number)
        yield values


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_any_size_stay_premultiplied_and_of_their_size(apply, random_picture, kind, size):
    for opaque in (True, False):
        picture, _ = random_picture(*size, opaque=opaque)
        for values in ({}, *extremes(kind)):
            for rendered in (True, False):
                result = apply(
                    kind, picture, children_of(kind, picture), values, rendered=rendered, lines=size[1], aspect=1.5
                )

                assert (result[..., :3] <= result[..., 3:]).all()
                if rendered or not FILTERS[kind].resizes:
                    assert result.shape == picture.shape


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"frame", "combine"}))
def test_nothing_stays_nothing(apply, kind):
    """A filter colours what is there; it puts nothing where a picture is transparent."""
    picture = np.zeros((20, 30, 4), np.uint8)
    child = np.full((20, 30, 4), 255, np.uint8)

    assert not apply(kind, picture, [child] * FILTERS[kind].children[0]).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_is_the_same_whenever_and_wherever_it_is_made(apply, random_picture, kind):
    picture, _ = random_picture(40, 30)
    other, _ = random_picture(40, 30, seed=9)
    first = apply(kind, picture, children_of(kind, picture), frame=31, seconds=1.24)

    apply(kind, other, children_of(kind, other), frame=80, seconds=3.2, seed=5)

    assert np.array_equal(first, apply(kind, picture, children_of(kind, picture), frame=31, seconds=1.24))


@pytest.mark.parametrize("kind", KINDS)
def test_parts_of_larger_pictures_are_as_good(apply, random_picture, kind):
    large, _ = random_picture(60, 50)
    part = large[5:35, 10:50]

    whole = apply(kind, np.ascontiguousarray(part), children_of(kind, part))

    assert np.array_equal(apply(kind, part, children_of(kind, part)), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_described_and_their_defaults_allowed(kind):
    assert FILTERS[kind].name == kind
    assert FILTERS[kind].summary.endswith(".")
    for name, parameter in FILTERS[kind].parameters.items():
        assert name in ATTRIBUTES
        assert parameter.meaning.endswith(".")
        assert parameter.default is None or parameter.problem(parameter.default) is None


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_values_are_told_by_name(apply, plain, kind):
    picture = plain(1, 2, 3)
    for name, parameter in FILTERS[kind].parameters.items():
        wrong = ["loud"] + [end + step for end, step in ((parameter.low, -1), (parameter.high, 1)) if end is not None]
        for value in wrong if parameter.type == "number" else wrong[:1]:
            with pytest.raises(InvalidContentError, match=f"{name} of filter {kind}: expected "):
                apply(kind, picture, children_of(kind, picture), {name: value})


@pytest.mark.parametrize(
    ("parameter", "value", "problem"),
    [
        (Parameter("number", 0, "", 0, 1), 2, "expected a number from 0 to 1, got 2"),
        (Parameter("number", 0, "", 0), -3, "expected a number from 0 on, got -3"),
        (Parameter("number", 0, ""), float("nan"), "expected a number below 1e9, got nan"),
        (Parameter("colour", 0, ""), (0, 0, 0), "expected a colour, got (0, 0, 0)"),
        (Parameter("colour", 0, ""), (0, 0, 256, 0), "expected a number from 0 to 255, got 256"),
        (Parameter("pair", 0, ""), (1, 2, 3), "expected a pair, got (1, 2, 3)"),
        (Parameter("matrix", 0, ""), ((0, 0, 0, 0),) * 4, "expected a matrix, got"),
        (Parameter("choice", "", "", choices=("a", "b")), "c", "expected one of a, b, got 'c'"),
        (Parameter("direction", "", ""), "there", "expected one of left, right,"),
    ],
)
def test_what_is_wrong_with_a_value(parameter, value, problem):
    assert parameter.problem(value).startswith(problem)


def test_all_that_is_wrong_is_told_at_once():
    found = dict(
        FILTERS["gradient"].problems({"color0": (0, 0, 0), "point0": (0.5, 0.5), "point1": "there", "type": 3})
    )

    assert set(found) == {"color0", "point1"}


def test_every_kind_of_the_language_is_known():
    """The filters of the language but its adapters, which place pictures."""
    drawn = {
        *("alpha", "blur", "hblur", "vblur", "gaussianBlur", "hgaussianBlur", "vgaussianBlur", "colormap", "frame"),
        *("borderBlur", "mask", "tint", "threetint", "threshold", "exposure", "glow", "alphamask", "alphainvmask"),
        *("lumamask", "lumainvmask", "key", "makeTransparent", "gradient", "radialGradient", "directionalBlur"),
        *("maskedBlur", "bilateralBlur", "noise", "flick", "tv", "flashback", "bleach", "cornerCut", "grow"),
        *("combine", "identity", "subRender", "distancemap", "distancecolor"),
    }
    others = {"displacement", "motionInterpolate", "dof", "antialias", "quad"}

    assert set(FILTERS) >= drawn
    assert set(FILTERS) | set(IGNORED) == drawn | others
    assert not set(FILTERS) & set(IGNORED)
    assert set(REFUSED) == {"custom"}
