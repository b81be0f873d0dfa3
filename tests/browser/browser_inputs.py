"""What the tasks work on: small pictures, sounds and films, a page, and the definition of a film, all made here."""

import subprocess
import wave
from functools import cached_property

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageDraw, ImageFilter

BEATS_RATE_HZ = 22_050
BEATS_PER_MINUTE = 120


class Inputs:
    """Files in *directory*, each made once; `url(path)` is where the file server has one."""

    def __init__(self, directory, files):
        self.directory = directory
        self.url = files.serve
        self.missing = f"{files.url}/none/photo.jpg"

    @cached_property
    def photo(self):
        """A gradient with a disc of 40 px around (240, 60): 320 x 180."""
        image = Image.linear_gradient("L").resize((320, 180)).convert("RGB")
        ImageDraw.Draw(image).ellipse((220, 40, 260, 80), fill="orange")
        return self._saved(image, "photo.jpg", quality=90)

    @cached_property
    def frames(self):
        """Three pictures of one colour: 48 x 32."""
        return [self._saved(Image.new("RGB", (48, 32), name), f"{name}.png") for name in ("red", "lime", "blue")]

    @cached_property
    def faces(self):
        """A grey picture with one drawn face of 150 px at (250, 180): 640 x 480."""
        image = Image.new("RGB", (640, 480), (110, 110, 110))
        image.paste(drawn_face(150), (250, 180))
        return self._saved(image, "faces.png")

    @cached_property
    def beats(self):
        """Ten seconds with a short knock every half second, the first at 0.25 s."""
        count = 10 * BEATS_RATE_HZ
        sound = np.zeros(count)
        knock = np.exp(-np.arange(1500) / 150) * np.random.default_rng(7).uniform(-1, 1, 1500)
        for begin in range(BEATS_RATE_HZ // 4, count - 1500, BEATS_RATE_HZ * 60 // BEATS_PER_MINUTE):
            sound[begin : begin + 1500] += 0.8 * knock
        return self._sound(sound, BEATS_RATE_HZ, "beats.wav")

    @cached_property
    def tone(self):
        """Two seconds of 440 Hz."""
        return self._sound(0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * 8000) / 8000), 8000, "tone.wav")

    @cached_property
    def film(self):
        """Two seconds of ffmpeg's test picture with a tone: 96 x 64 at 10 frames a second, H.264 and AAC."""
        path = self.directory / "film.mp4"
        sources = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=10:d=2", "-f", "lavfi", "-i", "sine=300:d=2"]
        codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
        command = [get_ffmpeg_exe(), "-v", "error", *sources, *codecs, str(path)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path

    @cached_property
    def page(self):
        """A web page with a title, two pictures and a film."""
        path = self.directory / "page.html"
        film = f'<video src="{self.url(self.film)}"></video>'
        pictures = [f'<img src="{self.url(self.photo)}" width=320>', f'<img src="{self.url(self.faces)}" width=640>']
        path.write_text(f"<!doctype html><title>Two & a half</title>{''.join(pictures)}{film}")
        return path

    @property
    def definition(self):
        """A film of 1.5 s: a picture that is panned over."""
        image = f'<image filename="{self.url(self.photo)}"/>'
        return (
            '<movie service="craftsman-1.0"><body>'
            f'<effect type="kenburns" duration="1.5">{image}</effect>'
            "</body></movie>"
        )

    def _saved(self, image, name, **options):
        image.save(self.directory / name, **options)
        return self.directory / name

    def _sound(self, samples, rate_hz, name):
        with wave.open(str(self.directory / name), "wb") as sound:
            sound.setparams((1, 2, rate_hz, 0, "NONE", ""))
            sound.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
        return self.directory / name


def drawn_face(side):
    """A face of *side* pixels: the light and dark parts that a detector looks for."""
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
