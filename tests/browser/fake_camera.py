"""Films of a badge for Chromium's fake camera: steady, tilted, blurred, hunting for focus, in a noisy picture."""

import io
import random
from pathlib import Path

import segno
from PIL import Image, ImageFilter

SIZE = (1280, 720)
GREY = (122, 118, 114)
KINDS = ("steady", "tilted", "blurred", "focus hunt")
_FRAMES = 24


def film(text: str, kind: str, path: Path) -> Path:
    """An MJPEG file of a badge in a hand, which Chromium plays again and again."""
    badge = _badge(text)
    with path.open("wb") as stream:
        for number in range(_FRAMES):
            stream.write(_frame(badge, kind, number))
    return path


def _badge(text: str) -> Image.Image:
    raw = io.BytesIO()
    segno.make(text, error="m").save(raw, kind="png", scale=7, border=4)
    return Image.open(raw).convert("RGB")


def _frame(badge: Image.Image, kind: str, number: int) -> bytes:
    angle = {"steady": 1, "tilted": 12, "blurred": 4, "focus hunt": 3}[kind]
    shaken = badge.rotate(angle + (number % 5) * 0.4, expand=True, fillcolor=GREY, resample=Image.Resampling.BICUBIC)
    if kind == "tilted":
        width, height = shaken.size
        # seen from the side: the far edge is shorter
        corners = (0, 0, 0, height, width, height - height * 0.08, width, height * 0.08)
        shaken = shaken.transform(shaken.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=GREY)
    picture = Image.new("RGB", SIZE, GREY)
    picture.paste(shaken, (430 + number % 7, 160 + number % 3))
    radius = {"steady": 0.6, "tilted": 0.6, "blurred": 1.6}.get(kind, abs((number % 12) - 6) * 1.2)
    picture = picture.filter(ImageFilter.GaussianBlur(radius))
    dice = random.Random(number)
    for _ in range(400):
        picture.putpixel((dice.randrange(SIZE[0]), dice.randrange(SIZE[1])), (dice.randrange(256),) * 3)
    raw = io.BytesIO()
    picture.save(raw, "JPEG", quality=82)
    return raw.getvalue()
