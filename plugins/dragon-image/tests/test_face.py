"""image.face: faces are found where they are, in the order and the pixels that clients read.

Faces here are drawn: a pattern of the light and dark parts that the cascades look for. How well
photographs of people are found is measured by `benchmarks/accuracy.py`, on labelled faces.
"""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageDraw, ImageFilter

from dragon_framework.testing import check_task
from dragon_image._faces import FoundFace, in_whole_picture, open_driver
from dragon_image._haar import FRONT, HaarDriver
from dragon_image._yunet import YuNetDriver, face_of
from dragon_image.face import FaceDetectorError


def drawn_face(side):
    """A face of *side* pixels as the cascade for faces from the front knows it."""
    image = Image.new("L", (200, 200), 110)
    pen = ImageDraw.Draw(image)
    pen.ellipse((20, -10, 180, 215), fill=190)
    for x in (62, 138):
        pen.ellipse((x - 26, 58, x + 26, 88), fill=80)
        pen.ellipse((x - 12, 62, x + 12, 86), fill=30)
        pen.rectangle((x - 28, 44, x + 28, 54), fill=70)
    pen.polygon([(100, 75), (82, 128), (118, 128)], fill=205)
    pen.rectangle((84, 124, 116, 132), fill=110)
    pen.ellipse((66, 146, 134, 172), fill=90)
    return image.filter(ImageFilter.GaussianBlur(4)).resize((side, side), Image.Resampling.LANCZOS)


def scene(size, *places):
    """A picture with drawn faces at *places*: (x, y, side)."""
    image = Image.new("RGB", size, (110, 110, 110))
    for x, y, side in places:
        image.paste(drawn_face(side), (x, y))
    return image


@pytest.fixture
def face(run_task):
    return lambda path: run_task("image.face", url=path).faces


def centre(face):
    return face["x"] + face["width"] / 2, face["y"] + face["height"] / 2


def test_it_keeps_the_contract():
    check_task("image.face", hostile=True)


@pytest.mark.parametrize(("x", "y", "side"), [(250, 180, 150), (20, 30, 60), (500, 380, 90)])
def test_a_face_is_found_where_it_is(face, saved, x, y, side):
    (found,) = face(saved(scene((640, 480), (x, y, side)), "a.png"))

    assert found["type"] == "front"
    assert centre(found) == pytest.approx((x + side / 2, y + side / 2), abs=side / 8)
    assert side * 0.8 <= found["width"] <= side * 1.3
    assert 0.25 <= found["confidence"] <= 1


def test_several_faces_come_by_confidence(face, saved):
    found = face(saved(scene((640, 480), (20, 30, 60), (300, 50, 120), (200, 300, 150)), "a.png"))

    assert len(found) == 3
    confidences = [one["confidence"] for one in found]
    assert confidences == sorted(confidences, reverse=True)


def test_a_picture_without_a_face_has_none(face, saved):
    assert face(saved(Image.linear_gradient("L").resize((640, 480)), "a.png")) == []
    assert face(saved(Image.new("RGB", (64, 48), "teal"), "b.png")) == []


def test_faces_lie_in_the_pixels_of_a_large_picture(face, saved):
    large = scene((640, 480), (400, 100, 100)).resize((4000, 3000), Image.Resampling.BICUBIC)

    (found,) = face(saved(large, "a.jpg", quality=90))

    assert centre(found) == pytest.approx((450 * 6.25, 150 * 6.25), abs=100)


def test_a_small_picture_is_enlarged(face, saved):
    """22 px are less than the smallest window; in a picture of 160 px they are looked at twice as large."""
    (found,) = face(saved(scene((160, 120), (60, 40, 22)), "a.png"))

    assert centre(found) == pytest.approx((71, 51), abs=4)


def test_a_face_of_a_25th_of_the_longer_side_is_found(face, saved):
    (found,) = face(saved(scene((2000, 1500), (900, 700, 80)), "a.png"))

    assert centre(found) == pytest.approx((940, 740), abs=15)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_faces_are_those_of_the_picture_as_shown(face, saved, orientation):
    """Stored as EXIF says that a camera held so stores it (Exif 2.32, 4.6.4 A)."""
    upright = scene((400, 300), (250, 60, 100))
    how = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = upright if how is None else upright.transpose(how)

    (found,) = face(saved(stored, "a.jpg", quality=95, exif=exif))

    assert centre(found) == pytest.approx((300, 110), abs=15)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK"])
def test_every_kind_of_pixels_is_read(face, saved, mode):
    assert len(face(saved(scene((320, 240), (100, 60, 100)).convert(mode), "a.tif"))) == 1


@pytest.mark.parametrize("size", [(1, 1), (20_000, 3), (2, 20_000), (65_535, 1), (15, 15)])
def test_pixels_and_strips_have_no_faces(face, saved, size):
    assert face(saved(Image.new("L", size, 90), "a.png")) == []


def test_profiles_are_found_either_way_and_only_where_no_face_looks_ahead():
    """The cascades change places, so that drawn faces are taken for profiles: looked for straight and mirrored."""
    driver = HaarDriver("")
    front, profile = driver._cascades.values()
    driver._cascades = dict(zip(driver._cascades, (profile, front), strict=True))
    picture = scene((640, 480), (450, 100, 100)).convert("L")

    (found,) = driver.find(picture)

    assert found.type == "profile"
    assert (found.x + found.width / 2, found.y + found.height / 2) == pytest.approx((500, 150), abs=13)

    driver._cascades = dict.fromkeys(driver._cascades, front)

    assert [one.type for one in driver.find(picture)] == ["front"]


