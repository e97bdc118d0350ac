"""Manifests and overrides that are broken in every way: each is read whole, or refused in words.

    python -m benchmarks.fuzz_own [--manifests 1000] [--overrides 100] [--seed 1]

A manifest is broken by one to three of the mutations below and taken through everything that a
study does before it embeds images: reading, labels, reference groups, plan. It must be refused as a
`MendableError`, or every person and image of it must be there. An override must be refused, or its
value must stand in the configuration. Prints how often each happened; exits with 1 if anything else
did.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.config import ManifestDatasetConfig, StudyConfig
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.spelling import normal
from lfr_eval.study.overrides import composed
from lfr_eval.study.prepared import prepare, study_path

Rows = list[list[str]]
Mutation = Callable[[Rows, random.Random], None]

HEADER = ["image_id", "subject_id", "role", "gender", "ethnicity", "age", "camera", "skin"]
MOST_DAMAGED = 5
"""Bytes of one file that are damaged."""

ODD = (
    *("", " ", "NA", "N/A", "unknown", "Unknown", "prefer not to say", "None", "nan", "null", "-"),
    *("0", "-1", "1e400", "inf", "true", "rest", "everybody", "*", "overall", "a x b", " x "),
    *("Black, Black British, Caribbean or African", 'quoted "word"', "semi;colon", "=1+1", "\t"),
    *(
        "fe\u200bmale",
        "f\u0435male",
        "FEMALE",
        "Zoe\u0308",
        "Zoë",
        "\u202egnp",
        "\ufeff",
        "日本",
        "👩🏿",
    ),
    *("a" * 5000, "line\nbreak", "\x00", "\x1b[31m", "${oc.env:HOME}", "../../etc/passwd", "'"),
)


def good(rng: random.Random) -> Rows:
    """Return an honest manifest of twelve people."""
    rows = [list(HEADER)]
    for at in range(12):
        for role in ("reference", "probe"):
            person = ("female", "male")[at % 2], ("Black", "White", "Asian")[at % 3]
            age, camera = str(20 + at), rng.choice(["north", "south"])
            rows.append([f"i{at}-{role}", f"p{at}", role, *person, age, camera, "I" * (1 + at % 2)])
    return rows


def _cell(rows: Rows, rng: random.Random) -> None:
    row = rng.choice(rows)
    if row:
        row[rng.randrange(len(row))] = rng.choice(ODD)


def _column(rows: Rows, rng: random.Random) -> None:
    at, value = rng.randrange(len(rows[0])), rng.choice(ODD)
    for row in rows[1:]:
        if at < len(row):
            row[at] = value


def _some_of_column(rows: Rows, rng: random.Random) -> None:
    at = rng.randrange(len(rows[0]))
    values = rng.sample(ODD, 4)
    for row in rows[1:]:
        if at < len(row) and rng.random() < 0.5:
            row[at] = rng.choice(values)


def _header(rows: Rows, rng: random.Random) -> None:
    name = rng.choice([*ODD, "Gender", "Image ID", "filler", "overall", "gender x age", "digest"])
    rows[0][rng.randrange(len(rows[0]))] = name


def _drop_column(rows: Rows, rng: random.Random) -> None:
    at = rng.randrange(len(rows[0]))
    for row in rows:
        del row[at : at + 1]


def _double_column(rows: Rows, rng: random.Random) -> None:
    at = rng.randrange(len(rows[0]))
    for row in rows:
        row.extend(row[at : at + 1])


def _drop_row(rows: Rows, rng: random.Random) -> None:
    del rows[rng.randrange(len(rows))]


def _double_row(rows: Rows, rng: random.Random) -> None:
    rows.append(list(rng.choice(rows)))


def _short_row(rows: Rows, rng: random.Random) -> None:
    row = rng.choice(rows)
    del row[rng.randrange(len(row) + 1) :]


def _long_row(rows: Rows, rng: random.Random) -> None:
    rng.choice(rows).extend(rng.choices(ODD, k=rng.randrange(1, 3)))


def _blank_row(rows: Rows, rng: random.Random) -> None:
    rows.insert(rng.randrange(len(rows) + 1), [""] * rng.randrange(3))


def _role(rows: Rows, rng: random.Random) -> None:
    for row in rows[1:]:
        if len(row) > 2:
            row[2] = rng.choice(["filler", "both", "probe", "Reference", "gallery"])


MUTATIONS: tuple[Mutation, ...] = (
    *(_cell, _column, _some_of_column, _header, _drop_column, _double_column, _drop_row),
    *(_double_row, _short_row, _long_row, _blank_row, _role),
)


def write(rows: Rows, folder: Path, rng: random.Random) -> Path:
    """Write rows in one of many ways: CSV of any kind, damaged bytes, Excel, Parquet."""
    kind = rng.choice(["csv"] * 6 + ["bytes", "xlsx", "parquet"])
    if kind == "xlsx":
        return _workbook(rows, folder / "people.xlsx")
    if kind == "parquet" and len({*rows[0]}) == len(rows[0]):
        width = len(rows[0])
        cells = [(row + [""] * width)[:width] for row in rows[1:]]
        frame = pd.DataFrame(cells, columns=rows[0])
        extra = rng.choice(
            [None, [[1, 2]] * len(frame), [1.8e19] * len(frame), [b"x"] * len(frame)]
        )
        (frame if extra is None else frame.assign(box=extra)).to_parquet(folder / "people.parquet")
        return folder / "people.parquet"
    text = io.StringIO()
    separator, ending = rng.choice(",,,;\t|"), rng.choice(["\n", "\r\n", "\r"])
    writer = csv.writer(text, delimiter=separator, lineterminator=ending)
    writer.writerows(rows)
    encoding = rng.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "cp1252"])
    content = text.getvalue().encode(encoding, "replace")
    if kind == "bytes":
        damaged = bytearray(content)
        for _ in range(rng.randrange(1, MOST_DAMAGED + 1)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        content = bytes(damaged)
    file = folder / "people.csv"
    file.write_bytes(content)
    return file


def _workbook(rows: Rows, file: Path) -> Path:
    from openpyxl import Workbook
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = Workbook()
    for row in rows:
        try:
            book.active.append([cell or None for cell in row])
        except IllegalCharacterError:
            continue
    book.save(file)
    return file


def outcome(config: StudyConfig, file: Path, rows: Rows) -> str:
    """Take a manifest to the start of a study; return what became of it."""
    assert isinstance(config.dataset, ManifestDatasetConfig)
    config = replace(config, dataset=replace(config.dataset, path=str(file)))
    try:
        run = prepare(config, StudyFolder(study_path(config)))
    except MendableError as error:
        return "refused" if str(error).strip() else "refused without a word"
    except Exception:
        traceback.print_exc()
        return "TRACEBACK"
    if file.suffix == ".csv" and file.read_bytes().startswith(_encoded(rows)):
        return "read" if _whole(run.inputs.cohort.images, rows) else "SILENT DROP"
    return "read"


def _encoded(rows: Rows) -> bytes:
    return rows[0][0].encode("utf-8", "replace") if rows and rows[0] else b"\0"


def _whole(images: pd.DataFrame, rows: Rows) -> bool:
    """Whether every row that says anything is an image of the study.

    Bytes may have been damaged within names, so that rows are counted and names nearly all there.
    """
    # The header is the first row that says anything.
    header, *body = (row for row in rows if any(cell.strip() for cell in row))
    if "image_id" not in header:
        return len(images) == len(body)
    at = header.index("image_id")
    gone = Counter(normal(row[at]) for row in body) - Counter(images["image_id"])
    return len(images) == len(body) and gone.total() <= MOST_DAMAGED


SETTINGS = (
    *("inference.factors", "inference.strata", "inference.reference_groups", "inference.level"),
    *("inference.alpha", "inference.margin", "inference.seed", "inference.primary_factors"),
    *("inference.primary_metrics", "inference.primary_watchlist_sizes", "thresholds.values"),
    *("thresholds.operating", "thresholds.sweep", "thresholds.primary", "design.kinds"),
    *("design.watchlist_sizes", "design.watchlist_composition", "design.seed", "name"),
    *("dataset.conditions", "dataset.path", "dataset.fillers", "report.title", "report.notes"),
    *("matcher.path", "experiment", "~experiment", "~inference.reference_groups", "inference.x"),
)
VALUES = (
    *("null", "{}", "[]", "[gender]", "[gendr]", "[gender,ethnicity]", "gender", "0", "-1", "1.5"),
    *(
        "0.5",
        "[0.5]",
        "[0.4,0.6,0.1]",
        "inf",
        "nan",
        "true",
        "yes",
        "{gender: male}",
        "''",
        "1e999",
    ),
    *(
        "{gender: Male}",
        "{gender: nobody}",
        '{"gender": "male"}',
        "{gender x ethnicity: male x Black}",
    ),
    *(
        "[live]",
        "[verification]",
        "people (1).csv",
        "Zoë",
        "a=b",
        "${oc.env:HOME}",
        "???",
        "{",
        "'",
    ),
    *("none", "rehearsal", "[[[[[]]]]]", "[1000]", "{male: 0.5, female: 0.5}", "x" * 300),
)


def override_outcome(base: list[str], word: str, before: dict[str, object]) -> str:
    """Compose a study with one more override; return what became of it."""
    key, _, value = word.partition("=")
    try:
        config = composed([*base, word])
    except MendableError as error:
        return "refused" if str(error).strip() else "refused without a word"
    except Exception:
        traceback.print_exc()
        return "TRACEBACK"
    same = asdict(config) == before
    told = (
        value in ("null", "{}", "[]", "none") or key.startswith("~") or _stands(config, key, value)
    )
    if same and not told:
        return "SILENT"
    try:
        prepare(config, StudyFolder(study_path(config)))
    except MendableError as error:
        return "refused" if str(error).strip() else "refused without a word"
    except Exception:
        traceback.print_exc()
        return "TRACEBACK"
    return "taken"


def _stands(config: StudyConfig, key: str, value: str) -> bool:
    """Whether a setting has the value already."""
    found: object = config
    for name in key.split("."):
        found = getattr(found, name, None)
    plain = str(found).replace("'", "").replace(" ", "").replace('"', "")
    return plain == value.replace("'", "").replace(" ", "").replace('"', "")


def main(arguments: list[str] | None = None) -> int:
    """Break manifests and overrides; print what became of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--manifests", type=int, default=1000)
    parser.add_argument("--overrides", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    rng = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        rows = good(rng)
        templates = {"image_id": np.array([row[0] for row in rows[1:]])}
        vectors = np.random.default_rng(1).normal(size=(len(rows) - 1, 8)).astype(np.float32)
        np.savez(folder / "t.npz", template=vectors, **templates)
        with (folder / "good.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        base = [
            *("dataset=manifest", f"dataset.path={folder / 'good.csv'}", "matcher=templates"),
            *(f"matcher.path={folder / 't.npz'}", "design=verification", "tracking=none"),
            *("thresholds.values=[0.4]", f"paths.studies={folder / 'studies'}"),
        ]
        config = composed(base)
        manifests: Counter[str] = Counter()
        for _ in range(asked.manifests):
            rows = good(rng)
            for mutation in rng.choices(MUTATIONS, k=rng.randrange(1, 4)):
                if rows and rows[0]:
                    mutation(rows, rng)
            if not rows or not rows[0]:
                rows = [[""]]
            manifests[outcome(config, write(rows, folder, rng), rows)] += 1
        overrides: Counter[str] = Counter()
        before = asdict(config)
        for _ in range(asked.overrides):
            key = rng.choice(SETTINGS)
            word = key if key.startswith("~") else f"{key}={rng.choice(VALUES)}"
            became = override_outcome(base, word, before)
            if became not in ("refused", "taken"):
                print(f"{became}: {word[:100]}", file=sys.stderr)
            overrides[became] += 1
    print(f"{asked.manifests} manifests: {_counts(manifests)}")
    print(f"{asked.overrides} overrides: {_counts(overrides)}")
    return int(bool({*manifests, *overrides} - {"read", "refused", "taken"}))


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.most_common())


if __name__ == "__main__":
    sys.exit(main())
