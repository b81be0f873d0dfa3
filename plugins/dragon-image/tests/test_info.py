"""What image.info tells of sizes, types, transparency and the bytes it reads."""

import struct

import pytest
from PIL import ExifTags, Image

from dragon_framework.errors import UnreadableSourceError


def oriented(orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


def test_size_is_the_size_as_shown(run_task, serve_file, tmp_path):
    """Orientation 6 is "rotate 90° clockwise to show" (Exif 2.2, 4.6.4 A)."""
    Image.new("RGB", (40, 30)).save(tmp_path / "a.jpg", exif=oriented(6))

    output = run_task("image.info", url=serve_file(tmp_path / "a.jpg"))

    assert (output.width, output.height) == (30, 40)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize(
    ("orientation", "rotation", "size"),
    [
        (1, 0, (41, 30)),
        (2, None, (41, 30)),
        (3, 180, (41, 30)),
        (4, None, (41, 30)),
        (5, None, (30, 41)),
        (6, 270, (30, 41)),
        (7, None, (30, 41)),
        (8, 90, (30, 41)),
    ],
)
def test_rotation_is_counter_clockwise_and_null_for_a_flip(info, saved, suffix, orientation, rotation, size):
    path = saved(Image.new("RGB", (41, 30)), f"a.{suffix}", exif=oriented(orientation))

    output = info(path)

    assert (output.width, output.height) == size
    assert output.rotation == rotation
    assert output.exif_orientation == orientation


@pytest.mark.parametrize(("orientation", "rotation"), [(2, None), (3, 180), (6, 270), (8, 90)])
def test_the_rotation_of_an_avif_file_is_that_of_its_container(info, saved, orientation, rotation):
    """Writers turn EXIF's orientation into the container's properties (`irot` and `imir`)."""
    output = info(saved(Image.new("RGB", (41, 30)), "a.avif", exif=oriented(orientation)))

    assert (output.exif_orientation, output.rotation) == (orientation, rotation)


def test_a_heif_file_is_described_as_its_decoders_show_it(info, saved):
    """HEIF has rotations of its own, applied by every decoder; EXIF must not turn it again (ISO 23008-12, 6.5.10)."""
    output = info(saved(Image.new("RGB", (64, 40)), "a.heic", exif=oriented(6)))

    assert (output.width, output.height) == (40, 64)
    assert (output.rotation, output.exif_orientation) == (0, 1)


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_exif_does_not_define_is_null(info, saved, make, orientation):
    path = saved(Image.new("RGB", (4, 3)), "a.jpg", exif=make.exif([(0x0112, 3, 1, orientation)]))

    output = info(path)

    assert (output.width, output.height, output.rotation, output.exif_orientation) == (4, 3, None, None)


def test_the_orientation_in_xmp_is_left_alone(info, thumb, saved):
    """Browsers do the same."""
    xmp = b'<rdf:Description tiff:Orientation="6"/>'
    for name in ("a.png", "a.tif", "a.webp", "a.jpg"):
        options = {"tiffinfo": {700: xmp}} if name == "a.tif" else {"xmp": xmp}
        path = saved(Image.new("RGB", (4, 3)), name, **options)

        output = info(path)

        assert (output.width, output.height, output.exif_orientation) == (4, 3, None)
        assert thumb(path).size == (4, 3)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.heic", "image/heic"),
        ("a.tif", "image/tiff"),
        ("a.bmp", "image/bmp"),
        ("a.jp2", "image/jp2"),
        ("a.j2k", "image/j2c"),
        ("a.ico", "image/vnd.microsoft.icon"),
        ("a.icns", "image/icns"),
        ("a.qoi", "image/qoi"),
        ("a.dds", "image/vnd.ms-dds"),
        ("a.ppm", "image/x-portable-pixmap"),
        ("a.pcx", "image/vnd.zbrush.pcx"),
        ("a.sgi", "image/sgi"),
        ("a.tga", "image/x-tga"),
    ],
)
def test_the_media_type_is_that_of_the_bytes_whatever_the_name(info, saved, tmp_path, name, expected):
    path = saved(Image.new("RGB", (64, 64), "teal"), name)
    (tmp_path / "is-it.txt").write_bytes((tmp_path / name).read_bytes())

    assert info(path).content_type == expected
    assert info(str(tmp_path / "is-it.txt")).content_type == expected