def test_the_two_passes_find_what_one_fine_pass_finds():
    picture = np.asarray(scene((640, 480), (20, 30, 60), (300, 50, 120), (200, 300, 150)).convert("L"))
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + FRONT.cascade)

    expected = cascade.detectMultiScale(picture, scaleFactor=1.1, minNeighbors=5, minSize=(24, 24))
    found = HaarDriver("").find(Image.fromarray(picture))

    assert len(found) == len(expected) == 3
    for x, y, width, height in expected:
        middle = x + width / 2, y + height / 2
        assert any(
            (one.x + one.width / 2, one.y + one.height / 2) == pytest.approx(middle, abs=width / 8) for one in found
        )


boxes = st.builds(
    FoundFace,
    st.sampled_from(["front", "profile"]),
    *[st.floats(-100, 800)] * 2,
    *[st.floats(0, 400)] * 2,
    st.floats(0, 1),
)


@given(st.lists(boxes, max_size=8), st.tuples(st.integers(1, 5000), st.integers(1, 5000)))
def test_rectangles_lie_inside_front_first_then_by_confidence(faces, size):
    placed = in_whole_picture(faces, (640, 480), size)

    for one in placed:
        assert 0 <= one.x < one.x + one.width <= size[0]
        assert 0 <= one.y < one.y + one.height <= size[1]
    keys = [(one.type == "profile", -one.confidence) for one in placed]
    assert keys == sorted(keys)


def test_a_driver_is_chosen_by_a_setting(monkeypatch, face, saved):
    path = saved(scene((320, 240), (100, 60, 100)), "a.png")
    monkeypatch.setenv("DRAGON_IMAGE_FACE_DETECTOR", "none_such")

    with pytest.raises(FaceDetectorError, match="no driver of that name") as raised:
        face(path)

    assert raised.value.code == "face_detector"


def test_yunet_says_what_it_needs(monkeypatch, face, saved, tmp_path):
    path = saved(scene((320, 240), (100, 60, 100)), "a.png")
    monkeypatch.setenv("DRAGON_IMAGE_FACE_DETECTOR", "yunet")

    with pytest.raises(FaceDetectorError, match="needs the setting face_model"):
        face(path)
    monkeypatch.setenv("DRAGON_IMAGE_FACE_MODEL", str(tmp_path / "none.onnx"))
    with pytest.raises(FaceDetectorError, match="no file") as raised:
        face(path)
    assert str(tmp_path) not in str(raised.value)
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    monkeypatch.setenv("DRAGON_IMAGE_FACE_MODEL", str(tmp_path / "bad.onnx"))
    with pytest.raises(FaceDetectorError, match="no model that OpenCV reads"):
        face(path)


def test_yunet_hands_opencv_the_colours_and_the_size_it_expects(monkeypatch):
    """OpenCV's networks read blue, green, red; a picture's size is told as width, height."""
    told = {}

    class Detector:
        def setInputSize(self, size):  # noqa: N802  # OpenCV's name
            told["size"] = size

        def detect(self, pixels):
            told["pixel"] = pixels[0, 0].tolist()
            return 1, np.array([[10, 20, 30, 40, 15, 30, 35, 30, 25, 40, 18, 50, 32, 50, 0.9]], np.float32)

    driver = YuNetDriver.__new__(YuNetDriver)
    driver._detector = Detector()

    (found,) = driver.find(Image.new("RGB", (64, 48), (255, 128, 0)))

    assert told == {"size": (64, 48), "pixel": [0, 128, 255]}
    assert found == FoundFace("front", 10, 20, 30, 40, pytest.approx(0.9))


def test_a_nose_beside_the_eyes_is_a_profile():
    ahead = [0, 0, 50, 50, 15, 20, 35, 20, 26, 30, 18, 40, 32, 40, 0.8]
    aside = [0, 0, 50, 50, 25, 20, 35, 20, 42, 30, 28, 40, 36, 40, 0.8]

    assert face_of(ahead).type == "front"
    assert face_of(aside).type == "profile"


def test_a_driver_is_made_once_for_a_process():
    assert open_driver("haar", "") is open_driver("haar", "")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("place", [(30, 40, 150), (720, 60, 150)])
def test_a_thumbnail_with_focus_face_shows_the_face(face, thumb, saved, orientation, place):
    """At an end of a picture three times as wide as high, in which the other end is full of noise."""
    image = scene((900, 300), place)
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    image.paste(noise, (600 if place[0] < 300 else 0, 0))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = image
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}.get(orientation)  # Pillow's names: what undoes the turn
    if turn is not None:
        stored = image.transpose(Image.Transpose(turn))

    made = thumb(saved(stored, "a.png", exif=exif), width=300, height=300, crop=True, focus="face", format="png")

    (found,) = face(saved(made, "b.png"))
    assert found["width"] > 100
    assert centre(found)[0] == pytest.approx(150, abs=80 if place[0] < 300 else 90)


def test_a_thumbnail_with_focus_face_of_a_picture_without_faces_keeps_most_entropy(thumb, saved):
    image = Image.new("RGB", (300, 100), "navy")
    image.paste(Image.effect_noise((100, 100), 90).convert("RGB"), (200, 0))
    path = saved(image, "a.png")
    asked = {"width": 100, "height": 100, "crop": True, "format": "png"}

    assert thumb(path, focus="face", **asked).tobytes() == thumb(path, focus="entropy", **asked).tobytes()
    assert thumb(path, focus="face", **asked).tobytes() != thumb(path, **asked).tobytes()
