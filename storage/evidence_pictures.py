"""Pictures drawn anew: what a camera wrote beside the picture, and what somebody hid in it, does not come along."""

import struct
import threading
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType

from PIL import Image, ImageOps, UnidentifiedImageError

from rectification.evidence import EvidenceRefusedError, MediaType

KEPT_SIDE = 2560
"""Longest side of a kept picture, pixels: a nameplate in a photo of a switchboard can still be read. Our own choice."""

THUMBNAIL_SIDE = 320
QUALITY = 88
THUMBNAIL_QUALITY = 75

MOST_PIXELS: Mapping[MediaType, int] = MappingProxyType({MediaType.JPEG: 80_000_000, MediaType.PNG: 25_000_000})
"""Before anything is decoded. A JPEG is decoded small, a PNG takes four bytes a pixel: 100 MB. Our own choice."""

_FORMATS: Mapping[MediaType, str] = MappingProxyType({MediaType.JPEG: "JPEG", MediaType.PNG: "PNG"})
_AT_ONCE = threading.BoundedSemaphore(2)
"""So that many uploads at once do not take all memory."""

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, MemoryError, Image.DecompressionBombError)
"""What Pillow raises over a picture that is damaged, or made to do damage."""


def redrawn(content: bytes, kind: MediaType) -> tuple[bytes, bytes]:
    """Return a picture of the same type and its thumbnail, a JPEG; both hold pixels alone.

    Raises EvidenceRefusedError.
    """
    with _AT_ONCE:
        try:
            with Image.open(BytesIO(content), formats=(_FORMATS[kind],)) as opened:
                _check_pixels(opened, kind)
                return _drawn(opened, kind)
        except UnidentifiedImageError as exc:
            raise EvidenceRefusedError(_DAMAGED) from exc
        except _BROKEN as exc:
            raise EvidenceRefusedError(_DAMAGED) from exc


_DAMAGED = "the picture is damaged; take it again, or send it as PDF"


def _check_pixels(opened: Image.Image, kind: MediaType) -> None:
    width, height = opened.size
    if width * height > MOST_PIXELS[kind]:
        msg = f"the picture has {width} × {height} pixels, which is too many; make it smaller and send it again"
        raise EvidenceRefusedError(msg)


def _drawn(opened: Image.Image, kind: MediaType) -> tuple[bytes, bytes]:
    opened.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
    upright = ImageOps.exif_transpose(opened)
    upright.thumbnail((KEPT_SIDE, KEPT_SIDE))
    kept = _pixels_alone(upright, with_alpha=kind is MediaType.PNG)
    small = _pixels_alone(upright, with_alpha=False)
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return _encoded(kept, kind), _encoded(small, MediaType.JPEG, quality=THUMBNAIL_QUALITY)


def _pixels_alone(picture: Image.Image, *, with_alpha: bool) -> Image.Image:
    """Return a copy without anything that is no pixel; where there is no alpha, on white."""
    has_alpha = picture.has_transparency_data
    if with_alpha and has_alpha:
        plain = picture.convert("RGBA")
    elif has_alpha:
        ground = Image.new("RGBA", picture.size, "white")
        plain = Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")
    else:
        plain = picture.convert("RGB")
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare


def _encoded(picture: Image.Image, kind: MediaType, *, quality: int = QUALITY) -> bytes:
    target = BytesIO()
    if kind is MediaType.JPEG:
        picture.save(target, "JPEG", quality=quality, optimize=True)
    else:
        picture.save(target, "PNG", optimize=True)
    return target.getvalue()
