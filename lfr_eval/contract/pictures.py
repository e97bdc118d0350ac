"""Contract: an image file in, an upright 8-bit RGB picture out, or the reason why there is none.

Every room reads pictures here, so that the picture that is checked, degraded, embedded or watched
live is the same picture. Formats are an allow-list: no decoder that starts other programs is used.

Deeper pictures keep their grey levels: 16 bits are scaled to 8, and what has no agreed white
(32-bit integers, floating point) is refused. Transparent pictures are laid on white.
"""

from __future__ import annotations

import io
import re
import stat
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

PIXEL_LIMIT = 64_000_000
"""Pixels of the largest image that is decoded; below Pillow's own limit (89 million)."""

BYTE_LIMIT = 256 * 1024 * 1024
"""Bytes of the largest image file that is read."""

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000")
"""Formats that are decoded. Formats whose decoders run other programs (EPS) are not."""

ORIENTATION = 0x0112
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What the EXIF orientation asks for; 1 and all other values: nothing."""

DEEP = ("I;16", "I;16L", "I;16B", "I;16N")
SHALLOW = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")

LEAST_USED = 1 / 4
"""Share of a 16-bit scale that a picture must reach. A sensor's 10 to 14 bits, written into 16
without being scaled, look black; which white was meant stands nowhere in the file."""

LAST_ROWS, MIDDLE = 8, 128
"""Rows of the smallest block of a JPEG, and the grey of blocks without data."""
CUT = "truncated image"

READING = 2
"""Raised when a picture may be read as other pixels than before: templates are kept apart by it."""

OTHERS = (
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (rb"....ftypavi[fs]", "an AVIF image"),
    (rb"....ftyp(hei|hev|mif1|msf1)", "a HEIF (HEIC) image"),
    (rb"GIF8", "a GIF image"),
    (rb"....ftyp|\x1aE\xdf\xa3", "a video"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file"),
    (rb"%PDF", "a PDF file"),
    (rb"8BPS", "a Photoshop file"),
    (rb"\s*<(\?xml|svg|!DOCTYPE|html)", "an SVG, XML or HTML file"),
)
"""What else is met among pictures, by the first bytes."""


class PictureError(ValueError):
    """A picture that cannot be used.

    Attributes
    ----------
    kind
        In two words, the same for all pictures with this fault.
    message, remedy
        What is wrong with this one, and what to do.
    """

    def __init__(self, kind: str, message: str, remedy: str) -> None:
        super().__init__(f"{message}. {remedy}")
        self.kind, self.message, self.remedy = kind, message, remedy


def content_of(file: Path) -> bytes:
    """Return the bytes of an image file.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    PictureError
        If it is no regular file, is empty or is enormous.
    """
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise PictureError("missing file", "this is not a file", "Name an image file.")
    if status.st_size == 0:
        raise PictureError("empty image", "the file has no bytes", "Copy the image again.")
    if status.st_size > BYTE_LIMIT:
        message = f"the file has {status.st_size:,} bytes, more than {BYTE_LIMIT:,}"
        raise PictureError("enormous image", message, "Save the image smaller.")
    return file.read_bytes()


def read_picture(source: Path | bytes) -> Image.Image:
    """Return a picture in 8-bit RGB, turned as its camera says.

    Parameters
    ----------
    source
        A file, or the content of one.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    PictureError
        If it is not a picture that can be read as it was meant.
    """
    content = content_of(source) if isinstance(source, Path) else source
    return _decoded(content, whole=True)


def check_picture(content: bytes) -> None:
    """Decode a picture to its end; a JPEG at an eighth of its size, which takes less time.

    Raises
    ------
    PictureError
        If `read_picture` could not read it.
    """
    try:
        _decoded(content, whole=False)
    except PictureError as error:
        if error.kind != CUT:
            raise
        # At an eighth of its size, almost grey looks grey.
        _decoded(content, whole=True)


def is_picture(file: Path) -> bool:
    """Return whether a file has a format that is decoded, by its first bytes."""
    try:
        with file.open("rb") as stream, Image.open(stream, formats=_formats()):
            return True
    except Image.DecompressionBombError:
        return True
    except Exception:
        return False


def _formats() -> list[str]:
    # Pillow knows only some formats until it is told to load them all.
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _decoded(content: bytes, whole: bool) -> Image.Image:
    try:
        with Image.open(io.BytesIO(content), formats=_formats()) as image:
            _refuse_header(image)
            if not whole:
                image.draft("L", (max(1, image.width // 8), max(1, image.height // 8)))
            # Pillow itself brings 16-bit colours to 8 bits, and 16-bit grey values not.
            deep_colours = ";16" in str(image.tile) and not _is_deep(image)
            image.load()
            if image.format in ("JPEG", "MPO"):
                _refuse_cut(image, (image.height - 1) % LAST_ROWS + 1 if whole else 1)
            orientation = _orientation(image)
            picture = _eight_bits(image)
            if deep_colours:
                _refuse_unscaled(np.asarray(picture), 255, 16)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        message = "the header declares far more pixels than can be decoded safely"
        raise PictureError("enormous image", message, "Save the image smaller.") from None
    except UnidentifiedImageError:
        raise _unknown(content) from None
    except MemoryError:
        raise
    except Exception as error:
        # Decoders raise many types for damaged data; each of them makes the image unusable.
        kind = CUT if "truncated" in str(error).lower() else "undecodable image"
        message = f"the image cannot be decoded ({str(error) or type(error).__name__})"
        raise PictureError(kind, message, "Copy the image again from its source.") from error
    turned = TURNED.get(orientation)
    return picture if turned is None else picture.transpose(turned)


def _unknown(content: bytes) -> PictureError:
    for pattern, name in OTHERS:
        if re.match(pattern, content, re.DOTALL):
            message = f"{name}, which is not read; formats that are: {', '.join(FORMATS)}"
            break
    else:
        message = f"not an image in a known format ({', '.join(FORMATS)})"
    return PictureError("undecodable image", message, "Convert it to JPEG or PNG.")


def _refuse_header(image: Image.Image) -> None:
    """Refuse what the header says cannot be read as it was meant."""
    if image.width * image.height > PIXEL_LIMIT:
        message = f"{image.width} x {image.height} pixels, more than {PIXEL_LIMIT:,}"
        raise PictureError("enormous image", message, "Save the image smaller.")
    pages = _pages(image)
    if pages > 1:
        message = f"the file holds {pages} pictures (an animation or several pages)"
        remedy = "Save the picture that shows the person as a file of its own."
        raise PictureError("several pictures", message, remedy)
    if image.mode in SHALLOW or _is_deep(image):
        return
    values = {"I": "32-bit integers", "F": "floating-point numbers"}.get(image.mode, "")
    values = values or f"colours of the mode {image.mode}"
    message = f"its values are {values}, and the file does not say which value is white"
    if image.mode not in ("I", "F"):
        message = f"its values are {values}, which are not converted"
    remedy = "Convert it to an 8-bit or 16-bit image with your camera's own software."
    raise PictureError("unusual pixels", message, remedy)


def _pages(image: Image.Image) -> int:
    """Return how many pictures a file holds, without previews of the first."""
    # Many phones write an MPO: the photograph, and previews or depths behind it.
    if image.format == "MPO":
        return 1
    count: int = getattr(image, "n_frames", 1)
    if image.format != "TIFF" or count == 1:
        return count
    tiff: Any = image
    pages = 0
    for number in range(count):
        tiff.seek(number)
        # Bit 0 of NewSubfileType: a reduced version of another page.
        pages += not int(tiff.tag_v2.get(254, 0)) & 1
    tiff.seek(0)
    return pages


def _is_deep(image: Image.Image) -> bool:
    # Pillow of some versions opens 16-bit PNG and PPM as 32-bit integers.
    return image.mode in DEEP or (image.mode == "I" and image.format in ("PNG", "PPM"))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a loaded image in RGB."""
    if _is_deep(image):
        return Image.fromarray(_scaled(image)).convert("RGB")
    if image.mode in ("La", "RGBa"):
        image = image.convert(image.mode.upper())
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        seen = image.convert("RGBA")
        white = Image.new("RGBA", seen.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, seen).convert("RGB")
    return image.convert("RGB")


