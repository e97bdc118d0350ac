"""Mutate image files and count what becomes of them: read, refused with a reason, or a fault.

    python benchmarks/fuzz_images.py
    python benchmarks/fuzz_images.py --images 5000 --seed 7 --keep FOLDER

Every file goes the way of a study (it is checked, then embedded by the null matcher, alone and
beside others) and of a folder that the live engine watches. A fault is an error that is not a
refusal in words, a file that is lost without a word, a template that depends on the neighbours, or
a file that takes longer than 10 seconds. The last line counts them; with any, the status is 1.
"""

from __future__ import annotations

import argparse
import io
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from lfr_eval.cohort.images import check_images
from lfr_eval.contract.pictures import PictureError, read_picture
from lfr_eval.engine.frames import PictureFolder
from lfr_eval.engine.picture_folder import listed
from lfr_eval.matchers.null import NullMatcher

LONGEST = 10.0
"""Seconds that one file may take."""

Random = np.random.Generator
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "TIFF": "tif", "WEBP": "webp", "BMP": "bmp", "PPM": "ppm"}
SUFFIXES |= {"JPEG2000": "jp2", "GIF": "gif", "MPO": "jpg", "AVIF": "avif"}
MODES = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "L", "LA", "RGBA", "P", "1", "I;16"),
    "TIFF": ("RGB", "L", "LA", "RGBA", "P", "1", "I;16", "I", "F", "CMYK", "YCbCr", "LAB"),
    "WEBP": ("RGB", "RGBA"),
    "BMP": ("RGB", "L", "P", "1"),
    "PPM": ("RGB", "L", "1", "I;16", "F"),
    "JPEG2000": ("RGB", "L", "LA", "RGBA", "I;16"),
    "GIF": ("P",),
    "MPO": ("RGB",),
    "AVIF": ("RGB",),
}


def picture(random: Random) -> tuple[str, bytes]:
    """Return a sound file of a random format, mode and size: its suffix and content."""
    kind = str(random.choice(list(MODES)))
    mode = str(random.choice(MODES[kind]))
    height, width = (int(side) for side in random.integers(1, 96, 2))
    pixels = random.integers(0, 256, (height, width, 3), np.uint8)
    colour = Image.fromarray(pixels)
    if mode == "I;16":
        made = Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 257)
    elif mode == "LAB":
        made = Image.new("LAB", colour.size)
    elif mode == "LA":
        made = colour.convert("RGBA").convert("LA")
    else:
        made = colour.convert(mode)
    settings: dict[str, object] = {}
    if random.random() < 0.4 and kind in ("JPEG", "PNG", "TIFF", "WEBP"):
        settings["exif"] = exif(random)
    if random.random() < 0.15 and kind in ("PNG", "TIFF", "WEBP", "MPO"):
        settings |= {"save_all": True, "append_images": [made, made.rotate(90)]}
    with io.BytesIO() as file:
        try:
            made.save(file, kind, **settings)
        except Exception:
            # Writers refuse some EXIF data; readers are what is tried here.
            file.seek(0)
            file.truncate()
            made.save(file, kind)
        return SUFFIXES[kind], file.getvalue()


def exif(random: Random) -> bytes:
    """Return EXIF data with an orientation and random entries, most of them nonsense."""
    entries = [(0x0112, 3, 1, struct.pack("<HH", int(random.integers(0, 10)), 0))]
    for _ in range(int(random.integers(0, 5))):
        tag = int(random.choice([0x10F, 0x110, 0x11A, 0x132, 0x8769, 0x8825, 0x9003, 0x927C, 2]))
        kind, count = int(random.integers(0, 14)), int(random.choice([0, 1, 2, 4, 2**31]))
        entries.append((tag, kind, count, random.bytes(4)))
    body = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in sorted(entries))
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + b"\0\0\0\0"


def flipped(content: bytearray, random: Random) -> bytes:
    """Flip bits anywhere."""
    for _ in range(int(random.integers(1, 30))):
        content[int(random.integers(len(content)))] ^= 1 << int(random.integers(8))
    return bytes(content)


def damaged_header(content: bytearray, random: Random) -> bytes:
    """Change bytes where sizes, depths and tags are declared."""
    for _ in range(int(random.integers(1, 8))):
        content[int(random.integers(min(64, len(content))))] = int(random.integers(256))
    return bytes(content)


def cut(content: bytearray, random: Random) -> bytes:
    """Break off."""
    return bytes(content[: int(random.integers(len(content)))])


