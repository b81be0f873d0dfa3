"""What each attribute of the language does, and what it is if it is not given.

Defaults are taken from the code that has them. Stands on the modules that read the attributes.
"""

from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from dragon_video.film import animators, maps
from dragon_video.film.durations import DEFAULT_SECONDS, TRANSITION_SECONDS
from dragon_video.film.language import MOST_PICTURES
from dragon_video.film.sound.tracks import Track
from dragon_video.film.text.legend import ENTRY_SECONDS
from dragon_video.film.text.style import ADVANCED_SIZE, LONGEST, STRETCHES, TextStyle


class Meaning(NamedTuple):
    """One attribute.

    Args:
        told: What it does, as a sentence.
        default: Its value if it is not given, as it is written in a film; "" if there is none.
    """

    told: str
    default: str = ""


def written(value: Any) -> str:
    """Return a value as it is written in a film."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, Fraction)):
        return f"{float(value):g}"
    if isinstance(value, tuple):
        if len(value) == 4 and all(isinstance(part, int) for part in value):
            blue, green, red, alpha = value
            return f"#{red:02x}{green:02x}{blue:02x}" + (f"{alpha:02x}" if alpha < 255 else "")
        return ",".join(written(part) for part in value)
    return str(value)


_STYLE = {field.name: written(field.default) for field in fields(TextStyle)}
_TRACK = {field.name: written(None if field.required else field.default) for field in msgspec.structs.fields(Track)}
_MAP: dict[str, Any] = {field.name: field.default for field in fields(maps.MapRequest)}

NOTHING = "Accepted, and without effect."

TIME: Mapping[str, Meaning] = {
    "duration": Meaning("Seconds; `..` is what the parent has. See [time](#time)."),
    "margin-start": Meaning("Seconds from the start of the container."),
    "margin-end": Meaning("Seconds to the end of the container."),
    "margin-both": Meaning("Both margins in one."),
    "start": Meaning("Another name of `margin-start`."),
}
PLACEMENT: Mapping[str, Meaning] = {
    "left": Meaning("From the left border of the container.", "auto"),
    "right": Meaning("From its right border.", "auto"),
    "width": Meaning("Width of the box.", "auto"),
    "top": Meaning("From its upper border.", "auto"),
    "bottom": Meaning("From its lower border.", "auto"),
    "height": Meaning("Height of the box.", "auto"),
}
DUCKING: Mapping[str, Meaning] = {
    "duck-others": Meaning("Makes this a master: factor on the volume of the others while it sounds."),
    "duck-threshold": Meaning("Part of its own greatest loudness from which on it sounds.", _TRACK["duck_threshold"]),
    "duck-margin": Meaning("Seconds for which the others stay low before it sounds and after.", _TRACK["duck_margin"]),
    "duck-fade": Meaning("Seconds in which they go down, before that, and up, after.", _TRACK["duck_fade"]),
}
_NAME = Meaning("A name for people; nothing reads it.")
_SOUND: Mapping[str, Meaning] = {
    "skip": Meaning("Seconds left out at the start of the file.", _TRACK["skip"]),
    "volume": Meaning("Factor on the amplitude.", _TRACK["volume"]),
}

ATTRIBUTES: Mapping[str, Mapping[str, Meaning]] = {
    "movie": {
        "service": Meaning(
            "`craftsman-1.0` is the language of this page. In `slideshow-1.0` and `stupeflix-1.0` images and videos "
            "stand in the body: each is shown with a slow move, and the next one comes by the transition of `default`."
        )
    },
    "body": TIME,
    "sequence": {**TIME, "name": _NAME},
    "stack": {
        **TIME,
        "name": _NAME,
        "screenWidth": Meaning(NOTHING),
        "screenHeight": Meaning(NOTHING),
        "static": Meaning(NOTHING),
    },
    "effect": {
        **TIME,
        "type": Meaning("See [effects](#effects)."),
        "timeOffset": Meaning("Seconds by which its motion is ahead.", "0"),
        "depthEnable": Meaning("Whether what is nearer hides what is farther, or all is drawn in turn.", "true"),
        "direction": Meaning(
            "Of `kenburns`: `positive` goes in, `negative` out. Of `rotator` and `sliding`: the way that pictures go."
        ),
        "cameramove": Meaning("The camera drifts that way all the time."),
        "filterType": Meaning("Of `rectangles`.", "grow"),
        "transWidth": Meaning(NOTHING),
        "width": Meaning(NOTHING),
        "color": Meaning(NOTHING),
        "adapter": Meaning(
            "How its pictures fit the frame, see [adapters](#adapters): `fixedAdapter` for `none`, `kenburnsAdapter` "
            "for the others if nothing is said."
        ),
    },
    "overlay": {**TIME, **PLACEMENT, "depthEnable": Meaning(NOTHING), "name": _NAME},
    "text": {
        **TIME,
        **PLACEMENT,
        "height": Meaning(f"Height of the box; of a legend's bar: {_STYLE['height']} of the frame.", "auto"),
        "type": Meaning("See [text](#text).", _STYLE["type"]),
        "align": Meaning("Across, and after a comma down: `center,center`; for `advanced` `left` of its anchor."),
        "fontsize": Meaning(
            "In pixels of a frame of 360 lines. Without it zones and legends fill their boxes, and `advanced` "
            f"has {ADVANCED_SIZE:g}."
        ),
        "fontname": Meaning("A [font](#fonts) by name, or the URL of a font file: `arial`."),
        "face": Meaning("A font by name; goes before a name in `fontname`."),
        "weight": Meaning("`bold` and the like, or 1 to 1000: the font's own."),
        "style": Meaning("`normal`, `italic` or `oblique`.", "normal"),
        "stretch": Meaning("One of " + ", ".join(f"`{name}`" for name in STRETCHES) + ".", "normal"),
        "fontcolor": Meaning("Colour of the letters.", _STYLE["fontcolor"]),
        "backgroundcolor": Meaning("Colour of the box.", _STYLE["backgroundcolor"]),
        "vector": Meaning("Draws letters twice as fine: for large motion.", _STYLE["vector"]),
        "direction": Meaning("The way that a legend comes in: `up` from below the frame.", _STYLE["direction"]),
        "speed": Meaning(f"How fast: {ENTRY_SECONDS:g} s divided by it.", _STYLE["speed"]),
        "reference": Meaning(f"Of `advanced`: a text each of whose lines makes a box; at most {LONGEST} characters."),
        "wrap": Meaning("Whether lines of a zone are broken to fit the box.", _STYLE["wrap"]),
        "interlign": Meaning("Distance of lines, as a factor on the font's own.", _STYLE["interlign"]),
        "name": _NAME,
        "depthEnable": Meaning(NOTHING),
    },
    "audio": {
        **TIME,
        **DUCKING,
        **_SOUND,
        "filename": Meaning("URL of a sound, or of a video whose sound is meant."),
        "voice": Meaning("Speaks the text of the element, such as `neospeech:julie`; needs the task `audio.tts`."),
        "fadein": Meaning("Seconds in which it rises from silence.", _TRACK["fade_in"]),
        "fadeout": Meaning("Seconds in which it falls to silence.", _TRACK["fade_out"]),
        "loop": Meaning("Whether it begins anew when it ends; then it has no length of its own.", _TRACK["loop"]),
        "speed": Meaning("2 is twice as fast, at the same pitch.", _TRACK["speed"]),
        "name": _NAME,
    },
    "image": {
        "filename": Meaning("URL of a picture: PNG, JPEG, GIF (its first frame), WebP, BMP or TIFF."),
        "alt_filename": Meaning("Taken where the first is missing or broken."),
        "color": Meaning("A plain picture instead of a file."),
        "width": Meaning("With `height`: the ratio of a plain picture; without them the frame's."),
        "height": Meaning("As `width`."),
        "type": Meaning("`map` draws a map instead."),
        "center": Meaning("Of a map: `latitude,longitude` in degrees."),
        "zoom": Meaning("Of a map: 0 is the whole planet, each step twice as large.", written(_MAP["zoom"])),
        "size": Meaning("Of a map, in pixels.", "x".join(str(side) for side in _MAP["size"])),
        "markers": Meaning("Of a map: `latitude,longitude`, with `|` between several."),
        "maptype": Meaning("Of a map.", _MAP["maptype"]),
        "duration": Meaning("Its share of the time of an effect with several pictures, in seconds."),
        "margin-start": Meaning(NOTHING),
        "nativeHeightRatio": Meaning(NOTHING),
        "mapkey": Meaning(NOTHING),
    },
    "video": {
        **DUCKING,
        **_SOUND,
        "filename": Meaning("URL of a film."),
        "alt_filename": Meaning("Taken where the first is missing or broken."),
        "duration": Meaning("Seconds that it is shown; its share of the time of an effect with several pictures."),
        "margin-start": Meaning("Seconds by which it begins later.", "0"),
        "audio": Meaning("Whether its sound is heard.", "true"),
        "speed": Meaning("2 is twice as fast.", "1"),
        "audiospeed": Meaning("The same for its sound; as `speed` if it is not given."),
    },
    "transition": {
        "type": Meaning("See [transitions](#transitions).", "crossfade"),
        "duration": Meaning("Seconds for which both sides are seen.", written(TRANSITION_SECONDS)),
        "direction": Meaning("The way that the picture travels; also as two numbers.", "left"),
        "rotCenter": Meaning("What pictures turn about.", "middle"),
        "angle": Meaning("Degrees by which they turn on their way.", "0"),
        "directions": Meaning("Of `dualmove`: ways of what leaves and of what comes, such as `up,right`."),
        "angles": Meaning("Of `dualmove`: an angle for each."),
        "rotCenters": Meaning("Of `dualmove`: a centre for each."),
        "drawOrder": Meaning("`normal` draws what comes over what leaves, `inverted` the other way round.", "normal"),
        "depthEnable": Meaning("Of `cube`: whether the nearer face hides the other.", "true"),
        "start": Meaning(NOTHING),
    },
    "animator": {
        **TIME,
        "type": Meaning("See [animators](#animators)."),
        "direction": Meaning("The side that things come from, go to, or drift to.", "left"),
        "angle": Meaning("Degrees of `rot-in` and `rot-out`, counter-clockwise.", written(animators.DEFAULT_ANGLE)),
        "growStart": Meaning("Of `grow`: z at the start.", written(animators.GROW[0])),
        "growEnd": Meaning("Of `grow`: z at the end.", written(animators.GROW[1])),
        "mode": Meaning("`quadratic` starts and ends at rest.", "linear"),
    },
    "key": {
        "time": Meaning("Seconds since the animator began."),
        "scale": Meaning("Factors along x, y and z."),
        "pos": Meaning("Shift along x, y and z."),
        "orient": Meaning("Turns about x, y and z in degrees; between keys the shortest way."),
        "rot": Meaning("An angle in degrees, and the axis x, y, z that it turns about."),
    },
    "camera": {**TIME, "relative": Meaning("Whether it adds to the camera before, or replaces it.", "false")},
    "filter": {**TIME, "type": Meaning("See [filters](#filters), which name their own attributes.")},
    "sphere": {**TIME, "radius": Meaning(NOTHING), "position": Meaning(NOTHING)},
    "widget": {**TIME, "type": Meaning("Any; see [themes](#themes-and-slide-shows).")},
    "style": {"layer": Meaning(NOTHING), "color": Meaning(NOTHING), "visible": Meaning(NOTHING)},
    "track": {"type": Meaning("What it holds: pictures and titles, sound, or captions of the image it stands in.")},
}

ELEMENTS: Mapping[str, str] = {
    "movie": "The film.",
    "head": "Only for `filtercode`.",
    "filtercode": "Code for a graphics card; refused where a filter uses it.",
    "default": "The transition between the pictures of a slide show.",
    "body": "What is played: a sequence.",
    "sequence": "Plays its children one after another.",
    "stack": "Plays its children together; the first is at the back.",
    "effect": f"Shows pictures, one or up to {MOST_PICTURES}, in a moving way.",
    "overlay": "Shows a picture, or other elements, in a box.",
    "text": "Shows a text.",
    "audio": "Plays a sound, or speaks.",
    "image": "A still picture, a plain colour or a map.",
    "video": "A film, with its sound.",
    "transition": "Goes from one child of a sequence to the next, and overlaps both.",
    "filter": "Changes how a picture looks.",
    "animator": "Moves what it stands in, or changes attributes of the filter that it stands in.",
    "key": "A moment of an animator of type `custom`.",
    "camera": "Where a stack is seen from; moved by animators, the last one first.",
    "sphere": "Drawn as a flat picture.",
    "widget": "A template of the original service, shown in a plain way.",
    "style": "A layer of a template; without effect.",
    "track": "A part of a theme.",
}

ANIMATORS: Mapping[str, str] = {
    "slide": f"Drifts by {100 * animators.DRIFT:g} % of the frame in all.",
    "slide-in": "Comes in from a side, and is at rest at the end.",
    "slide-out": "Goes out to a side; stands at the end of its parent if no margin says otherwise.",
    "rot-in": "Turns into its place.",
    "rot-out": "Turns out of its place; stands at the end of its parent likewise.",
    "grow": "Comes nearer, from z = `growStart` to z = `growEnd`.",
    "custom": "Goes through its keys; holds the first before, the last after.",
}

ADAPTERS: Mapping[str, str] = {
    "none": "Stretched to the frame.",
    "fixedAdapter": "Cropped; `centerStart` says about which place, `zoomStart` how much is seen.",
    "zoomAdapter": "Cropped, going in slowly.",
    "panoramicAdapter": "Cropped, moving along the longer side.",
    "kenburnsAdapter": "Zooms and wanders slowly.",
    "fitAdapter": "Whole, with nothing beside it.",
}
DEFAULT_SECONDS_TOLD = written(DEFAULT_SECONDS)