def _scaled(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return 16-bit grey values, scaled to 8 bits."""
    values = np.asarray(image).astype(np.int64)
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(258, (16,))[0]
    white = 2 ** int(bits) - 1
    # Pillow turns 8-bit pictures round in which 0 is white, and leaves deeper ones as they are.
    if tags.get(262) == 0:
        values = white - values
    _refuse_unscaled(values, white, int(bits))
    return np.asarray(np.rint(values * (255 / white)), np.uint8)


def _refuse_unscaled(values: np.ndarray[Any, Any], white: int, bits: int) -> None:
    """Refuse values of which none is anywhere near white."""
    highest = int(values.max(initial=0))
    if highest < white * LEAST_USED:
        message = (
            f"no value of this {bits}-bit image is above {highest:,} of {white:,}: they were "
            "probably never scaled to the whole range, and the image would be black"
        )
        remedy = "Convert it to an 8-bit image with your camera's own software."
        raise PictureError("unusual pixels", message, remedy)


def _refuse_cut(image: Image.Image, rows: int) -> None:
    """Refuse a JPEG whose data end before its last rows, although an end marker follows.

    Its decoder says nothing and leaves these rows in exactly middle grey, from edge to edge.
    """
    if image.mode not in ("L", "RGB") or image.height <= 2 * rows:
        return
    below = image.crop((0, image.height - rows, image.width, image.height))
    grey = all(ends == (MIDDLE, MIDDLE) for ends in _extremes(below))
    if grey and any(ends != (MIDDLE, MIDDLE) for ends in _extremes(image)):
        message = "its last rows are plain middle grey, as in a JPEG that was cut short"
        remedy = "Copy the image again from its source, or save it as PNG if that border is meant."
        raise PictureError(CUT, message, remedy)


def _extremes(image: Image.Image) -> list[tuple[int, int]]:
    found = image.getextrema()
    return [found] if isinstance(found[0], int | float) else list(found)  # type: ignore[list-item]


def _orientation(image: Image.Image) -> int:
    """Return how the camera was held; 1 where the file says nothing usable, as viewers do."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:
        # Damaged EXIF data raise errors of many types.
        return 1
    return value if isinstance(value, int) else 1