def test_several_jpegs_in_one_file_are_a_jpeg(info, saved):
    """Phones write a depth map or a second view behind the photo (CIPA DC-007); viewers show the first."""
    second = Image.new("RGB", (8, 6), "blue")
    path = saved(Image.new("RGB", (8, 6), "red"), "a.mpo", save_all=True, append_images=[second])

    output = info(path)

    assert (output.content_type, output.width, output.height) == ("image/jpeg", 8, 6)


def psd(width, height, channels):
    """A Photoshop file without layers: header, three empty sections, raw planes (Adobe's file format specification)."""
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, height, width, 8, 3)
    return header + bytes(12) + bytes(2) + b"\x40" * (width * height * channels)


def test_a_photoshop_file(info, thumb, saved):
    path = saved(psd(5, 3, 3), "a.psd")

    output = info(path)

    assert (output.content_type, output.width, output.height) == ("image/vnd.adobe.photoshop", 5, 3)
    assert thumb(path, format="png").getpixel((2, 1)) == (64, 64, 64)


def test_type_is_image(info, saved):
    assert info(saved(Image.new("1", (1, 1)), "a.png")).values["type"] == "image"


def palette_image(**options):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    return image, options


@pytest.mark.parametrize(
    ("name", "image", "options", "expected"),
    [
        ("a.png", Image.new("RGB", (2, 1)), {}, False),
        ("a.png", Image.new("RGBA", (2, 1)), {}, True),
        ("a.png", Image.new("LA", (2, 1)), {}, True),
        ("a.png", *palette_image(), False),
        ("a.png", *palette_image(transparency=1), True),
        ("a.png", *palette_image(transparency=b"\xff\x80"), True),
        ("a.png", Image.new("RGB", (2, 1)), {"transparency": (1, 2, 3)}, True),
        ("a.png", Image.new("L", (2, 1)), {"transparency": 7}, True),
        ("a.gif", *palette_image(), False),
        ("a.gif", *palette_image(transparency=1), True),
        ("a.webp", Image.new("RGBA", (2, 1)), {}, True),
        ("a.webp", Image.new("RGB", (2, 1)), {}, False),
        ("a.avif", Image.new("RGBA", (2, 1), (0, 0, 0, 9)), {}, True),
        ("a.tif", Image.new("RGBA", (2, 1)), {}, True),
        ("a.jpg", Image.new("RGB", (2, 1)), {}, False),
        ("a.jpg", Image.new("CMYK", (2, 1)), {}, False),
    ],
)
def test_alpha_counts_channels_and_transparent_colours(info, saved, name, image, options, expected):
    assert info(saved(image, name, **options)).alpha is expected


def test_an_animation_is_described_by_its_first_frame(info, saved):
    frames = [Image.new("P", (7, 5), number) for number in range(3)]

    output = info(saved(frames[0], "a.gif", save_all=True, append_images=frames[1:]))

    assert (output.width, output.height) == (7, 5)


def test_the_header_of_a_large_jpeg_is_all_that_is_transferred(run_task, serve_file, tmp_path):
    """A photo of 20 megapixels has about 6 MB; noise gives this one as many at a tenth of the size."""
    Image.effect_noise((2400, 1600), 120).save(tmp_path / "noise.jpg", quality=98)
    size = (tmp_path / "noise.jpg").stat().st_size

    output = run_task("image.info", url=serve_file(tmp_path / "noise.jpg"))

    assert (output.width, output.height) == (2400, 1600)
    assert size > 3_000_000
    assert 0 < output.bytes_fetched < 0.01 * size


def test_the_pixels_of_a_png_are_not_transferred(run_task, serve_file, tmp_path):
    noise = Image.effect_noise((1200, 1000), 120)
    noise.save(tmp_path / "noise.png")

    output = run_task("image.info", url=serve_file(tmp_path / "noise.png"))

    assert 0 < output.bytes_fetched < 100_000 < (tmp_path / "noise.png").stat().st_size


def test_a_size_far_beyond_what_is_decoded_is_told(info, saved, make):
    """60000 × 50000 are declared, nothing is decoded, and nothing needs to be."""
    output = info(saved(make.png(width=60_000, height=50_000), "a.png"))

    assert (output.width, output.height) == (60_000, 50_000)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.avif"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_frames_of_an_animation_are_counted(info, saved, name, count):
    frames = [Image.new("RGB", (7, 5), (50 * number, 0, 0)) for number in range(count)]

    output = info(saved(frames[0], name, save_all=True, append_images=frames[1:]))

    assert (output.frames, output.animated) == (count, count > 1)


