"""The reference of the language as a Markdown page, made from its tables.

In: the tables of elements, effects, transitions, filters, fonts and profiles, and `meanings`. Out: a text.
"""

from collections.abc import Iterable, Mapping

from dragon_video.film import fonts
from dragon_video.film.describing import meanings
from dragon_video.film.describing.meanings import Meaning, written
from dragon_video.film.durations import TRANSITION_SECONDS
from dragon_video.film.effects import EFFECTS
from dragon_video.film.filters import FILTERS, IGNORED, REFUSED, FilterKind
from dragon_video.film.language import ADAPTERS, ANIMATORS, ELEMENTS, FILTER_ATTRIBUTES
from dragon_video.film.profiles import profiles
from dragon_video.film.transitions import TRANSITIONS
from dragon_video.film.values import Kind

_SHARED = {"Time": meanings.TIME, "Placement": meanings.PLACEMENT, "Ducking": meanings.DUCKING}
_GROUPS: tuple[tuple[str, frozenset[str]], ...] = tuple((name, frozenset(group)) for name, group in _SHARED.items())

OPENING = """<!-- Made by `make docs`; changes are lost. -->

# The language of films

`video.create` takes its `definition` in SXML, the XML language of the original service. [The
guide](../how-to/films.md) makes whole films with it, [the gallery](../films/index.md) shows what everything
looks like.

```xml
<movie service="craftsman-1.0">
  <body>
    <effect type="kenburns" duration="5">
      <image filename="https://example.com/photo.jpg"/>
    </effect>
  </body>
</movie>
```

Numbers are written as `0.5` or `5e-1`, colours as `#RRGGBB` or `#RRGGBBAA`, several numbers with commas
between. An attribute that an element does not have is ignored, with a warning; an element that the language
does not have is an error. All errors of a definition are told at once, each with its line and column.

## Time

There is no time line: a film is as long as what is in it.

- A **sequence** plays its children one after another. A transition overlaps the two beside it by its whole
  duration, so two parts of 10 s with a transition of {transition} s last 19 s. It is shortened to the shorter
  of the two.
- A **stack**, an effect or an overlay plays its children together, and lasts as long as the longest of them.
- A **sound** or **video** lasts as long as its file, less `skip`, divided by `speed`.
- What has no length of its own (an image, a text, an effect on an image) takes that of its container, and
  {seconds} s in a sequence. An effect with several pictures shows them for equal parts of its time, or for
  their own `duration`.
- `duration=".."` takes what the parent has, and is left out where the parent works out how long it is.
- **Margins** are distances from the start and the end of a container that is no sequence: the parent lasts the
  margins and the duration together. With both margins, or `margin-both`, the duration is what is left; with one
  of them it may be given.
- What is longer than its container is cut; where it is shorter, it is gone.
- Filters, animators and cameras never make anything longer. Without a duration they act all the time.
  `slide-out` and `rot-out` stand at the end of their parent, unless a margin says otherwise.

`dry_run` of `video.create` returns the film with the start and the duration of each element.

## Space

Nothing is in pixels. The frame goes from −A to A in x, where A is its width divided by its height as shown, and
from −1 to 1 in y, up. The screen is z = 0. The camera looks at it from z = 2.414 with a vertical angle of 45°,
so that the screen just fills the frame; what is moved by z is seen 2.414 / (2.414 − z) times as large.

A **text** of the type `zone` and an **overlay** have boxes in fractions of their container, as in style sheets:
in each direction the two distances and the size add up to 1, and what is not given follows. Nothing given is
all of it; a size alone is in the middle. If only one of width and height is known and the content has a ratio,
the other follows. A picture in an overlay is stretched to its box, unless an adapter filter says otherwise; in
an effect it keeps its ratio.

## Sound

Everything that sounds is mixed: `audio`, and the sound of videos unless they say `audio="false"`. What passes
full scale is limited. Where a transition is, the sounds of both sides cross with equal power. A track with
`duck-others` is a master: while it sounds, all tracks that are no masters are turned down by that factor; of
several masters the lowest holds.
"""

