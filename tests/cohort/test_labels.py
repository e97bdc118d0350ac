"""One name in several spellings is one name, and what was joined is said."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_eval.cohort.labels import Labels, _short, respelled
from lfr_eval.cohort.loading import load_manifest, manifest_card
from lfr_eval.cohort.problems import ManifestError
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.contract.spelling import is_stated, skeleton

CENSUS = (
    "Asian, Asian British or Asian Welsh",
    "Black, Black British, Black Welsh, Caribbean or African",
    "Mixed or Multiple ethnic groups",
    "White",
    "Other ethnic group",
    "Prefer not to say",
)
COMPOSED, APART = "Zoë", unicodedata.normalize("NFD", "Zoë")


def table(folder: Path, **columns: list[str]) -> Labels:
    """Labels of a manifest with these columns; every row is a person's."""
    rows = len(next(iter(columns.values())))
    frame = pd.DataFrame({"image_id": [f"i{at}" for at in range(rows)], **columns})
    frame.to_csv(folder / "people.csv", index=False)
    return respelled(read_text_table(folder / "people.csv"))


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (["female", "female", "fe\u200bmale"], True),
        (["female", "female", "Female "], True),
        (["female", "female", "f\u0435male"], True),  # A Cyrillic letter.
        (["female", "female", "ｆｅｍａｌｅ"], True),
        (["East Asian", "East Asian", "east_asian"], True),
        (["East Asian", "East Asian", "East\u00a0Asian"], True),
        (["Zoë", "Zoë", APART], True),
        (["female", "female", "male"], False),
        (["-1", "-1", "1"], False),
        (["I", "I", "II"], False),
        (["black", "black", "white"], False),
    ],
)
def test_labels_that_differ_by_accident_are_one(
    written: list[str], same: bool, tmp_path: Path
) -> None:
    labels = table(tmp_path, shade=written)
    assert labels.table.frame["shade"].nunique() == (1 if same else 2)
    # Whatever was joined is said, and nothing is said of what was not.
    assert bool(labels.table.notes) == same


def test_the_most_frequent_spelling_is_kept_and_the_others_are_told(tmp_path: Path) -> None:
    labels = table(tmp_path, gender=["F", "f", "f", "m"])
    assert labels.table.frame["gender"].tolist() == ["f", "f", "f", "m"]
    assert labels.table.notes == ("'F' of column 'gender' is read as 'f' (1 row).",)


def test_labels_of_one_column_take_the_capitals_of_most_of_its_rows(tmp_path: Path) -> None:
    given = ["Female"] * 3 + ["female"] * 2 + ["Male"] * 2 + ["male"] * 3 + ["MALE"]
    labels = table(tmp_path, gender=[*given, *["Other"] * 2])
    assert set(labels.table.frame["gender"]) == {"Female", "Male", "Other"}
    assert set(labels.table.notes) == {
        "'female' of column 'gender' is read as 'Female' (2 rows).",
        "'male' of column 'gender' is read as 'Male' (3 rows).",
        "'MALE' of column 'gender' is read as 'Male' (1 row).",
    }
    # The labels of another file come first.
    again = respelled(read_text_table(tmp_path / "people.csv"), like={"gender": ["female", "male"]})
    assert set(again.table.frame["gender"]) == {"female", "male", "Other"}


def test_census_labels_get_short_names_that_no_other_label_begins_with(tmp_path: Path) -> None:
    labels = table(tmp_path, ethnicity=list(CENSUS))
    assert labels.table.frame["ethnicity"].tolist() == [
        *("Asian", "Black", "Mixed", "White", "Other ethnic group", "Prefer not to say"),
    ]
    assert labels.names["ethnicity"]["Black"] == CENSUS[1]
    assert f"'Black' stands for '{CENSUS[1]}' (ethnicity)." in labels.table.notes
    detailed = ["White: English, Welsh, Scottish or British", "White: Irish", "White and Asian"]
    labels = table(tmp_path, ethnicity=detailed)
    assert labels.table.frame["ethnicity"].tolist() == [
        *("White British", *detailed[1:]),
    ]


def test_a_list_of_nations_is_named_by_its_wider_group_where_no_other_label_is_in_it(
    tmp_path: Path,
) -> None:
    given = ["White: English, Welsh, Scottish, Northern Irish or British", *list(CENSUS)[:2]]
    labels = table(tmp_path, ethnicity=given)
    assert labels.table.frame["ethnicity"].tolist() == ["White", "Asian", "Black"]


