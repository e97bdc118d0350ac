"""A manifest is read whole or not at all, and every problem is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lfr_eval.cohort import DatasetCard, ManifestError, codes, load_manifest, manifest_card
from lfr_eval.cohort.labels import respelled
from lfr_eval.cohort.listed import cohort_of_pairs
from lfr_eval.cohort.manifest import cohort_table
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.cohort.schemes import Code
from lfr_eval.contract.spelling import skeleton
from lfr_eval.contract.tables import COHORT

from .builders import good_rows, noise, write

Rows = list[dict[str, str]]
Break = Callable[[Rows, Path], object]


def read_manifest(
    path: Path, card: DatasetCard | None = None, *, templates_only: bool = False
) -> pd.DataFrame:
    """The rows of a manifest as a study reads them."""
    rows = respelled(read_text_table(path), card).table
    return cohort_table(rows, path.parent, card, templates_only=templates_only)


@pytest.fixture
def card(tmp_path: Path) -> DatasetCard:
    schemes = {"gender": "gender", "ethnicity": "self_defined_18plus1"}
    return manifest_card(tmp_path / "people.csv", schemes, {"gender": "self_defined"})


def change(row: int, **cells: str) -> Break:
    """Change cells of a row, counted as a spreadsheet counts."""
    return lambda rows, _: rows[row - 2].update(cells)


def without(*columns: str) -> Break:
    return lambda rows, _: [row.pop(column) for row in rows for column in columns]


def also(*steps: Break) -> Break:
    return lambda rows, folder: [step(rows, folder) for step in steps]


def file(content: bytes, name: str = "0.png") -> Break:
    return lambda _, folder: (folder / name).write_bytes(content)


def truncated(rows: Rows, folder: Path) -> None:
    image = noise(folder / "whole.jpg", 9, (64, 64))
    (folder / "0.jpg").write_bytes(image.read_bytes()[:-400])
    rows[0]["path"] = "0.jpg"


def link_outside(_: Rows, folder: Path) -> None:
    outside = noise(folder.parent / "elsewhere" / "x.png", 9)
    (folder / "0.png").unlink()
    (folder / "0.png").symlink_to(outside)


def pipe(_: Rows, folder: Path) -> None:
    (folder / "0.png").unlink()
    os.mkfifo(folder / "0.png")


def same_image(one: int, other: int) -> Break:
    return lambda _, folder: (folder / f"{other - 2}.png").write_bytes(
        (folder / f"{one - 2}.png").read_bytes()
    )


PROBLEMS: dict[str, tuple[Break, int | None, str | None, str]] = {
    "missing column": (without("role"), None, "role", "Rename the column that holds it. Columns "),
    "nearly right column": (
        lambda rows, _: [row.update(subjectid=row.pop("subject_id")) for row in rows],
        None,
        "subject_id",
        "Is it 'subjectid'? Rename it.",
    ),
    "column joined in another way": (
        lambda rows, _: [row.update(ImageID=row.pop("image_id")) for row in rows],
        None,
        "image_id",
        "Is it 'ImageID'? Rename it.",
    ),
    "empty id": (change(3, image_id=""), 3, "image_id", "the cell is empty"),
    "blank subject": (change(3, subject_id="  "), 3, "subject_id", "the cell is empty"),
    "empty role": (change(4, role=""), 4, "role", "the cell is empty"),
    "empty path": (change(4, path=""), 4, "path", "the cell is empty"),
    "spaces": (change(3, subject_id="p1 "), 3, "subject_id", "spaces before or after"),
    "duplicate image": (change(5, image_id="i1"), 5, "image_id", "row 3 has the same image_id"),
    "unknown role": (change(2, role="gallery"), 2, "role", "reference, probe, both, filler"),
    "filler who takes part": (change(7, subject_id="p1"), 7, "role", "with other roles"),
    "unknown gender": (change(6, gender="F"), 6, "gender", "Codes: female, male"),
    "unknown ethnicity": (change(6, ethnicity="IC3"), 6, "ethnicity", "'self_defined_18plus1'"),
    "two genders": (change(3, gender="male"), 3, "gender", "'p1' has 'female' in row 2"),
    "two ethnicities": (change(5, ethnicity="B1"), 5, "ethnicity", "'p2' has 'B2' in row 4"),
    "age in words": (change(2, age="about 30"), 2, "age", "not a number"),
    "age as a band": (change(2, age="30-39"), 2, "age", "belongs in the column age_band"),
    "age not finite": (change(2, age="inf"), 2, "age", "not a number"),
    "negative age": (change(2, age="-1"), 2, "age", "between 0 and 120"),
    "great age": (change(2, age="131"), 2, "age", "between 0 and 120"),
    "frame": (
        lambda rows, _: [row.update(frame="1.5") for row in rows[:1]],
        2,
        "frame",
        "not a whole number",
    ),
    "time": (
        lambda rows, _: rows[0].update(captured_at="14/03/2026 9.30"),
        2,
        "captured_at",
        "2026-03-14T09:30:00",
    ),
    "label source": (
        lambda rows, _: rows[0].update(gender_source="guessed"),
        2,
        "gender_source",
        "officer_perceived",
    ),
    "pass of two people": (change(4, pass_id="w0"), 4, "subject_id", "pass 'w0' belongs to 'p1'"),
    "absolute path": (change(2, path="/etc/hostname"), 2, "path", "the path is absolute"),
    "Windows path": (change(2, path="C:\\faces\\0.png"), 2, "path", "the path is absolute"),
    "path outside": (change(2, path="../0.png"), 2, "path", "leaves the manifest's folder"),
    "link outside": (link_outside, 2, "path", "through a symbolic link"),
    "missing file": (change(2, path="none.png"), 2, "path", "no such file"),
    "impossible path": (change(2, path="x" * 300), 2, "path", "no such file"),
    "folder": (also(change(2, path="d"), lambda _, f: (f / "d").mkdir()), 2, "path", "not a file"),
    "pipe": (pipe, 2, "path", "not a file"),
    "zero bytes": (file(b""), 2, "path", "no bytes"),
    "not an image": (file(b"%!PS-Adobe-3.0 EPSF-3.0\n"), 2, "path", "which is not read"),
    "truncated": (truncated, 2, "path", "truncated"),
    "image of two people": (same_image(2, 4), 4, "subject_id", "row 2 has the same image"),
    "image against itself": (same_image(2, 3), 3, "path", "Use one row with the role 'both'"),
    "changed image": (
        lambda rows, _: rows[0].update(digest="0" * 64),
        2,
        "digest",
        "another SHA-256",
    ),
}


@pytest.mark.parametrize("kind", PROBLEMS)
def test_each_problem_is_named_with_its_row_and_a_remedy(
    kind: str, tmp_path: Path, card: DatasetCard
) -> None:
    breaking, row, column, words = PROBLEMS[kind]
    rows = good_rows(tmp_path)
    breaking(rows, tmp_path)
    names = {name: "" for cells in rows for name in cells}
    path = write(tmp_path, [names | cells for cells in rows])

    with pytest.raises(ManifestError) as caught:
        read_manifest(path, card)

    problems = caught.value.problems
    assert [(problem.row, problem.column) for problem in problems] == [(row, column)]
    assert words in str(problems[0])
    assert problems[0].remedy
    assert str(path) in str(caught.value)
    assert "1 problem; nothing was loaded" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("", None, "the file is empty"),
        ("image_id,subject_id,path,role\n", None, "a header but no row"),
        ("image_id;subject_id;path;role\ni;p;0.png\n", 2, "3 cells where the header has 4"),
        ("image_id,subject_id,path,role\ni,p,0.png\n", 2, "3 cells where the header has 4"),
        ("image_id,subject_id,path,role\ni,p,0.png,both,x\n", 2, "5 cells where the header has 4"),
        ('image_id,subject_id,path,role\ni,p,0.png,"both\n', 2, "double quote"),
        (",image_id,subject_id,path,role\nx,i,p,0.png,both\n", 1, "column 1 has no name"),
        ("image_id,image_id,subject_id,path,role\ni,i,p,0.png,both\n", 1, "2 columns have this"),
    ],
)
def test_a_damaged_csv_says_where(text: str, row: int | None, words: str, tmp_path: Path) -> None:
    noise(tmp_path / "0.png", 0)
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    assert any(problem.row == row and words in str(problem) for problem in caught.value.problems)


def test_a_table_of_thousands_of_columns_is_not_listed_whole(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    names = ["image_id", "role", *(f"c{number}" for number in range(3_000))]
    path.write_text(f"{','.join(names)}\n{','.join('x' * len(names))}\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="c37 and 2,962 more") as caught:
        read_manifest(path)
    assert len(str(caught.value)) < 2_000


def test_text_that_is_not_utf8_is_named_by_cell(tmp_path: Path) -> None:
    noise(tmp_path / "0.png", 0)
    path = tmp_path / "people.csv"
    path.write_bytes("image_id,subject_id,path,role,site\ni,p,0.png,both,Café\n".encode("latin-1"))
    with pytest.raises(
        ManifestError, match=r"row 2, column 'site', value 'Caf.': the text is not UTF"
    ):
        read_manifest(path)
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        path.write_bytes("image_id,subject_id\n".encode(encoding))
        with pytest.raises(ManifestError, match=f"the file is {encoding[:6].upper()}"):
            read_manifest(path)


def test_a_damaged_parquet_file_is_a_manifest_error(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(ManifestError, match="not readable as Parquet"):
        read_manifest(path)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.csv' does not exist"):
        read_manifest(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        read_manifest(tmp_path)


def test_all_problems_are_listed_at_once(tmp_path: Path, card: DatasetCard) -> None:
    rows = good_rows(tmp_path)
    for breaking in (change(2, role="x"), change(3, age="old"), change(4, path="gone.png")):
        breaking(rows, tmp_path)
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(tmp_path, rows), card)
    assert [problem.row for problem in caught.value.problems] == [2, 3, 4]
    assert "3 problems" in str(caught.value)


def test_a_long_list_is_cut_without_hiding_a_rare_problem(tmp_path: Path) -> None:
    cells = {"subject_id": "p", "role": "gallery"}
    rows = [{"image_id": f"i{at}", **cells, "age": "30"} for at in range(900)]
    rows[800]["age"] = "old"
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(tmp_path, rows), templates_only=True)
    message = str(caught.value)
    assert len(caught.value.problems) == 901
    # One cause in many rows is one line.
    assert len(message.splitlines()) == 3
    assert "row 802, column 'age', value 'old'" in message
    assert "Also in 899 other rows: 3, 4, 5, 6, 7 and 894 more" in message
    rows[3]["role"] = "galery"
    rows += [{"image_id": f"i{at % 30}", **cells, "age": "30"} for at in range(60)]
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(tmp_path, rows), templates_only=True)
    assert "3, 4, 5 'galery', 6, 7 and " in str(caught.value)


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        'image_id,subject_id,role,note\na,p,both,"two\nlines"\n\nb,p,nonsense,\n', encoding="utf-8"
    )
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, templates_only=True)
    assert [problem.row for problem in caught.value.problems] == [4]


def test_a_good_manifest_becomes_the_stage_table(tmp_path: Path, card: DatasetCard) -> None:
    table = read_manifest(write(tmp_path, good_rows(tmp_path)), card)
    assert list(table.columns[: len(COHORT.names)]) == COHORT.names
    assert table["pass_id"].tolist() == [f"w{at}" for at in range(6)]
    assert table["age"].isna().tolist() == [False] * 4 + [True] * 2
    assert table["age_band"].tolist()[:4] == ["30-39", "30-39", "40-49", "40-49"]
    assert table["gender"].isna().tolist() == [False] * 5 + [True]
    assert table["digest"].str.fullmatch("[0-9a-f]{64}").all()
    assert table["gender_source"].eq("self_defined").all()


def test_names_are_never_taken_for_numbers_or_gaps(tmp_path: Path) -> None:
    names = ["001", "NA", "None", "nan", "null", "1e3", "TRUE", " not "]
    rows = [
        {"image_id": f"i{at}", "subject_id": name.strip(), "role": "both", "site": name}
        for at, name in enumerate(names)
    ]
    table = read_manifest(write(tmp_path, rows), templates_only=True)
    assert table["subject_id"].tolist() == [name.strip() for name in names]
    assert table["pass_id"].tolist() == table["image_id"].tolist()
    assert table["site"].isna().tolist() == [name == "NA" for name in names]


def test_na_is_kept_where_it_is_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    na = replace(codes.find_scheme("free"), name="with_na", codes=(Code("NA", "North African"),))
    monkeypatch.setattr(codes, "SCHEMES", (*codes.SCHEMES, na))
    rows = [{"image_id": "i", "subject_id": "p", "role": "both", "ethnicity": "NA"}]
    card = manifest_card(tmp_path, {"ethnicity": "with_na"})
    table = read_manifest(write(tmp_path, rows), card, templates_only=True)
    assert table["ethnicity"].tolist() == ["NA"]


def test_parquet_and_csv_give_the_same_table(tmp_path: Path, card: DatasetCard) -> None:
    rows = good_rows(tmp_path)
    frame = pd.DataFrame(rows).assign(
        age=[31, 31, 45, 46, None, None],
        captured_at=pd.Timestamp("2026-03-14T09:30"),
        frame=range(6),
    )
    frame.loc[5, ["gender", "ethnicity"]] = None
    frame.to_parquet(tmp_path / "people.parquet")
    frame.to_csv(tmp_path / "people.csv", index=False, date_format="%Y-%m-%dT%H:%M:%S")
    from_parquet = read_manifest(tmp_path / "people.parquet", card)
    pd.testing.assert_frame_equal(from_parquet, read_manifest(tmp_path / "people.csv", card))


def test_templates_need_no_images(tmp_path: Path) -> None:
    rows = [{"image_id": "i", "subject_id": "p", "role": "both", "path": "../gone.png"}]
    table = read_manifest(write(tmp_path, rows), templates_only=True)
    assert table["path"].isna().all()
    assert table["digest"].isna().all()


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "role": st.sampled_from(["reference", "probe", "both"]),
                "age": st.sampled_from(["", "NA", "30"]),
            }
            | dict.fromkeys(("session_id", "camera", "height of heels"), WORDS)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_nothing_is_dropped(rows: Rows, tmp_path: Path) -> None:
    named = [
        {"image_id": f"i{at}", "subject_id": f"p{at % 3}", **row} for at, row in enumerate(rows)
    ]
    table = read_manifest(write(tmp_path, named), templates_only=True)
    assert table["image_id"].tolist() == [row["image_id"] for row in named]
    for name in ("session_id", "camera", "height of heels"):
        kept = [skeleton(label.removesuffix(" (label)")) for label in table[name].fillna("")]
        written = [skeleton(row[name]) for row in named]
        assert kept == ["" if label in ("na", "unknown") else label for label in written]


def test_ids_that_may_be_one_persons_are_told_by_row_and_not_by_name(tmp_path: Path) -> None:
    ids = ["alice", "bob", "Alice", "p-01", "bob", "P1", "p-2"]
    lines = [f"i{at},{name},{'reference' if at < 4 else 'probe'}" for at, name in enumerate(ids)]
    (tmp_path / "m.csv").write_text("image_id,subject_id,role\n" + "\n".join(lines) + "\n")
    notes = load_manifest(tmp_path / "m.csv", templates_only=True).notes
    assert any("another person (rows 2 and 4; rows 5 and 7)" in note for note in notes)
    assert not any("lice" in note or "p-01" in note for note in notes)
    people = pd.DataFrame({"subject_id": ids}).drop_duplicates()
    (said,) = cohort_of_pairs(people, tmp_path / "pairs.csv", ("person", "people")).notes
    assert "another person (4 ids)" in said
