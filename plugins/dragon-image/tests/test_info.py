"""What image.info tells of sizes, types, transparency and the bytes it reads."""

import struct

import pytest
from PIL import ExifTags, Image


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
