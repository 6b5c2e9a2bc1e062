#!/usr/bin/env python3
"""Draws the icon: writes zoomfield.svg and the PNGs from the same list of shapes, and zoomfield-symbolic.svg, which
desktops draw in the colour of their text. Needs Pillow."""

from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 512
FOLDER = Path(__file__).parent
BACK, PIXELS, CURVE, LENS = "#20242c", ["#2f4a6d", "#3e689f", "#5b8ccb", "#8db7ea"], "#ffd58a", "#f4f6fa"

# Squares on the left become a smooth wave on the right, seen through a lens.
SHAPES = [("round", (16, 16, 496, 496), 104, BACK)]
for column in range(4):
    for row in range(6):
        if row >= 5 - column - (column == 3):
            x, y = 72 + 46 * column, 118 + 46 * row
            SHAPES.append(("round", (x, y, x + 42, y + 42), 6, PIXELS[min(3, row - (4 - column) + (column == 3))]))
SHAPES.append(("wave", (256, 316), (330, 96), (376, 96), (440, 250), 30, CURVE))
SHAPES.append(("ring", (300, 222), 132, 26, LENS))
SHAPES.append(("line", (396, 318), (442, 364), 40, LENS))


def bezier(points, steps=96):
    a, b, c, d = points
    for i in range(steps + 1):
        t = i / steps
        u = 1 - t
        yield tuple(u**3 * a[k] + 3 * u * u * t * b[k] + 3 * u * t * t * c[k] + t**3 * d[k] for k in (0, 1))


def svg():
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">']
    for kind, *rest in SHAPES:
        if kind == "round":
            (x0, y0, x1, y1), radius, fill = rest
            lines.append(f'  <rect x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" rx="{radius}" fill="{fill}"/>')
        elif kind == "wave":
            a, b, c, d, width, color = rest
            path = f"M{a[0]} {a[1]}C{b[0]} {b[1]} {c[0]} {c[1]} {d[0]} {d[1]}"
            lines.append(f'  <path d="{path}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linecap="round"/>')
        elif kind == "ring":
            (x, y), radius, width, color = rest
            lines.append(f'  <circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{color}" stroke-width="{width}"/>')
        else:
            (x0, y0), (x1, y1), width, color = rest
            lines.append(
                f'  <line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" stroke="{color}" stroke-width="{width}" stroke-linecap="round"/>'
            )
    return "\n".join(lines + ["</svg>", ""])


def symbolic():
    """A lens, half of which shows squares and half a smooth wave: one colour, 16 units a side."""
    squares = [(4, 8), (6, 6), (6, 8)]
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16" height="16">']
    lines += [f'  <rect x="{x}" y="{y}" width="1.5" height="1.5" fill="#2e3436"/>' for x, y in squares]
    stroke = 'fill="none" stroke="#2e3436" stroke-linecap="round"'
    lines.append(f'  <path d="M8.3 9C9.2 4.8 10.2 4.8 10.9 7.6" {stroke} stroke-width="1.3"/>')
    lines.append(f'  <circle cx="7.5" cy="7" r="5.5" {stroke} stroke-width="1.6"/>')
    lines.append(f'  <path d="M11.6 11.1L14.6 14.1" {stroke} stroke-width="2.2"/>')
    return "\n".join(lines + ["</svg>", ""])


def png(side, over=4):
    scale = side * over / SIDE
    image = Image.new("RGBA", (side * over, side * over))
    draw = ImageDraw.Draw(image)
    at = lambda *values: [v * scale for v in values]
    disc = lambda x, y, r, color: draw.ellipse(at(x - r, y - r, x + r, y + r), fill=color)
    for kind, *rest in SHAPES:
        if kind == "round":
            box, radius, fill = rest
            draw.rounded_rectangle(at(*box), radius * scale, fill=fill)
        elif kind == "wave":
            *points, width, color = rest
            for x, y in bezier(points, 400):
                disc(x, y, width / 2, color)
        elif kind == "ring":
            (x, y), radius, width, color = rest
            r = radius + width / 2
            draw.ellipse(at(x - r, y - r, x + r, y + r), outline=color, width=round(width * scale))
        else:
            (x0, y0), (x1, y1), width, color = rest
            for i in range(101):
                disc(x0 + (x1 - x0) * i / 100, y0 + (y1 - y0) * i / 100, width / 2, color)
    return image.resize((side, side), Image.LANCZOS)


if __name__ == "__main__":
    (FOLDER / "zoomfield.svg").write_text(svg())
    (FOLDER / "zoomfield-symbolic.svg").write_text(symbolic())
    for side in (16, 32, 48, 64, 128, 256, 512):
        png(side).save(FOLDER / f"zoomfield-{side}.png", optimize=True)
