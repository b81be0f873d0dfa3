"""The film of `benchmarks.figures.films` by MoviePy, from PyPI, in an environment of its own.

`python moviepy_film.py PICTURES MUSIC FONT WIDTH HEIGHT KILOBITS OUT` writes it; PICTURES is a directory of 0.jpg,
1.jpg and so on.
"""

import sys
from pathlib import Path

REQUIREMENTS = ("moviepy>=2.2,<2.3",)
ENVIRONMENT = Path(".venv-moviepy")

EACH, CROSSED, FPS = 3.0, 0.6, 25


def command(*words: object) -> list[str]:
    """Return the command that runs this module there."""
    from benchmarks.environments import python_with  # not where this file is run: it is alone there

    return [str(python_with(ENVIRONMENT, REQUIREMENTS)), __file__, *map(str, words)]


def _write(pictures: Path, music: str, font: str, size: tuple[int, int], kilobits: str, out: str) -> None:
    from moviepy import AudioFileClip, ColorClip, CompositeVideoClip, ImageClip, TextClip, afx, vfx

    width, height = size
    clips = []
    for number in range(len(list(pictures.glob("*.jpg")))):
        picture = ImageClip(str(pictures / f"{number}.jpg")).with_duration(EACH)
        fit = max(width / picture.w, height / picture.h)

        def zoomed(t: float, first: float = 1.02 if number % 2 == 0 else 1.15) -> float:
            last = 2.17 - first
            return first + (last - first) * t / EACH

        moving = (
            picture.resized(fit)
            .resized(zoomed)
            .with_position(
                lambda t, zoom=zoomed, w=picture.w * fit, h=picture.h * fit: (
                    width / 2 - w * zoom(t) / 2 + 0.03 * width * (t / EACH - 0.5),
                    height / 2 - h * zoom(t) / 2 + 0.03 * height * (t / EACH - 0.5),
                )
            )
        )
        bar = ColorClip((width, round(height * 0.11)), color=(0, 0, 0)).with_opacity(0.5).with_duration(EACH)
        title = TextClip(
            font=font, text=f"Picture number {number} of the journey", font_size=round(height * 0.05), color="white"
        ).with_duration(EACH)
        clip = CompositeVideoClip(
            [moving, bar.with_position((0, 0.84), relative=True), title.with_position(("center", 0.86), relative=True)],
            size=size,
        ).with_start(number * (EACH - CROSSED))
        clips.append(clip.with_effects([vfx.CrossFadeIn(CROSSED)]) if number else clip)
    film = CompositeVideoClip(clips, size=size)
    sound = AudioFileClip(music).with_duration(film.duration)
    film = film.with_audio(sound.with_effects([afx.AudioFadeIn(1), afx.AudioFadeOut(2)]))
    film.write_videofile(
        out,
        fps=FPS,
        codec="libx264",
        preset="veryfast",
        audio_codec="aac",
        audio_bitrate="128k",
        logger=None,
        ffmpeg_params=[*("-crf", "18", "-maxrate", f"{kilobits}k", "-bufsize", f"{kilobits}k", "-pix_fmt", "yuv420p")],
    )


if __name__ == "__main__":
    _write(Path(sys.argv[1]), sys.argv[2], sys.argv[3], (int(sys.argv[4]), int(sys.argv[5])), sys.argv[6], sys.argv[7])
