"""Definitions that somebody wrote to break the renderer: each makes a film, or an error with its place."""

import wave
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from dragon_video.film.errors import CouldNotDownloadError, InvalidContentError, InvalidImageError, InvalidXMLError
from dragon_video.film.parse import MAX_ATTRIBUTES, parse
from dragon_video.film.scene.stage import MOST_PIXELS, Space
from dragon_video.film.sound.reading import SoundReader
from dragon_video.film.validate import MOST_PROBLEMS, validate

SMALL = {"profile": "240p", "preview": False}
RED = '<effect type="none" duration="0.04"><image color="#ff0000"/></effect>'


def problems(definition):
    with pytest.raises(InvalidXMLError) as caught:
        validate(parse(definition))
    return [str(problem) for problem in caught.value.problems]


def test_canvases_of_huge_overlays_have_a_budget_together():
    space, pixels = Space(16 / 9, 1920.0, 1080.0), 0
    for _ in range(96):
        space = Space(space.aspect, space.width * 100, space.height * 100, space.enlarged, space.room).fitting()
        width, height = space.canvas
        pixels += width * height
    assert pixels <= MOST_PIXELS * 1.01


def test_overlays_that_fit_keep_their_pixels():
    space = Space(16 / 9, 1920.0, 1080.0, 2.0).fitting()
    assert space.canvas == (3840, 2160)


def test_a_mask_in_huge_overlays_makes_a_film(run_task, sxml):
    overlay = '<overlay duration="0.04" width="100" height="100">'
    mask = f'<stack>{RED}<filter type="lumamask"><effect type="none"><image color="#ffffff"/></effect></filter></stack>'
    made = run_task("video.create", definition=sxml.movie(overlay * 4 + mask + "</overlay>" * 4), **SMALL)
    assert made.duration == 0.04


def test_an_element_with_thousands_of_attributes_is_refused_at_once():
    flood = " ".join(f'a{number}=""' for number in range(MAX_ATTRIBUTES + 1))
    assert problems(f"<movie {flood}/>") == [
        f"line 1, column 1: <movie> has {MAX_ATTRIBUTES + 1} attributes; at most {MAX_ATTRIBUTES} are allowed"
    ]


def test_keys_that_are_out_of_the_range_of_their_filter_are_told_with_their_place(sxml):
    key = '<animator type="custom"><key time="0" diameter="1e9"/></animator>'
    stack = f'<stack>{RED}<filter type="blur">{key}</filter></stack>'
    column = sxml.movie(stack).index("diameter") + 1
    expected = "diameter of filter 'blur': expected a number from 0 to 1000, got 1e+09"
    assert problems(sxml.movie(stack)) == [f"line 1, column {column}: {expected}"]


def test_ways_that_a_transition_does_not_know_are_told_with_their_place(sxml):
    body = f'{RED}<transition type="dualmove" directions="left,nowhere"/>{RED}'
    column = sxml.movie(body).index("directions") + 1
    (problem,) = problems(sxml.movie(body))
    assert problem.startswith(f"line 1, column {column}: directions is 'nowhere'; expected one of left, right")


def test_an_adapter_of_no_ratio_is_told_with_its_place(sxml):
    body = '<effect type="none"><image color="#ff0000"><filter type="zoomAdapter" aspectRatio="0"/></image></effect>'
    column = sxml.movie(body).index("aspectRatio") + 1
    assert problems(sxml.movie(body)) == [f"line 1, column {column}: aspectRatio is 0.0; expected a number above 0"]


def test_what_a_filter_refuses_as_it_draws_is_told_with_its_place(run_task, sxml):
    mask = '<filter type="mask" opaqueColor="#000000" transparentColor="#000000"><image color="#ffffff"/></filter>'
    body = f'<effect type="none" duration="0.04"><image color="#ff0000">{mask}</image></effect>'
    column = sxml.movie(body).index("<filter") + 1
    with pytest.raises(InvalidContentError, match=rf"^InvalidContentError: line 1, column {column}: opaqueColor"):
        run_task("video.create", definition=sxml.movie(body), **SMALL)


def test_a_picture_that_is_cut_off_is_told_with_its_place(run_task, sxml, tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (90, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg", quality=95)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes((tmp_path / "whole.jpg").read_bytes()[:5_000])
    body = f'<effect type="none" duration="0.04"><image filename="{cut}"/></effect>'
    with pytest.raises(InvalidImageError, match=r"^InvalidImageError: line 1, column \d+: a picture is damaged"):
        run_task("video.create", definition=sxml.movie(body), **SMALL)


def test_after_a_hundred_missing_files_the_rest_is_not_tried_but_counted(run_task, sxml, tmp_path):
    count = MOST_PROBLEMS + 20
    images = "".join(f'<image filename="{tmp_path}/{number}.png"/>' for number in range(count))
    effect = "".join(f'<effect type="none">{image}/></effect>' for image in images.split("/>")[:-1])
    with pytest.raises(CouldNotDownloadError) as caught:
        run_task("video.create", definition=sxml.movie(effect), **SMALL)
    *told, last = str(caught.value).splitlines()
    assert len(told) == MOST_PROBLEMS
    assert last == "and 20 more were not tried"


def test_warnings_without_end_are_counted(run_task, sxml):
    unknown = " ".join(f'x{number}=""' for number in range(150))
    body = f'{RED}<stack {unknown} duration="0.04"/>'
    made = run_task("video.create", definition=sxml.movie(body), dry_run=True, **SMALL)
    assert len(made.warnings) == MOST_PROBLEMS + 1
    assert made.warnings[-1] == "and 50 more"


def test_a_thousand_odd_speeds_leave_short_numbers(sxml):
    body = "".join(f'<audio filename="a" speed="{1 + number / 1009:.12f}"/>' for number in range(1000))
    timed, _ = sxml.solved(body, a=4)
    exact = sum(Fraction(4) / Fraction(f"{1 + number / 1009:.12f}") for number in range(1000))
    assert timed.duration.denominator <= 10**12
    assert float(timed.duration) == pytest.approx(float(exact), abs=1e-5)


def test_a_loop_of_one_sample_at_the_end_of_a_song_is_decoded_once(tmp_path):
    samples = (np.arange(44_100) % 1000 * 30).astype("<i2")
    with wave.open(str(tmp_path / "song.wav"), "wb") as song:
        song.setnchannels(1)
        song.setsampwidth(2)
        song.setframerate(44_100)
        song.writeframes(samples.tobytes())
    checks = 0

    def check():
        nonlocal checks
        checks += 1

    reader = SoundReader(tmp_path / "song.wav", 44_100, skip=Fraction(44_097, 44_100), loop=True, check=check)
    heard = np.zeros((2, 100_000), np.float32)
    assert reader.add_to(heard) == 100_000
    reader.close()
    last = samples[-3:].astype(np.float32) / 32_768
    assert heard[0] == pytest.approx(np.resize(last, 100_000), abs=1e-4)
    assert checks < 1000
