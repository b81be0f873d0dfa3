"""audio.waveform: columns beside a plain reckoning, and pictures whose pixels are known beforehand."""

import itertools
import json

import numpy as np
import pytest
from PIL import Image

from dragon_framework.errors import InvalidParametersError, UnreadableSourceError

RATE = 8000


@pytest.fixture
def waveform(run_task):
    """Run the task: the picture as an array (height, width, channels), `.values` and `.peaks` beside it."""

    class Drawn(np.ndarray):
        values = peaks = mode = None

    def run(url, **parameters):
        done = run_task("audio.waveform", url=url, **{"format": "png", **parameters})
        with Image.open(done.files["output"]) as image:
            drawn = np.asarray(image).view(Drawn)
            drawn.mode = image.mode
        drawn.values = done.values
        drawn.peaks = json.loads(done.files["peaks"].read_text()) if "peaks" in done.files else None
        return drawn

    return run


def noise(count, channels=1, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, (channels, count)) * np.linspace(0.1, 1, count)


def reckoned(samples, width, start=0.0, end=None):
    """Least and greatest 16-bit value of each column, sample by sample."""
    levels = np.rint(samples * 32767).astype(int)
    end = samples.shape[1] / RATE if end is None else end
    edges = [round(RATE * (start + column * (end - start) / width)) for column in range(width + 1)]
    columns = [levels[:, left:right] for left, right in itertools.pairwise(edges)]
    return [value for column in columns for value in ((column.min(), column.max()) if column.size else (0, 0))]


@pytest.mark.parametrize("width", [1, 7, 256, 1000])
@pytest.mark.parametrize(("start", "end"), [(0.0, None), (1.25, 4.5), (12.0, 14.0)])
def test_peaks_are_those_of_a_plain_reckoning(waveform, wav, width, start, end):
    samples = noise(15 * RATE, channels=2)

    drawn = waveform(wav(samples, RATE), width=width, start=start, peaks=True, **({"end": end} if end else {}))

    assert np.abs(np.array(drawn.peaks["data"]) - reckoned(samples, width, start, end)).max() <= 1
    assert drawn.values["duration"] == 15.0


def test_peaks_have_the_form_of_audiowaveform(waveform, wav):
    drawn = waveform(wav(noise(4000, channels=2), RATE), width=10, peaks=True, channels="split")

    data = drawn.peaks.pop("data")
    assert drawn.peaks == {
        "version": 2,
        "channels": 2,
        "sample_rate": RATE,
        "samples_per_pixel": 400,
        "bits": 16,
        "length": 10,
    }
    assert len(data) == 2 * 2 * 10


def test_an_encoded_sound_gives_the_peaks_of_decoding_it(waveform, sounds, decoded):
    path = sounds("cbr.mp3", "-c:a", "libmp3lame", "-b:a", "128k")
    samples = decoded(path)[0]

    data = waveform(path, width=50, peaks=True).peaks["data"]

    edges = np.rint(np.linspace(0, 3.217 * 44100, 51)).astype(int)
    greatest = [samples[left:right].max() * 32768 for left, right in itertools.pairwise(edges)]
    assert np.abs(np.array(data[1::2]) - greatest).max() < 200  # a frame's edge may fall into the neighbour