TEXT = """- **zone** stands in its box. With a `fontsize` it has that size, aligned in the box; without one it is
  as large as the box allows. Its own line breaks count, spaces at the ends of its lines do not.
- **legend** is one line on a bar at the bottom of the frame, which comes in the way that `direction` says.
- **advanced** starts at an anchor in the middle of the frame, on the baseline of its first line; animators move
  it. With a `reference`, each of whose lines makes a box as long as that line, words go on to the next box, and
  what does not fit ends with an ellipsis.

All scripts are set as they are written, from right to left where they are. Newlines at the start and the end of
a text are left out. Outlines, shadows and glows come from the filters `distancemap` and `distancecolor` in the
text.
"""

THEMES = """The templates of the original service (`<widget>`) are gone. What is in one is shown in a plain way, with a
warning: of a theme with `track`s each image on a slow move, each text on a plain ground, captions as legends,
crossfades of 1 s between, and the sound under all of it; of others the pictures full screen and the texts as
zones. `slideshow-1.0` shows the images and videos of its body likewise.
"""


def page() -> str:
    """Return the text of the page."""
    opening = OPENING.replace("{transition}", written(TRANSITION_SECONDS))
    parts = [opening.replace("{seconds}", meanings.DEFAULT_SECONDS_TOLD)]
    parts += _elements()
    parts += ["## Text", TEXT, *_effects(), *_adapters(), *_transitions(), *_animators(), *_filters()]
    parts += ["## Themes and slide shows", THEMES, *_fonts(), *_profiles()]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _value(kind: Kind) -> str:
    if kind.expected == "one of " + ", ".join(kind.choices) or kind.choices == ("true", "false"):
        return ", ".join(_code(choice) for choice in kind.choices)
    return kind.expected


def _rows(told: Mapping[str, Meaning], kinds: Mapping[str, Kind], required: Iterable[str] = ()) -> list[list[str]]:
    return [
        [_code(name), _value(kinds[name]), "required" if name in required else _code(meaning.default), meaning.told]
        for name, meaning in told.items()
    ]


_HEADS = ("attribute", "value", "default", "meaning")


def _elements() -> list[str]:
    kinds = {**ELEMENTS["video"].attributes, **ELEMENTS["overlay"].attributes}  # all that are shared
    parts = [
        "## Elements",
        _table(("element", ""), ([f"[{name}](#{name})", told] for name, told in meanings.ELEMENTS.items())),
    ]
    parts.append("Several elements share these attributes:")
    for name, group in _SHARED.items():
        parts += [f"### {name} attributes", _table(_HEADS, _rows(group, kinds))]
    for name, told in meanings.ELEMENTS.items():
        element = ELEMENTS[name]
        inside = ", ".join(f"`{child}`" for child in sorted(element.children)) if element.children else ""
        holds = "Holds anything." if element.children is None else f"Holds {inside}." if inside else ""
        own = meanings.ATTRIBUTES.get(name, {})
        shared = [group for group, names in _GROUPS if names <= element.attributes.keys()]
        left = {
            key: meaning for key, meaning in own.items() if not any(_SHARED[one].get(key) is meaning for one in shared)
        }
        with_ = " and ".join(f"[{group.lower()}](#{group.lower()}-attributes)" for group in shared)
        parts += [
            f"### {name}",
            " ".join(filter(None, (told, holds, f"Has the attributes of {with_}." if with_ else ""))),
        ]
        if left:
            parts.append(_table(_HEADS, _rows(left, element.attributes, element.required)))
    return parts


def _first(told: str | None) -> str:
    line = (told or "").split("\n", 1)[0].removeprefix("Return ")
    return line[:1].upper() + line[1:]


def _effects() -> list[str]:
    rows = [
        [
            _code(name),
            "1" if effect.most == 1 else f"1 to {effect.most}",
            ", ".join(map(_code, sorted(effect.options))),
            _first(effect.draw.__doc__),
        ]
        for name, effect in EFFECTS.items()
    ]
    return ["## Effects", _table(("type", "pictures", "reads", "what is seen"), rows)]


def _adapters() -> list[str]:
    rows = [[_code(name), meanings.ADAPTERS[name]] for name in ADAPTERS]
    told = (
        "How a picture fits the frame: the attribute `adapter` of an effect, or a filter in the image or video, which "
        "may have more to say: `zoomStart` and `zoomEnd` (1 just covers the frame), `centerStart` and `centerEnd` (of "
        "what is seen, in fractions from the left and the top), `zoomLimit` (the most), `security` (a part by which "
        "all zooms are enlarged), `aspectRatio` (in place of the picture's own)."
    )
    return ["## Adapters", told, _table(("adapter", "what is seen"), rows)]


