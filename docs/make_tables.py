"""Write docs/tables.md from lfr_eval/contract/: `python docs/make_tables.py`."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import (
    AFTERWARDS,
    ALL,
    CHECKS,
    EXCLUSIONS,
    FURTHER,
    OF_DESIGNS,
    OPERATING_POINTS,
    PEOPLE,
    PLANNING,
    RECORDS,
    STREET,
    STUDIES_COMPARED,
)


def tables_page() -> str:
    """Return the page as Markdown."""
    made = "Made from `lfr_eval/contract/` by `docs/make_tables.py`."
    parts = ["# The stage tables", "", made]
    asked = (PLANNING, OPERATING_POINTS, STUDIES_COMPARED)
    records = (RECORDS, CHECKS, STREET)
    for table in (*ALL, *FURTHER, *OF_DESIGNS, *AFTERWARDS, EXCLUSIONS, *asked, PEOPLE, *records):
        parts += [
            "",
            f"## {table.name}",
            "",
            table.meaning,
            "",
            "| column | type | meaning |",
            "|---|---|---|",
        ]
        parts += [f"| `{c.name}` | {c.dtype} | {c.meaning} |" for c in table.columns]
    parts += ["", "## study.json", "", "What a study says of itself, in one object.", ""]
    parts += ["| field | type | meaning |", "|---|---|---|", *fields_of(StudyRecord)]
    return "\n".join(parts) + "\n"


def fields_of(kind: type[BaseModel], place: str = "") -> Iterator[str]:
    """Yield a row for every field of a record, those of its parts after it."""
    for name, field in kind.model_fields.items():
        typed = str(kind.__annotations__[name]).replace("|", r"\|")
        meaning = " ".join(str(field.description).split())
        yield f"| `{place}{name}` | {typed} | {meaning} |"
        for part in parts_of(field.annotation):
            many = "[]" if "tuple" in typed else ""
            yield from fields_of(part, f"{place}{name}{many}.")


def parts_of(annotation: object) -> list[type[BaseModel]]:
    """Return the parts of a record that an annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for one in getattr(annotation, "__args__", ()) for part in parts_of(one)]


if __name__ == "__main__":
    (Path(__file__).parent / "tables.md").write_text(tables_page(), encoding="utf-8")
