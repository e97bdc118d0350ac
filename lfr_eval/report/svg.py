"""Stage report: from a matplotlib figure to SVG that stands inside an HTML page.

Text stays text (searchable, read aloud, in the reader's font); colours become CSS variables, so
that one drawing serves light, dark and print; ids get the chart's name, so that many drawings live
in one page. The output is built as a tree and serialised, never pasted together: group names may
hold anything.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

INK = "#1c2430"
FAINT = "#5f6b7a"
GRID = "#d9dee5"
PAPER = "#fffffe"
SERIES = ("#005a9c", "#b3430b", "#00704f", "#8a2f73")
"""Four colours that differ in hue for every common colour vision, 4.5:1 or more on white."""

_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    GRID: "var(--grid)",
    PAPER: "var(--paper)",
    **{colour: f"var(--series-{place + 1})" for place, colour in enumerate(SERIES)},
}
COLOURS = {variable[4:-1]: colour for colour, variable in _VARIABLES.items()}
"""What the page's variables stand for on white paper."""
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lfr_eval",
    # A dollar sign in a group's name is a dollar sign, not mathematics.
    "text.parse_math": False,
    "text.usetex": False,
    "axes.formatter.use_mathtext": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "lines.linewidth": 1.7,
    "path.simplify": True,
}
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_CURVE = re.compile(r"[CQSTA]")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True)
class Chart:
    """A finished chart.

    Attributes
    ----------
    name
        Unique within the page.
    svg
        Safe to insert into HTML as it is.
    caption
        Plain text.
    width
        Natural width in CSS pixels.
    link
        JSON that tells the script how the chart follows the threshold slider; empty where not.
    numbers
        Name of the numbers behind the chart in the page's data.
    table
        Those numbers, columns and rows, where they are no part of the sweep.
    """

    name: str
    svg: str
    caption: str
    width: int
    link: str = ""
    numbers: str = ""
    table: Mapping[str, list[Any]] | None = None


@contextmanager
def drawing() -> Iterator[None]:
    """Set the house style; figures must be made and serialised inside.

    Fonts without a glyph for some script only spoil matplotlib's measuring of the text, since the
    reader's browser draws it: that warning is not for the person who runs a study.
    """
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from")
        warnings.filterwarnings("ignore", message=r"(?s)Matplotlib currently does not support")
        yield


def to_chart(
    figure: Figure, name: str, title: str, description: str, caption: str, mark: str | None
) -> Chart:
    """Serialise a figure as an accessible SVG element, with a mark where it is simulated."""
    if mark:
        top = 1 - 5 / (72 * figure.get_figheight())
        figure.text(
            0.995, top, mark.upper(), ha="right", va="top", fontsize=9, fontweight="bold",
            color=PAPER, bbox={"facecolor": INK, "edgecolor": "none", "pad": 3},
        )  # fmt: skip
    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing)
    root = ElementTree.fromstring(buffer.getvalue())
    _tidy(root, name)
    _gather(root)
    if mark:
        title, description = f"{mark}: {title}", f"{mark} data. {description}"
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(place, element)
    for attribute in ("width", "height"):
        root.attrib.pop(attribute, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    width = round(figure.get_figwidth() * 96)
    return Chart(name, ElementTree.tostring(root, encoding="unicode"), caption, width)


def _tidy(root: ElementTree.Element, name: str) -> None:
    """Strip what a page does not need: namespaces, page-wide styles, unused ids, spare digits."""
    for parent in root.iter():
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    used = {
        reference.lstrip("#")
        for element in root.iter()
        for key, value in element.attrib.items()
        for reference in ([value] if _local(key) == "href" else _REFERENCE.findall(value))
    }
    for element in root.iter():
        element.tag = _local(element.tag)
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None
        attributes = {_local(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        for key, value in attributes.items():
            if key in ("version", "space"):
                continue
            if key == "id":
                if value in used:
                    element.set("id", f"{name}-{value}")
            elif key == "href":
                element.set("href", f"#{name}-{value.lstrip('#')}")
            else:
                element.set(key, _tidy_value(key, value, name))


def _gather(parent: ElementTree.Element) -> None:
    """Draw what looks alike at once: lines as one path, marks under one group with their look.

    A page of fourteen groups has thousands of them, and their styles weigh more than their places.
    """
    for child in parent:
        _gather(child)
    alike: ElementTree.Element | None = None
    for child in list(parent):
        if child.tag != "path" or not child.get("style", "").startswith("fill: none"):
            alike = None
        elif alike is not None and _look(child, "d") == _look(alike, "d"):
            alike.set("d", f"{alike.get('d')} {child.get('d')}")
            parent.remove(child)
        else:
            alike = child
    looks = {tuple(_look(child, "x", "y", "href").items()) for child in parent}
    if len(parent) > 1 and len(looks) == 1 and parent.tag == "g" and parent[0].tag == "use":
        for key, value in looks.pop():
            if key not in parent.attrib:
                parent.set(key, value)
                for child in parent:
                    del child.attrib[key]


def _look(element: ElementTree.Element, *places: str) -> dict[str, str]:
    return {key: value for key, value in element.attrib.items() if key not in places}


def _tidy_value(key: str, value: str, name: str) -> str:
    value = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    if key in ("d", "x", "y", "points"):
        value = " ".join(_NUMBER.sub(_rounded, value).split())
        # After a move, a line needs no letter.
        return value if _CURVE.search(value) else value.replace(" L ", " ")
    if key == "transform":
        return _NUMBER.sub(lambda found: f"{float(found[0]):.2f}", value)
    if key == "style":
        value = re.sub(r"\s*font-family:[^;]*;?", "", value)
        value = re.sub(r"font: (.*?)'DejaVu Sans'[^;]*", _font, value)
        for colour, variable in _VARIABLES.items():
            value = value.replace(colour, variable)
    return value


def _font(found: re.Match[str]) -> str:
    """Keep weight and size, and leave the family to the page."""
    size = re.search(r"([\d.]+)px", found[1])
    bold = re.search(r"bold|[6-9]00", found[1])
    return f"font-size: {size[1] if size else 10}px" + ("; font-weight: 700" if bold else "")


def _rounded(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0")


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
