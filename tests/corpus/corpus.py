#!/usr/bin/env python3
"""Writes pictures in every format, depth, layout and orientation that Pillow, ImageMagick, libtiff's tools and exiftool can
write, and compares what `zoomfield` makes of each with a second decoder.

    corpus.py PROGRAM FOLDER

Files that are in FOLDER already are compared as they are.

The same: no sample is further away than 1 of 255; of lossy codes the mean, since decoders may round differently. A refusal
must say what RULES has for it. The second decoder is ImageMagick, or what JUDGES has, with the reason. What differs, or is
refused otherwise, is listed, and the exit code is 1.

Needs Pillow and NumPy, and Debian's imagemagick, libtiff-tools and libimage-exiftool-perl. Takes some minutes.
"""
import collections
import itertools
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
from PIL import Image, ImageOps

WIDTH, HEIGHT = 53, 37
# What a refusal says of which files, and why that is right.
RULES = [
    (r"LA-jpeg.*tif$", "JPEG data is of an unusual kind", "a JPEG of two components, which no decoder here knows"),
    (r"(rgb|rgba)8-jpeg-s-separate", "its colours are coarser", "planes of one sampling under a header that says another"),
    (r"webp.*-separate", "it is WebP in planes", "each plane is a WebP of three colours"),
    (r"greyalpha-(Fax|Group4)", "ends too early", "a fax code has no second sample"),
    (r"pillow-1-.*tga$", "TGA file is not supported", "TGA of one bit a pixel is not in its specification"),
    (r"pfm$", "not in a picture format", "PFM is not read"),
]


def base():
    """Ramps, a checkerboard, noise, and an opacity that has all of 0 to 255: RGBA in [0, 1]."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    noise = np.random.default_rng(1).random((HEIGHT, WIDTH, 3))
    ramps = np.stack([x / (WIDTH - 1), y / (HEIGHT - 1), (x + y) / (WIDTH + HEIGHT - 2)], axis=2)
    checks = ((x // 3 + y // 2) % 2)[..., None] * 0.3
    rgb = np.clip(0.7 * ramps + checks, 0, 1)
    rgb[:, 40:] = noise[:, 40:]
    opacity = np.clip(1.3 * x / WIDTH - 0.1, 0, 1)[..., None]
    return np.concatenate([rgb, opacity], axis=2)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, check=False, **options)


class Corpus:
    """Files in a folder, and what could not be written."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.files, self.unwritten = [], []
        eight = (base() * 255).round().astype(np.uint8)
        self.rgba = Image.fromarray(eight, "RGBA")
        self.rgb = self.rgba.convert("RGB")
        self.sources = folder.parent / "sources"
        self.sources.mkdir(exist_ok=True)

    def path(self, name, ending):
        return self.folder / f"{name}-{ending}.{ending}"

    def take(self, path, is_written):
        if is_written and path.exists():
            self.files.append(path)
        else:
            path.unlink(missing_ok=True)
            self.unwritten.append(path)

    def pillow(self, image, name, ending, kind, **options):
        path = self.path(f"pillow-{name}", ending)
        try:
            image.save(path, kind, **options)
            self.take(path, True)
        except (OSError, ValueError, KeyError, SystemError):
            self.take(path, False)

    def tool(self, name, ending, *command, prefix=""):
        """Runs a command whose last argument is the file to write."""
        path = self.path(name, ending)
        done = run(*command, f"{prefix}{path}")
        self.take(path, done.returncode == 0)

    def modes(self):
        """The picture in Pillow's modes."""
        rgb, rgba = self.rgb, self.rgba
        sixteen = Image.fromarray((np.asarray(rgb.convert("L")).astype(np.uint16) * 257))
        palette = rgb.quantize(64)
        return {
            "1": rgb.convert("1"), "L": rgb.convert("L"), "LA": rgba.convert("LA"), "P": palette, "RGB": rgb, "RGBA": rgba,
            "CMYK": rgb.convert("CMYK"), "YCbCr": rgb.convert("YCbCr"), "LAB": rgb.convert("LAB"), "I16": sixteen,
            "F": rgb.convert("F").point(lambda v: v * (1 / 255) + 0),
        }