def test_a_group_within_a_wider_one_keeps_its_own_name(tmp_path: Path) -> None:
    asian, mixed = "Asian, Asian British or Asian Welsh", "Mixed or Multiple ethnic groups"
    within = {
        f"{asian}: Chinese": "Chinese",
        f"{mixed}: White and Asian": "White and Asian",
        f"{mixed}: White and Black African": "White and Black African",
        "Black, Black British, Black Welsh, Caribbean or African: African": "African",
        "Other ethnic group: Arab": "Arab",
        "White: Gypsy or Irish Traveller": "Gypsy or Irish Traveller",
        # A name that two labels share is nobody's.
        f"{asian}: Any other": f"{asian}: Any other",
        "White, of whatever kind: Any other": "White, of whatever kind: Any other",
    }
    labels = table(tmp_path, ethnicity=list(within))
    shown = labels.table.frame["ethnicity"].tolist()
    assert shown == list(within.values())
    assert len(set(shown)) == len(within)


def test_a_label_of_two_kinds_of_people_is_not_cut(tmp_path: Path) -> None:
    two = ["Gypsy or Irish Traveller", "American Indian or Alaska Native", "Not Hispanic or Latino"]
    labels = table(tmp_path, ethnicity=[*two, "Asian or Asian British"])
    assert labels.table.frame["ethnicity"].tolist() == [*two, "Asian"]


@pytest.mark.parametrize(
    "nations",
    [
        "English, Welsh, Scottish, Northern Irish or British",
        "English/Welsh/Scottish/N. Irish/British",
        "English / Welsh / Scottish / British",
    ],
)
def test_a_list_of_nations_with_slashes_is_a_list(nations: str, tmp_path: Path) -> None:
    labels = table(tmp_path, ethnicity=[f"White: {nations}", "Asian: Chinese", "Black: African"])
    assert labels.names["ethnicity"] == {"White": f"White: {nations}"}
    labels = table(tmp_path, ethnicity=[f"White: {nations}", "White: Irish"])
    assert labels.table.frame["ethnicity"].tolist() == ["White British", "White: Irish"]


@given(
    st.lists(
        st.builds(
            "{}{}{}".format,
            st.sampled_from(["Asian, Asian British or Asian Welsh", "Other ethnic group", "A", ""]),
            st.sampled_from([": ", ", ", ""]),
            st.sampled_from(["Chinese", "Asian", "Arab or Persian", "unknown", "", "rest"]),
        ),
        unique_by=skeleton,
    )
)
def test_two_labels_never_get_one_name(written: list[str]) -> None:
    values = pd.Series([label for label in written if label.strip()], dtype="string")
    shown, names = _short(values)
    assert shown.map(skeleton).nunique() == len(values)
    assert set(names.values()) <= set(values)


def test_a_column_of_remarks_keeps_its_words(tmp_path: Path) -> None:
    remarks = [f"walked slowly, then stopped at camera {at}" for at in range(60)]
    labels = table(tmp_path, remark=remarks)
    assert labels.table.frame["remark"].tolist() == remarks
    assert not labels.table.notes


def test_names_that_tables_give_to_several_groups_are_told_apart(tmp_path: Path) -> None:
    labels = table(tmp_path, site=["rest", "everybody", "north x south", "north"])
    assert labels.table.frame["site"].tolist() == [
        *("rest (label)", "everybody (label)", "north × south", "north"),
    ]
    assert len(labels.table.notes) == 3


def test_headers_in_other_letters_are_the_columns_of_a_manifest(tmp_path: Path) -> None:
    labels = table(tmp_path, **{"Subject ID": ["a"], "Role": ["Probe "], "GENDER": ["x"]})
    assert {"subject_id", "role", "gender"} <= set(labels.table.frame)
    assert labels.table.frame["role"].tolist() == ["probe"]
    assert "The column 'GENDER' is read as 'gender'." in labels.table.notes
    # Where both are there, one is a factor of its own.
    labels = table(tmp_path, gender=["x"], Gender=["y"])
    assert {"gender", "Gender"} <= set(labels.table.frame)


