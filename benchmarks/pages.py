"""Ten web pages of real sizes, 100 KB to 2 MB, each heavy in another way; made by calculation, always the same."""

import json
import random
from collections.abc import Callable, Iterator

WORDS = [
    *("bees", "find", "their", "way", "home", "by", "the", "light", "of", "sky", "and", "sun", "when", "hills", "hide"),
    *("what", "they", "know", "a", "field", "clover", "lies", "between", "river", "wood", "road", "since", "spring"),
]


def pages() -> dict[str, bytes]:
    """Return the pages by name."""
    made: dict[str, bytes] = {}
    for number, (name, (size, make)) in enumerate(_KINDS.items()):
        dice = random.Random(number)
        parts = [_head(name, dice)]
        length = len(parts[0])
        for part in make(dice):
            parts.append(part)
            length += len(part)
            if length >= size:
                break
        made[name] = "".join([*parts, "</main></body></html>"]).encode()
    return made


def _text(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(WORDS, k=words)).capitalize()


def _head(name: str, dice: random.Random) -> str:
    meta = "".join(
        f'<meta property="og:{key}" content="{value}">'
        for key, value in {"title": name, "image": "https://cdn.foo.com/share.jpg", "image:width": "1200"}.items()
    )
    styles = "".join(f".c{n}{{margin:{n}px;background:url(/img/s{n % 20}.png) no-repeat}}" for n in range(60))
    article = {"@type": "NewsArticle", "headline": _text(dice, 8), "image": ["/i/1.jpg", "/i/2.jpg"]}
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>{meta}'
        f'<link rel="icon" href="/favicon.ico"><style>{styles}</style>'
        f'<script type="application/ld+json">{json.dumps(article)}</script></head><body><main>'
    )


def _book(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        image = f'<figure><img src="fig{n}.png" alt="Figure {n}"></figure>' if n % 25 == 0 else ""
        yield f'<h2 id="s{n}">{_text(dice, 5)}</h2><p>{_text(dice, 90)} <a href="#s{n // 2}">{n}</a>.</p>\n{image}'


def _cards(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        yield (
            f'<div class="card"><a class="link" href="/item/{n}?ref=list"><img class="lazy" src="/img/wait.svg" '
            f'data-src="https://cdn.foo.com/p/{n}_m.jpg" alt="{_text(dice, 3)}" width="320" height="240"></a>'
            f'<h3 class="title">{_text(dice, 4)}</h3><span class="price">{n}.99</span></div>\n'
        )


def _srcsets(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        sets = ", ".join(f"https://cdn.foo.com/{n}-{w}.webp {w}w" for w in (320, 640, 960, 1280, 1920))
        yield (
            f'<article><picture><source type="image/webp" srcset="{sets}" sizes="(max-width: 600px) 100vw, 50vw">'
            f'<img loading="lazy" src="/f/{n}.jpg" alt="{_text(dice, 4)}"></picture>'
            f"<p>{_text(dice, 20)}</p></article>\n"
        )


def _forum(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        yield (
            f'<li class="post" data-id="{n}"><div class="user"><img src="/avatar/{n % 90}.png" width="48" height="48"> '
            f'<a href="/u/{n % 90}">user{n % 90}</a></div><div class="body"><blockquote><p>{_text(dice, 12)}</p>'
            f"</blockquote><p>{_text(dice, 40)}<br>{_text(dice, 9)}</p></div>"
            f"<ul><li><a href='/r/{n}'>Reply</a></li></ul></li>\n"
        )


def _table(dice: random.Random) -> Iterator[str]:
    yield "<table class=data><tbody>"
    for n in range(10**6):
        cells = "".join(f'<td class="n">{dice.randrange(10**6)}</td>' for _ in range(8))
        flag = f'<img src="/flag/{n % 200}.svg" width="23" height="15">'
        yield f'<tr><td><a href="/wiki/Place_{n}" title="Place {n}">{flag}</a></td>{cells}</tr>\n'


def _scripted(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        data = json.dumps({"id": n, "text": _text(dice, 30), "html": "<b>x</b>", "list": list(range(40))})
        yield f"<script>window.data.push({data});if(a<b&&c>d){{f({n})}}</script>\n"
        yield f'<div class="widget"><div><div><img src="/w/{n}.jpg" alt=""></div></div></div>\n' if n % 5 == 0 else ""


def _drawn(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        path = " ".join(f"L{dice.randrange(24)} {dice.randrange(24)}" for _ in range(30))
        yield (
            f'<button class="b" type="button" aria-label="{_text(dice, 2)}"><svg viewBox="0 0 24 24">'
            f'<g><path d="M0 0{path}"/></g></svg><span>{n}</span></button><img src="/i/{n}.png" alt="">\n'
        )


def _styled(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        yield (
            f'<div class="tile t{n % 7}" style="background-image:url(\'/bg/{n}.jpg\');width:{n % 300}px;color:#123">'
            f'<div class="in" style="padding:4px"><span style="font-weight:bold">{_text(dice, 6)}</span></div></div>\n'
        )


def _watching(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        video = f"{n:011d}"
        yield (
            f'<div class="video"><a href="https://www.youtube.com/watch?v={video}" title="{_text(dice, 5)}">'
            f'<img src="https://i.ytimg.com/vi/{video}/hqdefault.jpg" width="480" height="360"></a>'
            f'<p class="meta">{_text(dice, 15)}</p><a href="/channel/{n % 50}">channel</a></div>\n'
        )


def _nested(dice: random.Random) -> Iterator[str]:
    for n in range(10**6):
        deep = 24
        yield (
            f'{"".join(f"<div class=l{k}>" for k in range(deep))}<img src="/n/{n}.jpg" alt="{_text(dice, 3)}">'
            f"<p>{_text(dice, 30)}</p>{'</div>' * deep}\n"
        )


_KINDS: dict[str, tuple[int, Callable[[random.Random], Iterator[str]]]] = {
    "book": (1_800_000, _book),
    "cards": (355_000, _cards),
    "srcsets": (600_000, _srcsets),
    "forum": (900_000, _forum),
    "table": (2_000_000, _table),
    "scripted": (1_200_000, _scripted),
    "drawn": (700_000, _drawn),
    "styled": (250_000, _styled),
    "watching": (500_000, _watching),
    "nested": (100_000, _nested),
}
