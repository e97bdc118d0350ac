"""Files in the shapes that vendors and published sets have: the same rows from each of them."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cohort import ManifestError
from lfr_eval.cohort.gathering import gather
from lfr_eval.cohort.reading import read_text_table
from lfr_eval.contract.dates import read_times
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.matrix_files import read_matrix
from lfr_eval.matchers.number_format import read_numbers
from lfr_eval.matchers.rows import read_rows
from lfr_eval.matchers.vendor_files import NOTES, ROW, read_frame

NAMES = {"reference_id": "match.person", "score": "match.similarity", "time": "Timestamp"}


@pytest.fixture
def events() -> list[dict[str, object]]:
    return [
        {
            "Timestamp": 1773482405000 + 1000 * at,
            "camera": {"name": "north", "site": {"id": 4}},
            "match": {"person": f"00{at}", "similarity": 0.5 + at / 7},
            "box": [1, 2],
        }
        for at in range(4)
    ]


def test_nested_json_is_read_by_paths_and_in_lists(
    events: list[dict[str, object]], tmp_path: Path
) -> None:
    text = {
        "lines.jsonl": "\n".join(map(json.dumps, events)),
        "lines.json": "\n".join(map(json.dumps, events)),
        "list.json": json.dumps(events, indent=1),
    }
    for name, content in text.items():
        (tmp_path / name).write_text(content)
        rows = read_rows(tmp_path / name, ("reference_id", "score"), ("time",), NAMES)
        assert rows["reference_id"].tolist() == ["000", "001", "002", "003"]
        assert rows["score"].tolist() == [0.5 + at / 7 for at in range(4)]
        assert rows[ROW].tolist() == [1, 2, 3, 4]
    path = tmp_path / "list.json"
    with pytest.raises(MatcherError, match=r"no such column\. It has .*match\.person"):
        read_rows(path, ("reference_id",), columns={"reference_id": "match"})
    with pytest.raises(MatcherError, match="row 1: 'box' is a list; give one"):
        read_rows(path, ("reference_id",), columns={"reference_id": "box"})


def test_a_workbook_keeps_numbers_and_the_rows_of_its_sheet(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (
        ["Alerts, 14 March"],
        [],
        ["id", "sim"],
        ["001", 1.234],
        [],
        [7, 1160],
        ["x", None],
    ):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    rows = read_rows(
        tmp_path / "a.xlsx", ("reference_id", "score"), (), {"reference_id": "id", "score": "sim"}
    )
    assert rows["reference_id"].tolist() == ["001", "7", "x"]
    # In a CSV file, 1.234 beside 1160 could be one thousand or one.
    assert rows["score"].tolist()[:2] == [1.234, 1160.0]
    assert rows[ROW].tolist() == [4, 6, 7]
    assert rows.attrs[NOTES] == ["1 row above the header is not read."]
    (tmp_path / "b.xlsx").write_text("reference_id,score\n")
    with pytest.raises(MatcherError, match="not readable as Excel"):
        read_rows(tmp_path / "b.xlsx", ("score",))


def test_a_matrix_is_the_same_in_every_file(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    frame = pd.DataFrame([[0.1, 0.9, np.nan], [0.25, 1 / 3, 0.5]], ["001", "b"], ["p", "2", "r"])
    frame.to_csv(tmp_path / "m.csv")
    frame.to_excel(tmp_path / "m.xlsx")
    frame.to_parquet(tmp_path / "index.parquet")
    frame.reset_index(names="id").to_parquet(tmp_path / "column.parquet")
    for name in ("m.csv", "m.xlsx", "index.parquet", "column.parquet"):
        matrix = read_matrix(tmp_path / name)
        assert (matrix.reference.tolist(), matrix.probe.tolist()) == (["001", "b"], ["p", "2", "r"])
        np.testing.assert_array_equal(matrix.score, frame.to_numpy())
    frame.astype(np.float32).assign(none=None).to_parquet(tmp_path / "narrow.parquet")
    assert read_matrix(tmp_path / "narrow.parquet").score.dtype == np.float32
    frame.assign(none=None).to_excel(tmp_path / "m.xlsx")
    frame.assign(none=None).to_csv(tmp_path / "m.csv", sep=";", decimal=",")
    for name in ("m.csv", "m.xlsx"):
        with_none = frame.assign(none=np.nan).to_numpy()
        np.testing.assert_array_equal(read_matrix(tmp_path / name).score, with_none)
    (tmp_path / "list.csv").write_text("reference_id,probe_id,score\na,b,0.5\n")
    with pytest.raises(MatcherError, match=r"a list .* leave out matcher\.shape"):
        read_matrix(tmp_path / "list.csv")
    with pytest.raises(MatcherError, match=r"of a matrix of scores, give matcher\.shape=matrix"):
        read_rows(tmp_path / "m.csv", ("reference_id", "probe_id", "score"))
    objects = {"reference_id": np.array(["a"], object), "probe_id": ["b"], "score": [[0.5]]}
    np.savez(tmp_path / "objects.npz", **objects)
    with pytest.raises(MatcherError, match="reference_id holds Python objects"):
        read_matrix(tmp_path / "objects.npz")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "10\t300\nm.01\t1\t2\nm.01\t1\tm.02\t2\n",
            r"\(10 300\) is one of a list of pairs",
        ),
        ("1 2 0.61\n1 4 0.5\n", "the first row holds the value 1"),
        ("score label\n0.5 1\n", "seem to be separated by spaces"),
        ("score,genuine\n1,2\n1,2,3,4,5\n", "row 3 has more cells than the header has names"),
        ("score,genuine,Algorithm\n1,1,a\n1,1,b\n", r"column 'Algorithm' names 2 systems \(a, b\)"),
        ("score,genuine,model_name\n1,1,a\n1,1,b\n", "column 'model_name' names 2 systems"),
        ("score,genuine,model\n1,1,a\n1,1,a\n", None),
        ("rank,genuine\n1,1\n", r"ranks and no scores, give 'matcher\.columns=\{score: rank\}'"),
        (
            "score,genuine\n1,1\nTotal,2\n",
            r"row 3 \('Total'\) seems to be a note or",
        ),
        ("score,genuine\n1,1\nMean 1,\nby us,\n", r"row 3 \('Mean 1'\), row 4 \('by us'\) seem to"),
        ('"score";"genuine";"x, y, z, or\n u"\n1;1;\n0,5;0;\n', None),
        ("score;genuine;x\n1;1;M\udce9\n", r"row 2 \('1;1;M.'\) is not UTF-8 text"),
        ('"score,genuine\n1,1\n', "row 1 has a double quote"),
        ("Score,GENUINE\n1,1\n", r"give 'matcher\.columns=\{score: Score, genuine: GENUINE\}'"),
    ],
)
def test_what_cannot_be_one_table_of_one_system_is_refused(
    text: str, said: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text, errors="surrogateescape")
    if said is None:
        assert len(read_rows(path, ("score", "genuine"))) == 2
        return
    with pytest.raises(MatcherError, match=said):
        read_rows(path, ("score", "genuine"))


@pytest.mark.parametrize(
    "written",
    [
        *("14/03/2026 10:00:05", "2026/03/14 10:00:05", "14.03.2026 10:00:05"),
        *("14-Mar-2026 10:00:05 GMT", "Mar 14, 2026 10:00:05 AM", "14 March 2026 10:00:05 UTC"),
        *("Sat, 14 Mar 2026 10:00:05 GMT", "2026-03-14 10:00:05 UTC", "14/03/2026 11:00:05 BST"),
        *("2026-03-14T10:00:05,000", "1773482405", "1773482405000", "1773482405.000"),
    ],
)
def test_one_moment_in_the_ways_that_systems_write_it(written: str) -> None:
    times = read_times(pd.Series([written, None, ""], dtype="string"))
    moment = pd.to_datetime(times.iso, format="ISO8601", utc=True)[0]
    assert moment == pd.Timestamp("2026-03-14T10:00:05Z")
    assert not times.unclear.any()


def test_what_could_be_another_moment_is_left_as_it_is() -> None:
    text = pd.Series(["1773482405", "14/03/26 10:00"], dtype="string")
    assert read_times(text).iso.tolist() == text.tolist()
    fraction = read_times(pd.Series(["1773482405250"], dtype="string")).iso[0]
    assert fraction == "2026-03-14T10:00:05.25+00:00"


def test_files_that_are_no_table_say_what_they_are(tmp_path: Path) -> None:
    table = "reference_id,a,b\na,0.5,0.25\n"
    (tmp_path / "s.csv").write_text(table, encoding="utf-16")
    (tmp_path / "s.csv.gz").write_bytes(gzip.compress(table.encode()))
    for name, said in (("s.csv", "is UTF-16"), ("s.csv.gz", r"is compressed \(gzip\). Unpack it")):
        for read in (read_matrix, read_frame):
            with pytest.raises(MatcherError, match=f"the file {said}"):
                read(tmp_path / name)
        (problem,) = read_text_table(tmp_path / name).problems
        assert re.search(said, f"{problem.message}. {problem.remedy}")
    (tmp_path / "faces").mkdir()
    with pytest.raises(ManifestError, match="2 problems") as caught:
        gather(tmp_path / "faces", tmp_path / "s.csv.gz")
    assert "identifies the person" not in str(caught.value)
    (tmp_path / "s.json").write_text(json.dumps({"version": 1, "results": [{"score": 1}]}))
    with pytest.raises(MatcherError, match=r"in the list 'results'\. Write only that list"):
        read_frame(tmp_path / "s.json")


def test_a_header_that_is_missing_is_said_whatever_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("0.5,1,a\n0.2,0,b\n")
    columns = {"score": "v", "genuine": "same"}
    with pytest.raises(MatcherError, match=r"holds the value 0\.5, so it does not seem"):
        read_rows(tmp_path / "s.csv", ("score", "genuine"), (), columns)


def test_a_typeset_minus_is_a_minus(tmp_path: Path) -> None:
    assert read_numbers(pd.Series(["\u22120.5", "0.25"])).value.tolist() == [-0.5, 0.25]
    (tmp_path / "m.csv").write_text("x;p;q\na;\u22120,5;0,25\n")
    assert read_matrix(tmp_path / "m.csv").score.tolist() == [[-0.5, 0.25]]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("time,camera,reference_id,score", "give matcher=alerts and matcher.floor"),
        ("Pass ID,reference_id,score", "give matcher=alerts and matcher.floor"),
        ("score,genuine,subject_a,subject_b", "give dataset=pairs and matcher=pairs"),
        ("reference_id,query,score", "'matcher.columns={probe_id: THEIRS}'; if it is a matrix, "),
    ],
)
def test_a_file_of_another_kind_than_scores_is_named(
    header: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "given.csv"
    path.write_text(f"{header}\n" + ",".join("1" * len(header.split(","))) + "\n")
    with pytest.raises(MatcherError) as caught:
        read_rows(path, ("reference_id", "probe_id", "score"))
    assert said in str(caught.value)
    assert str(caught.value).count("; if it is a ") == 1 + (said.count("give ") > 0)