def by_pillow(corpus):
    modes = corpus.modes()
    every = lambda names: ((name, modes[name]) for name in names.split())
    for name, image in every("1 L LA P RGB RGBA I16"):
        corpus.pillow(image, f"{name}", "png", "PNG")
    for bits in (1, 2, 4):
        corpus.pillow(modes["RGB"].quantize(1 << bits), f"P{bits}", "png", "PNG", bits=bits)
    for (name, image), quality, subsampling, progressive in itertools.product(
            every("L RGB CMYK"), (75, 95), (0, 1, 2), (False, True)):
        label = f"{name}-q{quality}-s{subsampling}" + "-progressive" * progressive
        corpus.pillow(image, label, "jpg", "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
    corpus.pillow(modes["RGB"], "RGB-restarts", "jpg", "JPEG", restart_marker_rows=1)
    corpus.pillow(modes["RGB"], "RGB-kept", "jpg", "JPEG", keep_rgb=True)
    compressions = [None, "tiff_lzw", "packbits", "tiff_adobe_deflate", "tiff_deflate", "jpeg", "group3", "group4", "tiff_ccitt",
                    "lzma", "zstd", "webp"]
    for (name, image), compression, big in itertools.product(
            every("1 L LA P RGB RGBA CMYK YCbCr LAB I16 F"), compressions, (False, True)):
        label = f"{name}-{compression or 'raw'}" + "-big" * big
        corpus.pillow(image, label, "tif", "TIFF", compression=compression, big_tiff=big)
    for name, image in every("RGB RGBA L"):
        corpus.pillow(image, f"{name}-lossless", "webp", "WEBP", lossless=True, exact=True)
        corpus.pillow(image, f"{name}-lossy", "webp", "WEBP", quality=90)
        for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:0:0"):
            label = f"{name}-avif-{subsampling.replace(':', '')}"
            corpus.pillow(image, label, "avif", "AVIF", quality=90, subsampling=subsampling)
    for name, image in every("1 L P RGB RGBA"):
        corpus.pillow(image, name, "gif", "GIF")
        corpus.pillow(image, name, "bmp", "BMP")
        for orientation, compression in itertools.product((1, -1), (None, "tga_rle")):
            label = f"{name}-{'up' if orientation < 0 else 'down'}" + "-rle" * bool(compression)
            corpus.pillow(image, label, "tga", "TGA", orientation=orientation, compression=compression)
    for name, image in every("1 L RGB RGBA I16"):
        corpus.pillow(image, name, "ppm", "PPM")
        for ending, irreversible in itertools.product(("jp2", "j2k"), (False, True)):
            label = f"{name}-{'irreversible' if irreversible else 'reversible'}"
            corpus.pillow(image, label, ending, "JPEG2000", irreversible=irreversible)
    for name, image in every("RGB RGBA"):
        corpus.pillow(image, name, "qoi", "QOI")
        corpus.pillow(image.resize((32, 32)), name, "ico", "ICO", sizes=[(32, 32)])


def by_magick(corpus):
    source = corpus.sources / "rgba16.pam"
    samples = (base() * 65535).round().astype(">u2").tobytes()
    header = f"P7\nWIDTH {WIDTH}\nHEIGHT {HEIGHT}\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n".encode()
    source.write_bytes(header + samples)
    types = {"bilevel": ["-alpha", "off", "-type", "Bilevel"], "grey": ["-alpha", "off", "-type", "Grayscale"],
             "greyalpha": ["-type", "GrayscaleMatte"], "palette": ["-alpha", "off", "-type", "Palette"],
             "rgb": ["-alpha", "off", "-type", "TrueColor"], "rgba": ["-type", "TrueColorMatte"],
             "cmyk": ["-alpha", "off", "-colorspace", "CMYK", "-type", "ColorSeparation"]}
    magick = lambda name, ending, *options, prefix="": corpus.tool(
        f"magick-{name}", ending, "convert", source, *options, prefix=prefix)
    for (name, kind), depth, interlace in itertools.product(types.items(), (1, 2, 4, 8, 16), ("none", "PNG")):
        if name != "cmyk":
            magick(f"{name}-{depth}-{interlace}", "png", *kind, "-depth", depth, "-interlace", interlace)
    layouts = {"chunky": [], "planes": ["-interlace", "plane"], "tiles": ["-define", "tiff:tile-geometry=16x32"],
               "strips": ["-define", "tiff:rows-per-strip=5"]}
    numbers = {"": [], "-white0": ["-define", "quantum:polarity=min-is-white"],
               "-associated": ["-define", "tiff:alpha=associated"]}
    for (name, kind), depth, endian, (layout, options), (number, more) in itertools.product(
            types.items(), (1, 2, 4, 8, 12, 16, 32), ("LSB", "MSB"), layouts.items(), numbers.items()):
        is_used = {"-white0": name in ("grey", "bilevel"), "-associated": name in ("rgba", "greyalpha")}.get(number, True)
        if is_used:
            magick(f"{name}-{depth}-{endian}-{layout}{number}", "tif", *kind, "-depth", depth, "-endian", endian, *options, *more)
    for (name, kind), depth in itertools.product(types.items(), (16, 32, 64)):
        magick(f"{name}-{depth}-float", "tif", *kind, "-depth", depth, "-define", "quantum:format=floating-point")
    for (name, kind), compression in itertools.product(types.items(), ("None", "LZW", "Zip", "RLE", "Fax", "Group4", "LZMA")):
        magick(f"{name}-{compression}", "tif", *kind, "-depth", 8, "-compress", compression)
    for name, sampling, interlace in itertools.product(("grey", "rgb", "cmyk"), ("1x1", "2x1", "1x2", "2x2", "4x1"), ("none", "JPEG")):
        magick(f"{name}-jpeg-{sampling}-{interlace}", "jpg", *types[name], "-sampling-factor", sampling, "-interlace", interlace)
    for depth, plain, ending in itertools.product((8, 16), (False, True), ("pbm", "pgm", "ppm")):
        how = ["-compress", "none"] if plain else []
        magick(f"rgb-{depth}" + "-plain" * plain, ending, *types["rgb"], "-depth", depth, *how)
    for name, depth in itertools.product(("grey", "rgb", "rgba", "greyalpha"), (8, 16)):
        magick(f"{name}-{depth}", "pam", *types[name], "-depth", depth)
        magick(f"{name}-{depth}", "jp2", *types[name], "-depth", depth, "-quality", 100)
    for name in types:
        magick(name, "bmp", *types[name])
        magick(f"{name}-bmp3", "bmp", *types[name], prefix="BMP3:")
        magick(f"{name}-bmp2", "bmp", *types[name], prefix="BMP2:")
        magick(f"{name}-rle", "tga", *types[name], "-compress", "RLE")
        magick(f"{name}", "gif", *types[name])
    for name in ("rgb", "grey"):
        magick(name, "hdr", *types[name])
        magick(name, "exr", *types[name])
        magick(name, "pfm", *types[name])


def by_libtiff(corpus):
    sources = {name: corpus.sources / f"{name}.tif" for name in ("bilevel", "grey8", "grey16", "palette", "rgb8", "rgb16", "rgba8", "cmyk8")}
    kinds = {"bilevel": ["-type", "Bilevel", "-depth", 1], "palette": ["-type", "Palette", "-depth", 8],
             "cmyk8": ["-colorspace", "CMYK", "-depth", 8]}
    for name, path in sources.items():
        depth = ["-depth", 16 if name.endswith("16") else 8]
        grey = ["-type", "Grayscale"] if name.startswith("grey") else []
        alpha = [] if name == "rgba8" else ["-alpha", "off"]
        run("convert", corpus.sources / "rgba16.pam", *alpha, *kinds.get(name, [*grey, *depth]), "-compress", "none", path)
    compressions = ["none", "lzw", "lzw:2", "zip", "zip:2", "packbits", "g3", "g3:2d", "g3:fill", "g4", "jpeg", "jpeg:r", "lzma", "zstd",
                    "webp", "lerc"]
    layouts = [["-s"], ["-r", 1], ["-r", 7], ["-t", "-w", 16, "-l", 32]]
    for (name, source), compression, layout, planes in itertools.product(
            sources.items(), compressions, layouts, ("contig", "separate")):
        label = "-".join(["tiffcp", name, compression.replace(":", ""), *(str(part).strip("-") for part in layout), planes])
        corpus.tool(label, "tif", "tiffcp", "-c", compression, *layout, "-p", planes, source)
    for (name, source), order, fill, big in itertools.product(sources.items(), ("-B", "-L"), ("lsb2msb", "msb2lsb"), ([], ["-8"])):
        label = f"tiffcp-{name}{order}-{fill}" + "-8" * bool(big)
        corpus.tool(label, "tif", "tiffcp", "-c", "none", order, "-f", fill, *big, source)


def by_exiftool(corpus):
    kinds = {"jpg": ("JPEG", {"quality": 95}), "png": ("PNG", {}), "tif": ("TIFF", {}), "webp": ("WEBP", {"lossless": True})}
    for ending, (kind, options) in kinds.items():
        for orientation in range(1, 9):
            path = corpus.path(f"exiftool-turned{orientation}" + "-jpeg" * (ending == "jpg"), ending)
            corpus.rgb.save(path, kind, **options)
            done = run("exiftool", "-q", "-n", "-overwrite_original", f"-Orientation={orientation}", path)
            corpus.take(path, done.returncode == 0)


def read_by_original(path):
    """What was written, without its opacity."""
    rgba = base()
    rgba[..., 3] = 1
    return rgba


def read_by_pillow(path):
    """RGBA of a file in [0, 1], as Pillow reads it, turned upright."""
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGBA")) / 255
    except OSError:
        return None


def read_by_inverted_twin(path):
    """What the same samples are where zero is black, upside down."""
    rgba = read_by_imagemagick(path.with_name(path.name.replace("-white0", "")))
    return np.concatenate([1 - rgba[..., :3], rgba[..., 3:]], axis=2)


def read_by_deeper_twin(path):
    """The same picture in 16 bits."""
    return read_by_imagemagick(path.with_name(path.name.replace("-12-", "-16-")))


def read_by_nobody(path):
    return None


# Where ImageMagick is no judge.
JUDGES = [
    (r"\.(webp|avif|qoi|gif|ico)$", read_by_pillow, "not by the library that ImageMagick has"),
    (r"^exiftool.*png$", read_by_pillow, "ImageMagick 6 does not turn PNG"),
    (r"YCbCr", read_by_pillow, "ImageMagick rounds in between"),
    (r"(rgba8|RGBA)-jpegr?-.*tif$", read_by_pillow, "ImageMagick multiplies by an opacity that is not to be multiplied"),
    (r"RGBA-bmp", read_by_pillow, "the fourth byte of such a BMP is no opacity"),
    (r"cmyk8-jpegr?-t-", read_by_pillow, "ImageMagick shows white"),
    (r"LAB-jpeg", read_by_nobody, "a* and b* wrap round between samples, which spoils them in JPEG"),
    (r"LAB", read_by_original, "ImageMagick takes another white"),
    (r"greyalpha-1-.*tif$", read_by_nobody, "ImageMagick writes its samples elsewhere than its tags say"),
    (r"greyalpha-12-", read_by_deeper_twin, "ImageMagick reads opacity upside down"),
    (r"-(2|4|12)-.*-tiles-white0", read_by_nobody, "ImageMagick writes some of these tiles from memory that it has not filled"),
    (r"-(2|4|12|32)-.*-white0", read_by_inverted_twin, "ImageMagick turns these upside down with 1, 8 and 16 bits alone"),
]


def read_by_imagemagick(path):
    """RGBA of a file in [0, 1], as ImageMagick reads it, turned upright."""
    command = ["convert", f"{path}[0]", "-auto-orient", "-colorspace", "sRGB", "-alpha", "set"]
    size = run(*command, "-format", "%w %h", "info:").stdout.split()
    read = run(*command, "-depth", 16, "-endian", "LSB", "RGBA:-")
    if len(size) != 2 or not read.stdout:
        return None
    width, height = int(size[0]), int(size[1])
    return np.frombuffer(read.stdout, "<u2").reshape(height, width, 4) / 65535


def second(path):
    """RGBA of a file in [0, 1] by the second decoder; nothing if it cannot read it."""
    judge_of = (judge for pattern, judge, _ in JUDGES if re.search(pattern, path.name))
    return next(judge_of, read_by_imagemagick)(path)


def light(values):
    """Linear light on the curve of sRGB, as docs/files.md says of floating-point TIFF."""
    color = values[..., :3]
    color = np.where(color <= 0.0031308, 12.92 * color, 1.055 * np.maximum(color, 1e-9) ** (1 / 2.4) - 0.055)
    return np.concatenate([color, values[..., 3:]], axis=2)


def distance(ours, theirs):
    """The largest and the mean difference in 255ths; colours that nobody sees do not count."""
    if ours.shape != theirs.shape:
        return 255.0, 255.0
    off = np.abs(ours - theirs) * 255
    seen = theirs[..., 3] > 0
    colors = off[..., :3][seen]
    return max(colors.max(initial=0), off[..., 3].max()), (colors.mean() if colors.size else 0)


def shown(program, files, folder):
    """What the program makes of all files: PNG of 16 bits by name, and the sentences of those that it refuses."""
    how = ["--scale", 1, "--look", "nearest", "--bits", 16, "--json", "--overwrite"]
    listing = run(program, "batch", *files, "-o", f"{folder}/{{name}}.png", *how)
    rows = [json.loads(line) for line in listing.stdout.decode().splitlines()]
    return {pathlib.Path(row["input"]): row for row in rows if "input" in row}


def is_lossy(path):
    # Twelve bits that are divided by a small opacity are few.
    words = ("jpeg", "lossy", "irreversible", "LAB", "greyalpha-12") + (("webp",) if path.suffix == ".tif" else ())
    return path.suffix in (".jpg", ".avif") or any(word in path.name for word in words)


def main():
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    if (folder / "files").exists():
        files = sorted((folder / "files").iterdir())
        print(f"{len(files)} files are there", flush=True)
    else:
        corpus = Corpus(folder / "files")
        for write in (by_pillow, by_magick, by_libtiff, by_exiftool):
            write(corpus)
        files = corpus.files
        print(f"{len(files)} files written, {len(corpus.unwritten)} combinations that no writer takes", flush=True)
    rows = shown(program, files, folder / "shown")
    counts, complaints = collections.defaultdict(collections.Counter), []
    for path in files:
        what, complaint = judge(path, rows.get(path, {}), folder / "shown")
        counts[path.suffix[1:]][what] += 1
        if complaint:
            complaints.append(f"{path.name}: {complaint}")
    kinds = ("same", "refused by rule", "no second decoder", "different", "refused")
    print("| format | " + " | ".join(kinds) + " |\n|" + "---|" * (len(kinds) + 1))
    for ending, count in sorted(counts.items()):
        print(f"| {ending} | " + " | ".join(str(count[kind]) for kind in kinds) + " |")
    print("\n".join(complaints))
    sys.exit(1 if complaints else 0)


def judge(path, row, folder):
    """What became of a file, and a complaint if that is not right."""
    made = folder / f"{path.stem}.png"
    if not made.exists():
        said = row.get("reason", "nothing was said")
        is_ruled = any(re.search(pattern, path.name) and says in said for pattern, says, _ in RULES)
        return ("refused by rule", None) if is_ruled else ("refused", said)
    theirs = second(path)
    if theirs is None:
        return "no second decoder", None
    if "-float" in path.name or "-F-" in path.name:
        theirs = light(theirs)
    most, mean = distance(read_by_imagemagick(made), theirs)
    is_same = mean <= 1 if is_lossy(path) else most <= 1.01
    return ("same", None) if is_same else ("different", f"off by {most:.1f} at most and {mean:.2f} in the mean")


if __name__ == "__main__":
    main()