def _transitions() -> list[str]:
    rows = [
        [_code(name), ", ".join(map(_code, sorted(kind.options))), _first(kind.make.__doc__)]
        for name, kind in TRANSITIONS.items()
    ]
    return ["## Transitions", _table(("type", "reads", "what is seen"), rows)]


def _animators() -> list[str]:
    told = (
        "Several are applied in their order. Outside of its time an animator holds its first or last place. Keys of "
        "one animator all give the same attributes; what they give is applied as scale, shift, orient, rot, about the "
        "middle of the container. In a filter, keys give the filter's own attributes: numbers, pairs and colours go "
        "evenly from one to the next."
    )
    return [
        "## Animators",
        told,
        _table(("type", "what it does"), ([_code(name), meanings.ANIMATORS[name]] for name in ANIMATORS)),
    ]


def _filters() -> list[str]:
    told = (
        "In an image or video a filter changes that picture; in an element that draws, what it draws. They act in "
        "their order, each in its own [time](#time-attributes). Lengths named so are in pixels of a frame of 360 "
        "lines, so that a film looks alike in every size."
    )
    parts = ["## Filters", told]
    for kind in FILTERS.values():
        parts += [f"### Filter {kind.name}", kind.summary + _children(kind)]
        if kind.parameters:
            rows = [
                [
                    _code(name),
                    _range(parameter.type, parameter.low, parameter.high, parameter.choices),
                    _code(written(parameter.default)),
                    parameter.meaning,
                ]
                for name, parameter in kind.parameters.items()
            ]
            parts.append(_table(_HEADS, rows))
    parts.append("These are accepted with a warning, or refused:")
    parts.append(
        _table(
            ("type", ""),
            ([_code(name), f"{told[:1].upper()}{told[1:]}."] for name, told in [*IGNORED.items(), *REFUSED.items()]),
        )
    )
    known = {name for kind in FILTERS.values() for name in kind.parameters}
    unread = [name for name in FILTER_ATTRIBUTES if name not in known and name not in _ADAPTING]
    parts.append(
        "Every filter also takes these attributes of the language, which no kind reads: "
        + ", ".join(map(_code, unread))
        + "."
    )
    return parts


_ADAPTING = ("zoomStart", "zoomEnd", "zoomLimit", "security", "centerStart", "centerEnd", "aspectRatio", "direction")


def _children(kind: FilterKind) -> str:
    least, most = kind.children
    if most == 0:
        return ""
    return " Needs a picture inside." if least else " May hold pictures."


def _range(kind: str, low: float | None, high: float | None, choices: tuple[str, ...]) -> str:
    if choices:
        return ", ".join(_code(choice) for choice in choices)
    match kind:
        case "colour":
            return "colour"
        case "matrix":
            return "five colours"
        case "boolean":
            return "`true`, `false`"
        case "direction":
            return "direction"
    what = "two numbers" if kind == "pair" else "number"
    if low is not None and high is not None:
        return f"{what}, {low:g} to {high:g}"
    return what


def _fonts() -> list[str]:
    rows = [
        [_code(name), face.family + (f", weight {face.weight}" if face.weight else "")]
        for name, face in fonts.NAMES.items()
    ]
    told = (
        f"Case, spaces and signs in names do not matter; `{fonts.DEFAULT}` is the default. Beside these names there "
        "are the families themselves, the fonts in the operator's directory, which go first, and the URL of a TrueType "
        "or OpenType file. Characters that a face lacks come from Noto."
    )
    return ["## Fonts", told, _table(("name", "face"), rows)]


def _profiles() -> list[str]:
    rows = [
        [
            _code(one.name),
            f"{one.width} × {one.height}",
            f"{one.display_aspect.numerator}:{one.display_aspect.denominator}",
            f"{float(one.frame_rate):.6g}",
            one.container,
            f"{one.video_codec}, {one.video_kilobits}",
            f"{one.audio_codec}, {one.audio_kilobits}",
        ]
        for one in profiles().values()
    ]
    told = (
        "The parameter `profile` of [video.create](video.create.md). Bit rates in kbit/s; the ratio is that of the "
        "picture as shown."
    )
    return [
        "## Profiles",
        told,
        _table(("profile", "pixels", "ratio", "frames/s", "container", "video", "sound"), rows),
    ]
