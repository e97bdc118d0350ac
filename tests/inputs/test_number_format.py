"""Numbers are read as they were written, or refused: never one thousand as one."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cohort.checks import check_dates
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.matrix_files import read_matrix
from lfr_eval.matchers.number_format import read_numbers
from lfr_eval.matchers.pairs import PairFile
from lfr_eval.matchers.rows import read_rows
from lfr_eval.matchers.scores import ScoreFile
from lfr_eval.matchers.vendor_files import NOTES


def read(*cells: str, decimal: str | None = None) -> list[float] | str:
    number = read_numbers(pd.Series(cells), decimal)  # type: ignore[arg-type]
    for said, wrong in number.checks("score"):
        if wrong.any():
            return f"{said}: {', '.join(pd.Series(cells)[wrong])}"
    return number.value.tolist()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("0.812", "1.160"), [0.812, 1.16]),
        (("0,812", "1,160"), [0.812, 1.16]),
        (("812.5", "1160"), [812.5, 1160]),
        (("1.160", "2.345"), [1.16, 2.345]),
        (("812", "1,234,567"), [812, 1234567]),
        (("812", "7,012.3", "1,160"), [812, 7012.3, 1160]),
        (("812", "7.012,3", "1.160"), [812, 7012.3, 1160]),
        (("812", "1160"), [812, 1160]),
        (("1e-7", "1,5e3"), "both begin decimals.*1,5e3"),
        (("1,5e3", "1,160"), [1500, 1.16]),
    ],
)
def test_all_values_of_a_column_decide(cells: tuple[str, ...], expected: list[float] | str) -> None:
    found = read(*cells)
    if isinstance(expected, str):
        assert isinstance(found, str)
        assert "both begin decimals" in found
        assert found.endswith("1,5e3")
    else:
        assert found == expected
        # A cell without a score says nothing about the others.
        assert read(*cells, "")[:-1] == expected


@pytest.mark.parametrize("mark", [",", "."])
def test_a_mark_that_could_be_either_is_refused_with_the_remedy(mark: str) -> None:
    cells = ("812", f"1{mark}160", "45")
    said = read(*cells)
    assert isinstance(said, str)
    assert f"'{mark}' may begin decimals or separate thousands" in said
    assert "matcher.decimal=point or matcher.decimal=comma" in said
    assert said.endswith(f": 1{mark}160")
    thousands, decimals = ("point", "comma") if mark == "," else ("comma", "point")
    assert read(*cells, decimal=thousands) == [812, 1160, 45]
    assert read(*cells, decimal=decimals) == [812, 1.16, 45]


@pytest.mark.parametrize("cell", ["82.88%", "1 160", "1'160", "0,8,1", "1,16.5", "true", "x"])
def test_what_is_no_number_is_said_so(cell: str) -> None:
    said = read("0.5", cell)
    assert isinstance(said, str)
    assert said.startswith("score is not a number (write plain digits")
    assert said.endswith(f": {cell}")


def test_a_column_that_a_program_typed_is_never_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    path.write_text('{"score": 1.165, "genuine": 1}\n{"score": 5, "genuine": 0}\n')
    assert PairFile(path).pairs()["score"].tolist() == [1.165, 5.0]


def test_no_file_with_scores_is_read_in_two_ways(tmp_path: Path) -> None:
    """The same rule in lists, matrices and pairs, with the row as an editor shows it."""
    matrix = tmp_path / "matrix.csv"
    matrix.write_text(";p;q\nr;812;45\ns;1.160;7\n")
    with pytest.raises(MatcherError, match=r"row 3 \(s, p, 1\.160\)"):
        read_matrix(matrix)
    assert read_matrix(matrix, "comma").score.tolist() == [[812, 45], [1160, 7]]
    matrix.write_text(";p;q\nr;812;45\ns;1.160;7\nt;1.160,5;7,5%\n")
    with pytest.raises(MatcherError, match=r"not a number .*row 4 \(t, q, 7,5%\)"):
        read_matrix(matrix)
    matrix.write_text(";p;q\nr;812;45\ns;1.160;7\nt;1.160,5;7,5\n")
    assert read_matrix(matrix).score.tolist() == [[812, 45], [1160, 7], [1160.5, 7.5]]
    pairs = tmp_path / "pairs.csv"
    pairs.write_text('score,genuine\n812,0\n"1,160",1\n')
    with pytest.raises(MatcherError, match=r"row 3 \(1,160, 1\)"):
        PairFile(pairs)
    scores = tmp_path / "scores.csv"
    scores.write_text('reference_id,probe_id,score\na,b,812\na,c,"1,160"\na,d,82%\na,x,FTE\n')
    images = pd.DataFrame({"image_id": list("abcd"), "subject_id": list("aabb"), "role": "both"})
    with pytest.raises(MatcherError) as caught:
        ScoreFile(scores).scores(images)
    for part in ("row 3 (a, c, 1,160)", "row 4 (a, d, 82%)", "no score", "row 5 (a, x, FTE)"):
        assert part in str(caught.value)


def test_a_first_line_that_names_the_separator_is_no_header(tmp_path: Path) -> None:
    """Excel writes `sep=;` where the separator is not that of the computer."""
    path = tmp_path / "s.csv"
    path.write_text("sep=;\nscore;genuine\n0,5;1\n0,2;maybe\n")
    with pytest.raises(MatcherError, match=r"must be 1 or 0 .*: row 4 \(0,2, maybe\)"):
        PairFile(path)
    path.write_text('"sep=;"\n;p;q\nr;0,8;0,4\n')
    assert read_matrix(path).score.tolist() == [[0.8, 0.4]]
    path.write_text("sep=;\nimage_id;subject_id\na;b\n")
    table = read_text_table(path)
    assert table.problems == ()
    assert table.rows.tolist() == [3]
    assert table.frame["subject_id"].tolist() == ["b"]


def test_comments_and_titles_above_a_header_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("# made by a, b, c\n#d\n\nscore,genuine\n0.5,1\n0.2,maybe\n")
    with pytest.raises(MatcherError, match=r"must be 1 or 0 .*: row 6 \(0.2, maybe\)"):
        PairFile(path)
    path.write_text("# made by a, b, c\n#d\n\nscore,genuine\n0.5,1\n0.2,0\n")
    assert read_rows(path, ("score",)).attrs[NOTES] == ["2 rows above the header are not read."]
    path.write_text('"People, 2026";;\n# Draft\n\nimage_id;subject_id;note\na;b;\n')
    table = read_text_table(path)
    assert table.problems == ()
    assert table.notes == ("2 rows above the header are not read.",)
    assert table.rows.tolist() == [5]
    assert table.frame["subject_id"].tolist() == ["b"]
    for text, columns in (
        ("#id,score\n1,2\n", ["#id", "score"]),
        ("#,score\n1,2\n", ["#", "score"]),
        ("score\n1\n", ["score"]),
        ('"the\nscore",id\n1,2\n', ["the score", "id"]),
    ):
        path.write_text(text)
        assert read_text_table(path).frame.columns.tolist() == columns
        assert read_text_table(path).notes == ()


def test_a_workbook_has_titles_and_several_sheets(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    day = datetime(2026, 3, 12)
    for row in (["People of the trial"], [], ["image_id", "subject_id"], ["a", "b"], ["c", day]):
        book.active.append(row)
    book.create_sheet("Read me")
    book.save(tmp_path / "s.xlsx")
    table = read_text_table(tmp_path / "s.xlsx")
    assert table.rows.tolist() == [4, 5]
    (dated,) = check_dates(table, "subject_id")
    assert str(dated).startswith("row 5, column 'subject_id', value '2026-03-12T00:00:00': Excel")
    assert "1 row above the header is not read." in table.notes
    assert table.columns_there == (
        "Columns there: image_id, subject_id. Of 2 sheets, the first is read: 'Sheet'. If the "
        "table is on another one ('Read me'), move that to the front."
    )


def test_a_pipe_is_not_said_to_be_missing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.csv")
    for read in (PairFile, read_matrix, read_text_table):
        with pytest.raises((MatcherError, FileNotFoundError), match="is not a regular file"):
            read(tmp_path / "p.csv")
