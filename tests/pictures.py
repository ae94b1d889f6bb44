"""Pictures and office documents for tests, made when they are asked for."""

import struct
import zipfile
import zlib
from io import BytesIO

from PIL import Image

GPS_TAG = 0x8825
_ORIENTATION_TAG = 0x0112
_MODEL_TAG = 0x0110


def photo(*, size: tuple[int, int] = (64, 48), orientation: int = 1, gps: bool = False) -> bytes:
    """Return a JPEG as a phone writes it."""
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = orientation
    exif[_MODEL_TAG] = "Phone"
    if gps:
        exif[GPS_TAG] = {1: "N", 2: (25.0, 2.0, 0.0)}
    made = BytesIO()
    picture.save(made, "JPEG", exif=exif, comment=b"secret")
    return made.getvalue()


def png_head(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that claims to be so large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + head
    body = zlib.compress(b"")
    data = b"IDAT" + body
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", len(body))
        + data
        + struct.pack(">I", zlib.crc32(data))
    )


def office(*parts: str) -> bytes:
    """Return a packed folder with parts of these names."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for part in parts:
            packed.writestr(part, "<x/>")
    return made.getvalue()
