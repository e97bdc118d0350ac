"""Write docs/tables.md from lfr_eval/contract/tables/: `python docs/make_tables.py`."""

from pathlib import Path

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
    made = "Made from `lfr_eval/contract/tables/` by `docs/make_tables.py`."
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
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    (Path(__file__).parent / "tables.md").write_text(tables_page(), encoding="utf-8")
