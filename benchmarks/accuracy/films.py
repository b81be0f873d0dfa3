"""Short films for GIFs, made here: each a list of RGB pictures of one size."""

import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter


def scene(width: int, height: int, seed: int = 5) -> Image.Image:
    """Return something like a photograph: soft shapes over a gradient, with grain."""
    dice = random.Random(seed)
    small = Image.linear_gradient("L").resize((width // 2, height // 2)).convert("RGB")
    pen = ImageDraw.Draw(small)
    for _ in range(80):
        x, y, r = dice.randrange(small.width), dice.randrange(small.height), dice.randrange(4, small.width // 6)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=tuple(dice.randrange(256) for _ in range(3)))
    soft = small.filter(ImageFilter.GaussianBlur(3)).resize((width, height), Image.Resampling.BICUBIC)
    return Image.blend(soft, Image.effect_noise((width, height), 60).convert("RGB"), 0.06)


def pan(count: int, size: tuple[int, int]) -> list[Image.Image]:
    """The camera moves: every pixel changes."""
    wide = scene(size[0] + 2 * count, size[1] + count)
    return [wide.crop((2 * i, i, 2 * i + size[0], i + size[1])) for i in range(count)]


def still_camera(count: int, size: tuple[int, int]) -> list[Image.Image]:
    """A ball moves before a scene at rest; the sensor adds noise of one in 255."""
    ground, ball = scene(*size), scene(60, 60, seed=9)
    mask = Image.new("L", (60, 60))
    ImageDraw.Draw(mask).ellipse((0, 0, 59, 59), fill=255)
    frames = []
    for number in range(count):
        frame = ground.copy()
        frame.paste(ball, (10 + number * (size[0] - 80) // count, size[1] // 2 - 30), mask)
        noise = Image.effect_noise(size, 1).point(lambda value: value - 125).convert("RGB")  # 3, give or take 1
        frames.append(ImageChops.subtract(ImageChops.add(frame, noise), Image.new("RGB", size, (3, 3, 3))))
    return frames


def drawing(count: int, size: tuple[int, int]) -> list[Image.Image]:
    """Flat shapes of a dozen colours, some of which move."""
    dice = random.Random(3)
    colours = [tuple(dice.randrange(256) for _ in range(3)) for _ in range(12)]
    boxes = [(dice.randrange(size[0]), dice.randrange(size[1]), dice.randrange(10, 60), i % 3) for i in range(30)]
    frames = []
    for number in range(count):
        frame = Image.new("RGB", size, "white")
        pen = ImageDraw.Draw(frame)
        for index, (x, y, side, speed) in enumerate(boxes):
            left = x + speed * number
            pen.rectangle((left, y, left + side, y + side), fill=colours[index % len(colours)])
        frames.append(frame)
    return frames