@pytest.mark.parametrize("name", ["a.tif", "a.mpo", "a.heic"])
def test_pages_and_views_are_no_frames(info, saved, name):
    frames = [Image.new("RGB", (64, 50), (50 * number, 0, 0)) for number in range(3)]

    output = info(saved(frames[0], name, save_all=True, append_images=frames[1:]))

    assert (output.frames, output.animated) == (1, False)


def test_the_first_picture_of_a_png_need_not_be_a_frame(info, saved):
    """APNG 1.0: a default image without `fcTL` before it is not part of the animation."""
    frames = [Image.new("RGB", (7, 5), (50 * number, 0, 0)) for number in range(3)]

    output = info(saved(frames[0], "a.png", save_all=True, append_images=frames[1:], default_image=True))

    assert (output.frames, output.animated) == (2, True)


GIF_HEAD = b"GIF89a\1\0\1\0\x80\0\0" + bytes(6)
GIF_FRAME = b"\x2c" + bytes(4) + b"\1\0\1\0\0" + b"\2\2\x4c\1\0"  # one pixel


def test_a_gif_that_is_cut_off_has_the_frames_that_begin(info, saved):
    assert info(saved(GIF_HEAD + GIF_FRAME * 3, "a.gif")).frames == 3
    assert info(saved((GIF_HEAD + GIF_FRAME * 4)[:-4], "b.gif")).frames == 4


def test_many_frames_are_counted_at_once(info, saved):
    """No decoder is asked."""
    assert info(saved(GIF_HEAD + GIF_FRAME * 30_000 + b"\x3b", "a.gif")).frames == 30_000


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.avif"])
def test_the_name_of_the_colour_profile(info, saved, make, name):
    path = saved(Image.new("RGB", (4, 3)), name, icc_profile=make.linear_rgb_profile())

    assert info(path).profile == "test"


@pytest.mark.parametrize("profile", [None, b"", b"no profile", b"\xff" * 200])
def test_no_profile_or_a_broken_one_has_no_name(info, saved, profile):
    assert info(saved(Image.new("RGB", (4, 3)), "a.jpg", icc_profile=profile)).profile is None


def dominant(run_task, path):
    return run_task("image.info", url=path, dominant_color=True).dominant_color


def test_the_dominant_colour_is_only_looked_for_when_asked(info, saved):
    assert info(saved(Image.new("RGB", (4, 3), "red"), "a.png")).dominant_color is None


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (1000, 3), (3, 1000)])
@pytest.mark.parametrize(("mode", "colour", "expected"), [("RGB", "#4080c0", "#4080c0"), ("L", 128, "#808080")])
def test_the_colour_of_a_plain_picture_is_dominant(run_task, saved, size, mode, colour, expected):
    assert dominant(run_task, saved(Image.new(mode, size, colour), "a.png")) == expected


def test_the_dominant_colour_is_one_of_the_picture_and_not_the_mean_of_all(run_task, saved):
    """Half blue in two near shades, each of which has less than red."""
    image = Image.new("RGB", (100, 50))
    for left, right, colour in ((0, 25, "#0000f6"), (25, 50, "#0000ea"), (50, 80, "#ff0000"), (80, 100, "#ffffff")):
        image.paste(colour, (left, 0, right, 50))

    assert dominant(run_task, saved(image, "a.png")) == "#0000f0"


def test_transparent_pixels_have_no_colour(run_task, saved):
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 0))
    assert dominant(run_task, saved(image, "a.png")) is None

    image.paste((0, 255, 0, 255), (0, 0, 2, 10))
    assert dominant(run_task, saved(image, "b.png")) == "#00ff00"


def test_the_dominant_colour_is_in_srgb(run_task, saved, make):
    """Linear light of 0.2159 is 128 of 255 in sRGB (IEC 61966-2-1)."""
    path = saved(Image.new("RGB", (4, 3), (55, 55, 55)), "a.png", icc_profile=make.linear_rgb_profile())

    colour = dominant(run_task, path)

    assert [int(colour[at : at + 2], 16) for at in (1, 3, 5)] == pytest.approx([128] * 3, abs=2)


def test_the_dominant_colour_of_a_bomb_is_refused(run_task, saved, make):
    with pytest.raises(UnreadableSourceError, match="at most 120000000 pixels"):
        dominant(run_task, saved(make.png(width=60_000, height=50_000), "a.png"))
