"""Every installed task from the playground, on a real input, and what it shows of the result.

Some inputs are named by URL, some are files of this machine that the page uploads.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dragon_framework.registry import load_registry

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]


def test_every_installed_task_is_tried_here():
    tried = re.findall(r'playground\.open\("([a-z.]+)"', Path(__file__).read_text())

    assert sorted(tried) == sorted(load_registry().tasks)


def test_image_info(playground, inputs):
    playground.open("image.info").does(url=inputs.photo, dominant_color=True)

    values = playground.values()
    assert (values["width"], values["height"], values["type"]) == (320, 180, "image")
    assert values["content_type"] == "image/jpeg"


def test_image_thumb(playground, inputs):
    playground.open("image.thumb").does(url=inputs.photo, width=160, format="png", rotation=90)

    assert playground.picture() == (160, 284)
    assert playground.values()["original_width"] == 320


def test_image_gif(playground, inputs):
    playground.open("image.gif").does(images=inputs.frames, frame_duration=0.2)

    assert playground.picture() == (48, 32)
    assert (playground.values()["frames"], playground.values()["duration"]) == (3, 0.6)


def test_image_face(playground, inputs):
    """The face was drawn at (250, 180), 150 px wide; a detector's rectangle overlaps it by half at least."""
    playground.open("image.face").does(url=inputs.faces)

    (face,) = playground.values()["faces"]
    assert overlap(face, {"x": 250, "y": 180, "width": 150, "height": 150}) > 0.5
    (box,) = playground.boxes(640)
    assert overlap(box, face) > 0.95


def test_image_saliency(playground, inputs):
    """The disc of the photo is what stands out."""
    playground.open("image.saliency").does(url=inputs.photo)

    points = playground.values()["points"]
    assert abs(points[0][0] - 240) <= 30
    assert abs(points[0][1] - 60) <= 30
    drawn = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in playground.boxes(320)]
    assert drawn == [pytest.approx(point, abs=1) for point in points]


def test_image_smartcrop(playground, inputs):
    playground.open("image.smartcrop").does(url=inputs.url(inputs.photo), aspect_ratio=1, boxes_number=2)

    points = playground.values()["points"]
    assert len(points) == 2
    assert [abs(one["width"] - one["height"]) <= 1 for one in points] == [True, True]
    for box, point in zip(playground.boxes(320), points, strict=True):
        assert overlap(box, point) > 0.95


def test_audio_info(playground, inputs):
    playground.open("audio.info").does(url=inputs.tone)

    values = playground.values()
    assert (values["duration"], values["sample_rate"], values["channels"]) == (2, 8000, 1)


def test_audio_convert(playground, inputs):
    playground.open("audio.convert").does(url=inputs.tone, codec="vorbis")

    seconds, *_ = playground.played("audio")
    assert seconds == pytest.approx(2, abs=0.1)
    assert playground.values()["duration"] == pytest.approx(2, abs=0.05)


def test_audio_beats(playground, inputs):
    """A knock every half second: the beats lie within 0.07 s of one (the window of MIREX), and hardly any is missed."""
    playground.open("audio.beats").does(url=inputs.beats)

    beats = playground.values()["beats"]
    knocks = [0.25 + 0.5 * number for number in range(20)]
    assert all(min(abs(beat - knock) for knock in knocks) < 0.07 for beat in beats)
    assert len(beats) >= 18
    expect(playground.result("beats").first.locator("line.beat")).to_have_count(len(beats))
    expect(playground.page.locator("#result audio")).to_have_count(1)  # for the beats and the downbeats
    assert playground.values()["tempo"] == pytest.approx(120, rel=0.02)


def test_audio_waveform(playground, inputs):
    playground.open("audio.waveform").does(url=inputs.tone, width=300, height=50, format="png")

    assert playground.picture() == (300, 50)


def test_audio_tts(playground):
    playground.open("audio.tts").does(text="Hello, dragon.", codec="ogg")

    seconds, *_ = playground.played("audio")
    assert seconds == pytest.approx(playground.values()["duration"], abs=0.1)


