"""Charts on paper: a figure, a font that has the language's letters, the file. Matplotlib is imported when drawing."""

from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from reports.messages import Language
from sensors.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

FORMATS = ("png", "svg")
CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "SimHei",
    "Microsoft YaHei",
    "PingFang SC",
)
"""Families with Chinese in them. A file of Noto holds Chinese, Japanese and Korean and may show one name of them."""
PLAIN_FONT = "DejaVu Sans"
DOTS_PER_INCH = 120


class ChartFault(InputFault):
    """A chart cannot be drawn as asked."""


def font_of(language: Language) -> str:
    """Return a font that has the language's letters. Raises ChartFault that names the package with one."""
    if language == "en":
        return PLAIN_FONT
    from matplotlib import font_manager  # noqa: PLC0415 - takes its time

    installed = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in CJK_FONTS if name in installed), None)
    if found is None:
        advice = "install one (Debian: fonts-noto-cjk or fonts-wqy-zenhei) or use --lang en"
        msg = f"a chart in Chinese needs a font with Chinese in it and none is here; {advice}"
        raise ChartFault(msg)
    return found


@contextmanager
def new_figure(language: Language, *, width_in: float, height_in: float) -> "Iterator[Figure]":
    """Give an empty figure that no display knows of; draw and save it inside. Raises ChartFault."""
    from matplotlib import rc_context  # noqa: PLC0415 - takes its time
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    with rc_context():
        from matplotlib import rcParams  # noqa: PLC0415 - as above

        rcParams["font.family"] = list(dict.fromkeys((font_of(language), PLAIN_FONT)))
        # Chinese as outlines: who opens the file may have no font for it.
        rcParams["svg.fonttype"] = "none" if language == "en" else "path"
        rcParams["svg.hashsalt"] = "premises"
        rcParams["axes.unicode_minus"] = False
        yield Figure(figsize=(width_in, height_in), dpi=DOTS_PER_INCH, layout="constrained")


def rendered(figure: "Figure", form: str) -> bytes:
    """Return a figure as PNG or SVG, the same bytes for the same figure."""
    stream = BytesIO()
    figure.savefig(stream, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return stream.getvalue()


def form_of(path: Path) -> str:
    """Return `png` or `svg` by a file's name. Raises ChartFault."""
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        msg = f"--chart {path}: end the name in .png or .svg"
        raise ChartFault(msg)
    return form


def write_chart(path: Path, picture: bytes) -> None:
    """Write a picture. Raises ChartFault."""
    try:
        path.write_bytes(picture)
    except OSError as exc:
        msg = f"--chart {path}: cannot be written: {exc.strerror}"
        raise ChartFault(msg) from exc
