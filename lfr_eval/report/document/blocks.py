"""Stage report: what a printed document consists of.

A block holds texts with what they are, and nothing that could be taken for markup; how blocks look
is for the typesetting alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    """A piece of text.

    Attributes
    ----------
    style
        What it is: "" for plain text, `strong`, `code`, `quiet` for what stands back, `raised` for
        the letter of a note, or `mark` for a verdict's symbol and name, which need no colour.
    """

    text: str
    style: str = ""


Runs = Sequence[Run]


def plain(runs: Runs) -> str:
    """Return the text alone."""
    return "".join(run.text for run in runs)


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 begins a page."""

    text: str
    level: int
    kind: str = "heading"


@dataclass(frozen=True)
class Text:
    """A paragraph; a `lead` is set larger, a `notice` must not be overlooked."""

    runs: Runs
    lead: bool = False
    notice: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Bullets:
    """A list; `notes` to a table stand back."""

    items: Sequence[Runs]
    notes: bool = False
    kind: str = "bullets"


@dataclass(frozen=True)
class Term:
    """A term and what belongs to it; `blank` where it is left to be filled in by hand."""

    name: Runs
    parts: Sequence[Text | Bullets]
    blank: bool = False


@dataclass(frozen=True)
class Card:
    """Terms and what belongs to each."""

    terms: Sequence[Term]
    kind: str = "card"


@dataclass(frozen=True)
class Cell:
    """A cell; `shade` is 0 for none and grows with what the cell counts."""

    runs: Runs
    across: int = 1
    shade: int = 0


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    role
        `block` heads the rows below it, `said` belongs to the row above, `overall` is everybody.
    """

    cells: Sequence[Cell]
    role: str = ""


@dataclass(frozen=True)
class Column:
    """A column; `width` is its share of the line."""

    title: Runs
    width: float
    is_number: bool


@dataclass(frozen=True)
class Grid:
    """A table."""

    caption: Runs
    columns: Sequence[Column]
    rows: Sequence[Row]
    kind: str = "grid"


@dataclass(frozen=True)
class Picture:
    """A chart as SVG, with the words that stand in its place for who cannot see it."""

    svg: str
    alternative: str
    caption: Runs
    kind: str = "picture"


Block = Heading | Text | Bullets | Card | Grid | Picture


@dataclass(frozen=True)
class Document:
    """The whole document.

    Attributes
    ----------
    kind
        `brief`, `report`, `annex`, or `annual`, which belongs to no study.
    stand_ins
        What is printed in the place of labels whose letters no font has.
    """

    title: str
    question: str
    banner: str | None
    study: str
    study_hash: str | None
    finished: str
    blocks: Sequence[Block]
    kind: str = "report"
    stand_ins: Mapping[str, str] = field(default_factory=dict)
