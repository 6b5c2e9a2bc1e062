#!/usr/bin/env python3
"""Draws pixel-art.png: a small scene of 64×48 pixels in twelve colours. Needs Pillow."""

from pathlib import Path

from PIL import Image, ImageDraw

SKY, CLOUD, SUN, HILL, GRASS, WALL, ROOF, DOOR, GLASS, TRUNK, LEAF, LIGHT = (
    "#7fc8f0", "#f4f8fb", "#ffd34f", "#5aa567", "#3f8f4f", "#e8d2a8", "#c8503c", "#7a4a2a", "#4a6fa8", "#6a4a30", "#2f7a46", "#63b36a",
)

image = Image.new("RGB", (64, 48), SKY)
draw = ImageDraw.Draw(image)
draw.ellipse((48, 4, 57, 13), fill=SUN)
for x, y in ((6, 8), (30, 5)):
    draw.rectangle((x, y + 2, x + 11, y + 4), fill=CLOUD)
    draw.rectangle((x + 3, y, x + 8, y + 5), fill=CLOUD)
draw.ellipse((-20, 26, 40, 70), fill=HILL)
draw.rectangle((0, 38, 63, 47), fill=GRASS)
draw.rectangle((12, 26, 29, 39), fill=WALL)
for row in range(8):
    draw.line((20 - row - 1, 18 + row, 21 + row + 1, 18 + row), fill=ROOF)
draw.rectangle((18, 32, 22, 39), fill=DOOR)
draw.point((21, 36), fill=SUN)
for x in (14, 25):
    draw.rectangle((x, 29, x + 3, 32), fill=GLASS)
    draw.point((x, 29), fill=CLOUD)
draw.rectangle((46, 30, 48, 40), fill=TRUNK)
for box, color in (((39, 18, 55, 32), LEAF), ((42, 16, 50, 25), LIGHT)):
    draw.ellipse(box, fill=color)
for x in range(0, 64, 5):
    draw.line((x + x % 3, 41 + x % 4, x + x % 3, 42 + x % 4), fill=LIGHT)
image.save(Path(__file__).parent / "pixel-art.png", optimize=True)