def test_a_person_in_two_unicode_forms_is_one_person_and_nobody_is_named(tmp_path: Path) -> None:
    rows = [
        {"image_id": "a", "subject_id": COMPOSED, "role": "reference", "gender": "f"},
        {"image_id": "b", "subject_id": APART, "role": "probe", "gender": "f"},
        {"image_id": "c", "subject_id": f"{COMPOSED}\u200d", "role": "probe", "gender": "f"},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "people.csv", index=False)
    cohort = load_manifest(tmp_path / "people.csv", templates_only=True)
    assert cohort.people.index.tolist() == [COMPOSED]
    (note,) = cohort.notes
    assert "2 values of column 'subject_id'" in note
    assert "Zo" not in note


@pytest.mark.parametrize(
    "label",
    [
        *("Prefer not to say", "N/A", "prefer_not_to_say", "Not stated", "I\u2019d rather not say"),
        *("I prefer not to disclose this", "Declined to answer", "Do not wish to say"),
    ],
)
def test_who_states_no_group_keeps_the_label(label: str, tmp_path: Path) -> None:
    labels = table(tmp_path, ethnicity=["White", label])
    assert labels.table.frame["ethnicity"].tolist() == ["White", label]
    assert not is_stated(label)


@pytest.mark.parametrize("label", ["NA", "unknown", "Unknown", " "])
def test_a_missing_label_is_missing(label: str, tmp_path: Path) -> None:
    labels = table(tmp_path, ethnicity=["White", label])
    assert labels.table.frame["ethnicity"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "label",
    ["Other", "None", "No", "Mixed", "Non-binary", "Unknown Zone", "Prefer to self-describe"],
)
def test_an_unusual_label_is_a_group(label: str) -> None:
    assert is_stated(label)


def test_words_for_one_gender_are_told_as_such(tmp_path: Path) -> None:
    labels = table(tmp_path, gender=["F", "Female", "Male", "Woman"])
    assert labels.table.notes == (
        "'F', 'Female' and 'Woman' of column 'gender' seem to mean the same. They are separate "
        "groups unless you write them in one way.",
    )
    assert table(tmp_path, gender=["F", "M", "f"]).table.notes == (
        "'f' of column 'gender' is read as 'F' (1 row).",
    )


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_read(separator: str, tmp_path: Path) -> None:
    lines = ["image_id,subject_id,role,ethnicity", 'a,p,both,"Black, African"', ",,,", "b,q,both,W"]
    text = "\n".join(lines).replace('"Black, African"', "\0").replace(",", separator)
    (tmp_path / "people.csv").write_text("\ufeff" + text.replace("\0", "Black, African"), "utf-8")
    read = read_text_table(tmp_path / "people.csv")
    assert read.frame["ethnicity"].tolist() == ["Black, African", "W"]
    assert read.rows.tolist() == [2, 4]


def test_a_separator_at_the_end_of_rows_is_no_column(tmp_path: Path) -> None:
    for header in ("image_id,subject_id,role", "image_id,subject_id,role,"):
        (tmp_path / "people.csv").write_text(f"{header}\na,p,both,\nb,q,both,\n")
        frame = load_manifest(tmp_path / "people.csv", templates_only=True).images
        assert frame["subject_id"].tolist() == ["p", "q"]
    (tmp_path / "people.csv").write_text("image_id,subject_id,role,\na,p,both,\nb,q,both,x\n")
    with pytest.raises(ManifestError, match="column 4 has no name"):
        load_manifest(tmp_path / "people.csv", templates_only=True)


def test_what_stands_beside_and_below_a_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(",image_id,subject_id,role\n0,a,p,both\n3,b,q,both\n")
    table = read_text_table(file)
    assert list(table.frame.columns) == ["image_id", "subject_id", "role"]
    assert "numbers the rows" in table.notes[0]
    assert not table.problems
    people = "People of the trial\n\nimage_id,subject_id,role\na,p,both\nb,q,both\n"
    for note in ("Notes: two people left, early", "two of them left early,,", "Total,2"):
        file.write_text(people + note + "\n")
        (problem,) = read_text_table(file).problems
        assert problem.row == 6
        assert "Delete it" in problem.remedy
        assert problem.value in note
    file.write_text(people + "c,,\n")
    assert not read_text_table(file).problems
    file.write_text(people.replace("role", "image_id"))
    assert read_text_table(file).problems[0].row == 3