def test_a_square_wave_of_half_scale_fills_the_middle_half(waveform, wav):
    drawn = waveform(
        wav(np.tile([0.5, -0.5], RATE // 2), RATE), width=20, height=40, fill="#ff0000", background="#0000ff"
    )

    assert drawn.shape == (40, 20, 3)
    assert (drawn[11:29] == (255, 0, 0)).all()
    assert (drawn[:9] == (0, 0, 255)).all()
    assert (drawn[31:] == (0, 0, 255)).all()


def test_edges_are_blended_by_what_they_cover(waveform, wav):
    """0.55 of 10 px is 5.5 px: half of the sixth row from the middle is covered."""
    drawn = waveform(wav(np.tile([0.55, -0.55], RATE // 2), RATE), width=4, height=20)

    assert int(drawn[4, 1, 0]) == pytest.approx(127, abs=2)
    assert (drawn[5:15] == 0).all()
    assert (drawn[:4] == 255).all()


def test_silence_is_a_line_of_one_pixel_in_the_middle(waveform, wav):
    drawn = waveform(wav(np.zeros(RATE), RATE), width=8, height=21)

    assert (drawn[10] == 0).all()
    assert (np.delete(drawn, 10, axis=0) == 255).all()


def test_margins_are_left_free(waveform, wav):
    drawn = waveform(wav(np.tile([1.0, -1.0], RATE // 2), RATE), width=8, height=40, vmargin=5)

    assert (drawn[:5] == 255).all()
    assert (drawn[35:] == 255).all()
    assert (drawn[6:34] == 0).all()


def test_channels_of_opposite_phase_do_not_cancel_out(waveform, wav):
    tone = 0.8 * np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)

    drawn = waveform(wav(np.stack([tone, -tone]), RATE), width=10, height=100)

    assert (drawn[15:85] == 0).all()


def test_split_channels_lie_below_each_other(waveform, wav):
    loud = np.tile([1.0, -1.0], RATE // 2)

    drawn = waveform(wav(np.stack([loud, 0 * loud]), RATE), width=8, height=40, channels="split")

    assert (drawn[1:19] == 0).all()
    assert (drawn[21:29] == 255).all()
    assert (drawn[31:] == 255).all()


def test_the_root_of_the_mean_square_of_a_sine_is_0_71_of_its_peak(waveform, wav):
    tone = np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)

    drawn = waveform(wav(tone, RATE), width=10, height=200, mode="rms")

    assert (drawn[:, 5, 0] == 0).sum() == pytest.approx(200 * np.sqrt(0.5), abs=2)


def test_bars_have_gaps(waveform, wav):
    drawn = waveform(wav(np.tile([1.0, -1.0], RATE // 2), RATE), width=18, height=20, bars=4)

    assert [bool(dark) for dark in drawn[10, :, 0] == 0] == [True, True, True, True, False, False] * 3


def test_a_transparent_background_stays_so_in_a_png_and_is_white_in_a_jpeg(waveform, wav):
    path = wav(np.zeros(RATE), RATE)

    png = waveform(path, width=8, height=21, background="#00000000", fill="#ff0000")
    jpeg = waveform(path, width=8, height=21, background="#00000000", fill="#ff0000", format="jpeg")

    assert png.mode == "RGBA"
    assert (png[0, 0, 3], *png[10, 0]) == (0, 255, 0, 0, 255)
    assert (jpeg[0] > 230).all()


def test_more_columns_than_samples_are_drawn_without_holes(waveform, wav):
    drawn = waveform(wav([0.5] * 10, RATE), width=100, height=40)

    assert (drawn == drawn[:, :1]).all()
    assert drawn[9:11, 0, 0].tolist() == [128, 128]  # a line of one pixel at half scale, between two rows


def test_the_part_after_the_end_is_silence(waveform, wav):
    drawn = waveform(wav(np.tile([1.0, -1.0], RATE // 2), RATE), width=20, height=21, end=2.0)

    assert (drawn[2:19, :9] == 0).all()
    assert (drawn[:10, 11:] == 255).all()


def test_defaults_are_those_of_the_reference(run_task, wav):
    done = run_task("audio.waveform", url=wav(noise(RATE), RATE))

    assert done.values == {"duration": 1.0, "width": 1024, "height": 60, "content_type": "image/jpeg"}
    assert set(done.files) == {"output"}
    with Image.open(done.files["output"]) as image:
        assert (image.size, image.format) == ((1024, 60), "JPEG")


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"start": 2.0}, "start"),
        ({"start": 0.5, "end": 0.5}, "end"),
        ({"vmargin": 30}, "vmargin"),
        ({"fill": "blue-ish"}, "fill"),
        ({"width": 0}, "width"),
        ({"height": 10_000}, "height"),
    ],
)
def test_what_cannot_be_drawn_names_its_field(run_task, wav, parameters, field):
    with pytest.raises(InvalidParametersError) as raised:
        run_task("audio.waveform", url=wav(noise(RATE), RATE), **parameters)

    assert list(raised.value.errors) == [field]


@pytest.mark.parametrize("content", [b"", b"no sound" * 100])
def test_what_has_no_sound_is_refused(run_task, tmp_path, content):
    (tmp_path / "a.mp3").write_bytes(content)

    with pytest.raises(UnreadableSourceError, match="not a file with sound"):
        run_task("audio.waveform", url=str(tmp_path / "a.mp3"))
