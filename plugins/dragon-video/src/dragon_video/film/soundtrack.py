"""What is heard in a film: the tracks of its audio elements and of its videos.

In: the timed tree and the files. Out: `Track`s for `sound.mixing`. Where a transition is, the sound of
both sides crosses as the pictures do. Stands on `sound.tracks`.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from dragon_video.film.assets import Asset
from dragon_video.film.durations import Timed
from dragon_video.film.keys import AssetKey, asset_key
from dragon_video.film.sound.tracks import Track


class _Window(NamedTuple):
    """What a transition does to the sound of one of its sides."""

    start: Fraction
    end: Fraction
    enters: bool


def tracks(body: Timed, assets: Mapping[AssetKey, Asset]) -> list[Track]:
    """Return what is heard, in the order of the text.

    Args:
        body: The film in time.
        assets: Its files.
    """
    return list(_tracks(body, assets, ()))


def _tracks(timed: Timed, assets: Mapping[AssetKey, Asset], windows: tuple[_Window, ...]) -> Iterator[Track]:
    key = asset_key(timed.node)
    if key is not None and timed.node.name in {"audio", "video"}:
        asset = assets[key]
        if asset.sound and timed.node.values.get("audio", True) and timed.duration > 0:
            yield _track(timed, asset, windows)
    joints = [child for child in timed.children if child.node.name == "transition" and child.duration > 0]
    for child in timed.children:
        if child.node.name in {"filter", "animator", "transition"}:
            continue  # a picture in a mask is not heard
        crossed = [_Window(joint.start, joint.end, enters=False) for joint in joints if joint.before is child]
        crossed += [_Window(joint.start, joint.end, enters=True) for joint in joints if joint.after is child]
        yield from _tracks(child, assets, (*windows, *crossed))


def _track(timed: Timed, asset: Asset, windows: tuple[_Window, ...]) -> Track:
    values = timed.node.values
    start, duration = timed.start, timed.duration
    if timed.node.name == "video":
        late = values.get("margin-start", Fraction(0))
        start, duration = start + late, duration - late
        speed = Fraction(str(values.get("audiospeed", values.get("speed", 1))))
        duration = min(duration, (asset.seconds or duration) / Fraction(str(values.get("speed", 1))))
    else:
        speed = Fraction(str(values.get("speed", 1)))
    duration = max(duration, Fraction(1, 1000))
    end = start + duration
    entering = [window.end - start for window in windows if window.enters and window.end > start]
    leaving = [end - window.start for window in windows if not window.enters and window.start < end]
    return Track(
        path=asset.path,
        start=start,
        duration=duration,
        skip=values.get("skip", Fraction(0)),
        speed=speed,
        volume=values.get("volume", 1.0),
        fade_in=min(values.get("fadein", Fraction(0)), duration),
        fade_out=min(values.get("fadeout", Fraction(0)), duration),
        crossfade_in=min(max(entering, default=Fraction(0)), duration),
        crossfade_out=min(max(leaving, default=Fraction(0)), duration),
        loop=values.get("loop", False),
        duck_others=values.get("duck-others"),
        duck_threshold=values.get("duck-threshold", 0.05),
        duck_margin=values.get("duck-margin", Fraction(1, 2)),
        duck_fade=values.get("duck-fade", Fraction(1)),
        name=str(values.get("filename", "speech")),
    )