def test_video_info(playground, inputs):
    playground.open("video.info").does(url=inputs.film)

    values = playground.values()
    assert (values["width"], values["height"], values["frame_rate"]) == (96, 64, 10)
    assert (values["video_codec"], values["audio_codec"]) == ("h264", "aac")


def test_video_thumb(playground, inputs):
    playground.open("video.thumb").does(url=inputs.url(inputs.film), time=0.5, width=48)

    assert playground.picture() == (48, 32)
    assert playground.values()["time"] == 0.5


def test_video_strip(playground, inputs):
    playground.open("video.strip").does(url=inputs.url(inputs.film), count=4, wrap=2, width=48)

    assert playground.picture() == (96, 64)


def test_video_convert(playground, inputs):
    playground.open("video.convert").does(url=inputs.film, width=64, video_bitrate=100)

    seconds, width, height = playground.played("video")
    assert (width, height) == (64, playground.values()["height"])
    assert seconds == pytest.approx(2, abs=0.15)


def test_video_reverse(playground, inputs):
    playground.open("video.reverse").does(url=inputs.url(inputs.film))

    seconds, width, height = playground.played("video")
    assert (width, height) == (96, 64)
    assert seconds == pytest.approx(2, abs=0.15)


def test_video_create(playground, inputs):
    playground.open("video.create").does(definition=inputs.definition, profile="240p", preview=True)

    seconds, width, height = playground.played("video")
    values = playground.values()
    assert height == values["height"]
    assert width == pytest.approx(240 * 16 / 9, abs=1)  # the pixels of the profile are not quite square
    assert seconds == pytest.approx(1.5, abs=0.15)
    assert values["duration"] == pytest.approx(1.5, abs=0.05)


def test_html_scrape(playground, inputs):
    playground.open("html.scrape").does(url=inputs.url(inputs.page), min_width=100)

    values = playground.values()
    assert values["page_title"] == "Two & a half"
    assert [hit["url"] for hit in values["hits"]] == [
        inputs.url(one) for one in (inputs.photo, inputs.faces, inputs.film)
    ]


def test_video_upload_vimeo(playground, providers, inputs):
    fake = providers.vimeo
    credentials = {"consumer_key": fake.pair[0], "consumer_secret": fake.pair[1]}
    credentials |= {"access_token_key": fake.old[0], "access_token_secret": fake.old[1]}

    playground.open("video.upload.vimeo").does(url=inputs.url(inputs.film), title="A <b>title</b>", **credentials)

    published_whole(playground, fake, inputs.film, "https://vimeo.com/", [fake.pair[1], fake.old[0], fake.old[1]])


def test_video_upload_youtube(playground, providers, inputs):
    fake = providers.youtube
    credentials = {"access_token": fake.token, "developer_key": fake.key}

    playground.open("video.upload.youtube").does(url=inputs.film, title="A title", tags=["one", "two"], **credentials)

    published_whole(playground, fake, inputs.film, "https://", [fake.token])


def test_video_upload_fb(playground, providers, inputs):
    fake = providers.facebook
    credentials = {"api_key": fake.app, "app_secret": fake.secret, "access_token": fake.user_token}

    playground.open("video.upload.fb").does(url=inputs.url(inputs.film), title="A title", **credentials)

    published_whole(playground, fake, inputs.film, "https://www.facebook.com/", [fake.secret, fake.user_token])


def published_whole(playground, fake, film, place, credentials):
    """The provider has the film, the page a link to it, and nowhere does it show the credentials."""
    assert bytes(fake.published[-1]["data"]) == film.read_bytes()
    output = playground.values()["output"]
    assert output.startswith(place)
    expect(playground.result("link").locator(f'a[href="{output}"]')).to_be_visible()
    seen = playground.page.locator("body").inner_text()
    assert not [credential for credential in credentials if credential in seen]
    assert playground.values()["duration"] == 2


def overlap(one, other):
    """Return the area that two rectangles share, as a part of the area that they cover together."""
    width = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    height = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    shared = max(0, width) * max(0, height)
    return shared / (one["width"] * one["height"] + other["width"] * other["height"] - shared)