def test_excel_is_read_like_csv(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["image_id", "subject_id", "role", "age"])
    book.active.append([1, "001", "both", 34])
    book.active.append([None, None, None, None])
    book.active.append([2, "002", "both", 34.5])
    book.create_sheet("more")
    book.save(tmp_path / "people.xlsx")
    read = read_text_table(tmp_path / "people.xlsx")
    assert read.frame["image_id"].tolist() == ["1", "2"]
    assert read.frame["age"].tolist() == ["34", "34.5"]
    assert read.rows.tolist() == [2, 4]
    assert read.notes == ("Of 2 sheets, the first is read: 'Sheet'.",)
    book.active["D2"], book.active["D4"] = "=30+4", '=""'
    book.save(tmp_path / "people.xlsx")
    with pytest.raises(ManifestError, match=r"cell D2 holds a formula without a value.*cell D4"):
        load_manifest(tmp_path / "people.xlsx")
    (tmp_path / "people.csv").write_bytes((tmp_path / "people.xlsx").read_bytes())
    (problem,) = read_text_table(tmp_path / "people.csv").problems
    assert "is a workbook or an archive, not CSV" in problem.message
    (tmp_path / "people.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ManifestError, match="not readable as Excel"):
        load_manifest(tmp_path / "people.xlsx")


@pytest.mark.parametrize(
    "cells",
    [
        [[1, 2, 3], [4]],
        [{"x": 1}, {"x": 2}],
        [b"\xff\xd8", b"\xff\xd9"],
        [None, [0.1]],
    ],
)
def test_a_column_that_holds_no_labels_is_left_out_and_told(
    cells: list[object], tmp_path: Path
) -> None:
    rows = {"image_id": ["a", "b"], "subject_id": ["p", "q"], "role": ["both", "both"]}
    pd.DataFrame({**rows, "box": cells}).to_parquet(tmp_path / "people.parquet")
    cohort = load_manifest(tmp_path / "people.parquet", templates_only=True)
    assert len(cohort.images) == 2
    assert "box" not in cohort.images
    assert any("'box'" in note for note in cohort.notes)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.8e19, "18000000000000000000"), (2**63, str(2**63)), (7.0, "7"), (0.1, "0.1"),
     (float("inf"), "inf"), (True, "True")],
)  # fmt: skip
def test_numbers_of_parquet_stay_what_they_are(value: object, text: str, tmp_path: Path) -> None:
    rows = {"image_id": ["a", "b"], "subject_id": ["p", "q"], "role": ["both", "both"]}
    pd.DataFrame({**rows, "phash": [value, value]}).to_parquet(tmp_path / "people.parquet")
    read = read_text_table(tmp_path / "people.parquet")
    assert read.frame["phash"].tolist() == [text, text]


def test_a_skeleton_is_its_own_skeleton() -> None:
    for label in (*CENSUS, COMPOSED, APART, "f\u0435male", "-1", "18–29", "Ⅵ", "İ", "don’t", "١"):
        assert skeleton(skeleton(label)) == skeleton(label)


@pytest.mark.parametrize(
    ("one", "other"),
    [("İNDİAN", "Indian"), ("ındian", "Indian"), ("don’t say", "don't say"), ("«x»", '"x"'),
     ("group ١٢", "group 12"), ("group १२", "group １２")],
)  # fmt: skip
def test_what_keyboards_write_differently_is_one_label(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


def test_nobody_is_of_the_group_that_does_not_know_whatever_its_apostrophe() -> None:
    assert not is_stated("Don’t know")


def test_a_card_with_a_closed_scheme_keeps_its_codes(tmp_path: Path) -> None:
    rows = [{"image_id": "a", "subject_id": "p", "role": "both", "ethnicity": "White"}]
    pd.DataFrame(rows).to_csv(tmp_path / "people.csv", index=False)
    card = manifest_card(tmp_path / "people.csv", {"ethnicity": "self_defined_5plus1"})
    with pytest.raises(ManifestError, match="not a code of"):
        load_manifest(tmp_path / "people.csv", card, templates_only=True)


def test_a_label_that_may_be_misspelt_is_said_and_kept(tmp_path: Path) -> None:
    rows = ["female"] * 4 + ["femal", "male", "West Asian"] + ["East Asian"] * 2 + ["East Asain"]
    read = table(tmp_path, gender=rows)
    notes = [note for note in read.table.notes if "almost" in note]
    assert notes == [
        "'femal' of column 'gender' (1 row) is almost 'female' (4 rows): correct it if it is a "
        "misspelling. Until then it is a separate group.",
        "'East Asain' of column 'gender' (1 row) is almost 'East Asian' (2 rows): correct it if it "
        "is a misspelling. Until then it is a separate group.",
    ]
    assert set(read.table.frame["gender"]) == set(rows)
