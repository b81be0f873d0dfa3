"""What the two scripts about media share: tasks that take media, files made here, a whole service to run them in.

Stands on ffmpeg's program (to make seeds) and Pillow.
"""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))  # `benchmarks`, when run as a script

from benchmarks.service import Service

TASKS = {
    **{f"audio.{name}": lambda url: {"url": url} for name in ("beats", "convert", "info", "waveform")},
    "html.scrape": lambda url: {"url": url},
    **{f"image.{name}": lambda url: {"url": url} for name in ("face", "info", "saliency", "smartcrop")},
    "image.thumb": lambda url: {"url": url, "width": 40},
    "image.gif": lambda url: {"images": [url]},
    **{f"video.{name}": lambda url: {"url": url} for name in ("convert", "info", "reverse", "strip", "thumb")},
}
"""Each task whose source is a file, and parameters that name it."""


def definition(task, url):
    return {"task_name": task, **TASKS[task](url)}


@contextmanager
def service(**settings):
    """A service that may fetch from 127.0.0.1 and from no other address of this machine."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DRAGON_")}
    settings = {"allow_source": "127.0.0.1/32", "worker_retries": 0, "worker_tasks_per_process": 200} | settings
    with Service(environ=environ, concurrency=3, **settings) as dragon:
        yield dragon


def run(dragon, definitions, seconds=900):
    """Return the final status of each definition."""
    address = f"http://127.0.0.1:{dragon.port}"
    headers = {"Authorization": f"Secret {dragon.secret}"}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        keys = [one["key"] for one in client.post("/v1/create", json={"tasks": definitions}).raise_for_status().json()]
        deadline = time.monotonic() + seconds
        while True:
            found = client.post("/v1/status", json={"tasks": keys}).raise_for_status().json()
            if all(one["status"] in {"success", "error"} for one in found) or time.monotonic() > deadline:
                return found
            time.sleep(0.2)


def seeds(directory):
    """Make small whole files of many kinds in *directory* and return their paths."""
    import imageio_ffmpeg
    from PIL import Image

    program = imageio_ffmpeg.get_ffmpeg_exe()
    picture = Image.effect_noise((47, 33), 60).convert("RGB")
    made = []
    for suffix, options in {
        "png": {},
        "jpg": {},
        "gif": {},
        "bmp": {},
        "webp": {},
        "tiff": {"compression": "tiff_lzw"},
        "ico": {},
        "ppm": {},
        "tga": {},
        "avif": {},
        "jp2": {},
    }.items():
        path = directory / f"seed.{suffix}"
        try:
            exif = Image.Exif()
            exif[0x0112] = 6
            extra = {"exif": exif} if suffix in {"jpg", "png", "webp", "tiff"} else {}
            picture.save(path, **options, **extra)
        except (KeyError, OSError, ValueError):
            continue  # a codec that this build of Pillow lacks
        made.append(path)
    frames = [Image.effect_noise((31, 23), 40 + 30 * n).convert("P") for n in range(3)]
    frames[0].save(directory / "moving.gif", save_all=True, append_images=frames[1:], duration=40)
    made.append(directory / "moving.gif")
    sources = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=0.6"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=0.6:sample_rate=16000"]
    for name, arguments in {
        "h264.mp4": [*sources, *sound, "-c:v", "libx264", "-c:a", "aac", "-pix_fmt", "yuv420p"],
        "vp9.webm": [*sources, *sound, "-c:v", "libvpx-vp9", "-c:a", "libopus", "-ar", "48000"],
        "mpeg4.avi": [*sources, *sound, "-c:v", "mpeg4", "-c:a", "mp3"],
        "a.flv": [*sources, *sound, "-c:v", "flv", "-c:a", "mp3", "-ar", "22050"],
        "a.ts": [*sources, *sound, "-c:v", "mpeg2video", "-c:a", "mp2"],
        "a.mkv": [*sources, *sound, "-c:v", "ffv1", "-c:a", "flac"],
        "a.wmv": [*sources, *sound, "-c:v", "wmv2", "-c:a", "wmav2"],
        "a.mov": [*sources, *sound, "-c:v", "prores", "-c:a", "pcm_s16le"],
        "a.wav": sound,
        "a.mp3": sound,
        "a.flac": sound,
        "a.m4a": sound,
        "a.aiff": sound,
        "a.ogg": [*sound, "-c:a", "libvorbis"],
    }.items():
        path = directory / name
        ran = subprocess.run(
            [program, "-loglevel", "error", "-y", *arguments, path], capture_output=True, stdin=subprocess.DEVNULL
        )
        if not ran.returncode:
            made.append(path)
    page = b"<html><head><title>a</title></head><body><img src=/a.png><video src=b.mp4></video></body></html>"
    (directory / "page.html").write_bytes(page)
    return [*made, directory / "page.html"]


def png_of(size, data=b""):
    """Return a PNG whose head tells *size*, with *data* as its compressed pixels."""
    import struct
    import zlib

    def chunk(kind, body):
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    head = struct.pack("!IIBBBBB", *size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