def missing(content: bytearray, random: Random) -> bytes:
    """Lose a piece in the middle."""
    start = int(random.integers(len(content)))
    del content[start : start + int(random.integers(1, 64))]
    return bytes(content)


def stuffed(content: bytearray, random: Random) -> bytes:
    """Gain random bytes in the middle."""
    start = int(random.integers(len(content)))
    content[start:start] = random.bytes(int(random.integers(1, 200)))
    return bytes(content)


def spliced(content: bytearray, random: Random) -> bytes:
    """Go on as another file."""
    _, other = picture(random)
    return bytes(content[: len(content) // 2]) + other[len(other) // 2 :]


def untouched(content: bytearray, random: Random) -> bytes:  # noqa: ARG001
    """Stay as it is: modes and EXIF data are odd enough."""
    return bytes(content)


MUTATIONS: tuple[Callable[[bytearray, Random], bytes], ...] = (
    *(flipped, damaged_header, cut, missing, stuffed, spliced, untouched),
)


def write(folder: Path, count: int, random: Random) -> list[str]:
    """Write mutated files; return their names."""
    names = []
    for number in range(count):
        suffix, content = picture(random)
        mutate = MUTATIONS[int(random.integers(len(MUTATIONS)))]
        names.append(f"{number}-{mutate.__name__}.{suffix}")
        (folder / names[-1]).write_bytes(mutate(bytearray(content), random))
    return names


def study(folder: Path, names: list[str], faults: list[str]) -> Counter[str]:
    """Check and embed every file; return how many ended how."""
    ends: Counter[str] = Counter()
    matcher = NullMatcher(size=8, batch_size=16)
    checks = check_images(folder, names)
    kept = []
    for name, check in zip(names, checks, strict=True):
        if check.kind is None:
            kept.append(folder / name)
            ends["read"] += 1
        elif check.message and check.remedy:
            ends[f"refused: {check.kind}"] += 1
        else:
            faults.append(f"{name}: refused without a reason or a remedy")
    for path, together in zip(kept, matcher.embed(kept), strict=True):
        start = time.monotonic()
        alone = next(iter(matcher.embed([path])))
        if together.template is None:
            faults.append(f"{path.name}: passed the check, and cannot be read ({together.reason})")
        elif alone.template is None or not np.array_equal(alone.template, together.template):
            faults.append(f"{path.name}: another template alone than beside others")
        elif read_picture(path).mode != "RGB":
            faults.append(f"{path.name}: is not RGB")
        if time.monotonic() - start > LONGEST:
            faults.append(f"{path.name}: took longer than {LONGEST:g} s")
    for name, check in zip(names, checks, strict=True):
        if check.kind is not None:
            try:
                read_picture(folder / name)
            except PictureError:
                continue
            faults.append(f"{name}: refused by the check, and read all the same")
    return ends


def engine(folder: Path, names: list[str], ends: Counter[str], faults: list[str]) -> Counter[str]:
    """Watch the folder; every file is a frame, a frame that cannot be decoded, or listed."""
    listing = listed(folder)
    frames = list(PictureFolder(folder, 5).frames(0))
    seen = {*(file.name for file in listing.pictures), *(file.name for file in listing.others)}
    faults += [f"{name}: neither a frame nor listed" for name in names if name not in seen]
    if len(frames) != len(listing.pictures):
        faults.append(f"{len(listing.pictures)} pictures and {len(frames)} frames")
    decoded = sum(frame.picture is not None for frame in frames)
    if decoded != ends["read"]:
        faults.append(f"{decoded} frames are decoded, and {ends['read']} pictures were read")
    return Counter(
        {
            "decoded": decoded,
            "not decoded": len(frames) - decoded,
            "listed as left out": len(listing.others),
        }
    )


def main() -> int:
    """Write, read and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="write the files here and keep them")
    given = parser.parse_args()
    faults: list[str] = []
    # Pillow warns about damaged metadata; what counts here is what becomes of the picture.
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as aside:
        folder = given.keep or Path(aside)
        folder.mkdir(parents=True, exist_ok=True)
        names = write(folder, given.images, np.random.default_rng(given.seed))
        start = time.monotonic()
        try:
            ends = study(folder, names, faults)
            for end, count in sorted(ends.items()):
                print(f"{count:6,}  {end}")
            for end, count in engine(folder, names, ends, faults).items():
                print(f"{count:6,}  as a frame: {end}")
        except Exception:
            faults.append(f"traceback: {traceback.format_exc()}")
        took = time.monotonic() - start
    for fault in faults:
        print(f"FAULT  {fault}")
    print(f"{given.images:,} images in {took:.0f} s: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
