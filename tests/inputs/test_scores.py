"""Scores as vendors send them: names, distances, matrices, failures, and digits."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison.narrowing import narrowed
from lfr_eval.config import ConfigError
from lfr_eval.contract.tables import ACQUISITION, RATES
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.other_spellings import UNKNOWN_IMAGE
from lfr_eval.matchers.scores import ScoreFile
from lfr_eval.study.evidence import notes_of_scores
from tests.studies import run

ROLES = {"a0": "reference", "b0": "reference", "a1": "probe", "b1": "probe", "c": "both"}
IMAGES = pd.DataFrame(
    {
        "image_id": list(ROLES),
        "subject_id": ["a", "b", "a", "b", "c"],
        "role": list(ROLES.values()),
        "acquired": pd.array([None, None, None, False, None], "boolean"),
    }
)
VALUES = {
    ("a0", "a1"): 0.9,
    ("a0", "c"): 0.2,
    ("b0", "a1"): 0.3,
    ("b0", "c"): 0.1,
    ("c", "a1"): 0.25,
}


def found(path: Path, **settings_: object) -> dict[tuple[str, str], float]:
    table = ScoreFile(path, **settings_).scores(IMAGES)  # type: ignore[arg-type]
    return {(row.reference_id, row.probe_id): row.score for row in table.itertuples()}


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_numbers_that_pandas_writes_before_each_row_are_not_read(tmp_path: Path) -> None:
    rows = [f"{at},{a},{b},{score}" for at, ((a, b), score) in enumerate(VALUES.items())]
    file = write(tmp_path / "indexed.csv", [",reference_id,probe_id,score", *rows])
    assert found(file) == VALUES
    assert "numbers the rows" in ScoreFile(file).told[0]
    # Rows that were left out keep the numbers of the others.
    assert found(write(file, [",reference_id,probe_id,score", *rows[:0], "7" + rows[0][1:]])) == {
        ("a0", "a1"): 0.9
    }
    write(file, [",reference_id,probe_id,score", "x" + rows[0][1:], *rows[1:]])
    with pytest.raises(MatcherError, match="column 1 has no name, but row 2 has a value there"):
        ScoreFile(file)
    write(file, ["reference_id,probe_id,score", *rows])
    with pytest.raises(MatcherError, match="row 2 has more cells than the header has names"):
        ScoreFile(file)


def test_one_file_in_every_shape(tmp_path: Path) -> None:
    rows = [f"{a},{b},{score}" for (a, b), score in VALUES.items()]
    plain = write(tmp_path / "plain.csv", ["reference_id,probe_id,score", *rows])
    assert found(plain) == VALUES
    comma = write(tmp_path / "comma.csv", ["reference_id,probe_id,score", *(r + "," for r in rows)])
    assert found(comma) == VALUES
    german = [row.replace(",", ";").replace(".", ",") for row in rows]
    other = write(
        tmp_path / "other.csv",
        ["", "query;gallery;sim;x"]
        + [";".join([*np.array(row.split(";"))[[1, 0, 2]], "y"]) for row in german],
    )
    names = {"reference_id": "gallery", "probe_id": "query", "score": "sim"}
    assert found(other, columns=names) == VALUES
    distances = write(
        tmp_path / "d.csv",
        ["reference_id,probe_id,score"] + [f"{a},{b},-{s}" for (a, b), s in VALUES.items()],
    )
    assert found(distances, higher_is="worse") == VALUES
    frame = pd.DataFrame([(*pair, score) for pair, score in VALUES.items()])
    frame.set_axis(["reference_id", "probe_id", "score"], axis=1).to_parquet(tmp_path / "p.PARQUET")
    assert found(tmp_path / "p.PARQUET") == VALUES
    empty = write(tmp_path / "e.csv", ["reference_id,probe_id,score", *rows, "a0,b1,", "b0,b1,"])
    assert found(empty) == VALUES


def test_a_name_is_the_same_in_every_unicode_form(tmp_path: Path) -> None:
    """As a Mac and a PC write one name, in lists and matrices."""
    apart, composed = (unicodedata.normalize(form, "Zoë") for form in ("NFD", "NFC"))
    images = IMAGES.assign(image_id=[f"{composed}{name}" for name in ROLES])
    header = ["reference_id,probe_id,score"]
    listed = write(tmp_path / "l.csv", [*header, f"{apart}a0,{apart}\u200ba1,0.9"])
    table = write(tmp_path / "m.csv", [f",{apart}a1", f"{apart}a0,0.9"])
    for file, shape in ((listed, "list"), (table, "matrix")):
        rows = ScoreFile(file, shape=shape).scores(images)  # type: ignore[arg-type]
        assert rows.astype(str).to_numpy().tolist() == [[f"{composed}a0", f"{composed}a1", "0.9"]]


def test_a_full_matrix_gives_the_comparisons_that_the_roles_ask_for(tmp_path: Path) -> None:
    names = list(ROLES)
    both = {**VALUES, **{(b, a): s for (a, b), s in VALUES.items()}}
    score = np.array([[both.get((r, p), 0.5) for p in names] for r in names])
    score[:, names.index("b1")] = score[names.index("b1"), :] = np.nan
    np.savez(tmp_path / "m.npz", reference_id=names, probe_id=names, score=score)
    assert found(tmp_path / "m.npz") == VALUES
    lines = [",".join(["", *names])]
    lines += [
        ",".join([r, *("" if np.isnan(value) else str(value) for value in row)])
        for r, row in zip(names, score, strict=True)
    ]
    assert found(write(tmp_path / "m.csv", lines), shape="matrix") == VALUES
    np.save(tmp_path / "m.npy", score)
    with pytest.raises(MatcherError, match="does not say whose scores its rows and columns are"):
        ScoreFile(tmp_path / "m.npy")
    np.savez(tmp_path / "o.npz", reference_id=np.array(names, object), probe_id=names, score=score)
    with pytest.raises(MatcherError, match="cannot be read as a matrix"):
        ScoreFile(tmp_path / "o.npz")
    np.savez(tmp_path / "s.npz", reference_id=names[1:], probe_id=names, score=score)
    with pytest.raises(MatcherError, match=r"score has the shape \(5, 5\), but there are 4"):
        ScoreFile(tmp_path / "s.npz")
    np.savez(tmp_path / "z.npz", reference_id=["z"], probe_id=["a1"], score=[[0.5]])
    with pytest.raises(MatcherError, match=r"reference_id is not in the manifest .*: z"):
        found(tmp_path / "z.npz")


def test_both_directions_of_one_pair_must_agree(tmp_path: Path) -> None:
    images = pd.DataFrame({"image_id": ["a", "b"], "subject_id": ["a", "b"], "role": "both"})
    for other, fine in ((0.4, True), (0.41, False)):
        score = [[1.0, 0.4], [other, 1.0]]
        np.savez(tmp_path / "m.npz", reference_id=["a", "b"], probe_id=["a", "b"], score=score)
        matcher = ScoreFile(tmp_path / "m.npz")
        if fine:
            assert matcher.scores(images)["score"].tolist() == [0.4]
        else:
            with pytest.raises(MatcherError, match=r"b and a \(0\.41 and 0\.4\)"):
                matcher.scores(images)


def test_rows_are_numbered_as_an_editor_shows_them(tmp_path: Path) -> None:
    lines = ["", "reference_id,probe_id,score", "", "a0,a1,0.5", "", "", "a0,zz,0.5", "b0,b1,0.5"]
    lines += ["b0,c,1e39", "a1,a0,0.6"]
    with pytest.raises(MatcherError) as caught:
        found(write(tmp_path / "s.csv", lines))
    for part in (
        f"probe_id is not in the manifest{UNKNOWN_IMAGE}: row 7 (a0, zz, 0.5)",
        "of an image (correct acquired there, or leave the cell empty): row 8 (b0, b1, 0.5)",
        "row 9 (b0, c, 1e39)",
        "repeats an earlier comparison (1 row: 1 the other way round and 1 with another score; "
        "the earlier ones are in row 4; give each pair of images once): row 10 (a1, a0, 0.6)",
    ):
        assert part in str(caught.value)
    with pytest.raises(MatcherError, match="row 3 has more cells than the header has names"):
        found(write(tmp_path / "s.csv", ["reference_id,probe_id,score", "a0,a1,1", "a0,c,1,7"]))


def test_a_matrix_is_recognised(tmp_path: Path) -> None:
    lines = ["gallery;a1;b1;c", "a0;0,81;0,12;", "b0;0,10;0,90;0,2"]
    with pytest.raises(MatcherError, match=r"matrix of scores .*Give matcher\.shape=matrix\.$"):
        ScoreFile(write(tmp_path / "m.csv", lines))
    with pytest.raises(MatcherError, match="expected the columns reference_id, probe_id, score"):
        ScoreFile(write(tmp_path / "s.csv", ["gallery,query,sim,ms", "a,b,1,20"]))


def test_columns_that_are_not_there_are_named_with_the_way_to_say_so(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", ["gallery,query,sim", "a,b,1"])
    with pytest.raises(MatcherError, match=r"give 'matcher\.columns=\{reference_id: THEIRS"):
        ScoreFile(path)
    with pytest.raises(
        MatcherError, match="'ref', which is not one of reference_id, probe_id, score"
    ):
        ScoreFile(path, columns={"ref": "gallery"})
    with pytest.raises(MatcherError, match="gives 'similarity' for 'score', but the file has no"):
        ScoreFile(path, columns={"score": "similarity"})


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.floats(-1e30, 1e30, allow_nan=False), min_size=1, max_size=20),
    st.lists(st.floats(-1e30, 1e30, allow_nan=False), min_size=1, max_size=6),
    st.integers(-4, 4),
)
def test_no_score_changes_its_side_of_a_threshold(
    scores: list[float], thresholds: list[float], steps: int
) -> None:
    # Scores that are as near to thresholds as float64 allows, and thresholds one float32 apart.
    thresholds = sorted({float(np.float32(t)): t for t in thresholds}.values())
    near = np.array(thresholds)
    for _ in range(abs(steps)):
        near = np.nextafter(near, np.sign(steps) * np.inf)
    given_ = np.concatenate([scores, near, thresholds])
    small = narrowed(given_, thresholds)
    for threshold in thresholds:
        assert ((small >= np.float32(threshold)) == (given_ >= threshold)).all()


def test_what_was_computed_in_float32_is_compared_in_float32() -> None:
    score = np.array([0.7], np.float32)
    assert float(score[0]) < 0.7
    assert narrowed(score, [0.7])[0] >= np.float32(0.7)


def people(path: Path, number: int = 8) -> None:
    rows = [
        f"p{at}_{role[0]},p{at},{role},{'fm'[at % 2]}"
        for at in range(number)
        for role in ("reference", "probe")
    ]
    write(path, ["image_id,subject_id,role,gender", *rows])


@pytest.mark.parametrize(
    ("mated", "other", "threshold"),
    [
        ("100000003", "99999999", "100000001"),
        ("0.999999995", "0.999999971", "0.99999998"),
        ("5e-10", "2e-10", "4e-10"),
    ],
)
def test_scores_finer_than_float32_are_counted_as_they_are_written(
    tmp_path: Path, mated: str, other: str, threshold: str
) -> None:
    people(tmp_path / "people.csv")
    rows = [f"p{i}_r,p{j}_p,{mated if i == j else other}" for i in range(8) for j in range(8)]
    write(tmp_path / "scores.csv", ["reference_id,probe_id,score", *rows])
    study = run(
        tmp_path,
        *("~experiment", "dataset=manifest", f"dataset.path={tmp_path / 'people.csv'}"),
        *("matcher=scores", f"matcher.path={tmp_path / 'scores.csv'}", "design=verification"),
        *(f"thresholds.values=[{threshold}]", f"thresholds.operating={threshold}"),
        *("inference.factors=[gender]", "report.pdf=false"),
    )
    rates = study.read(RATES).query("factor == 'overall'").set_index("metric")
    assert rates.loc["FMR", ["events", "trials"]].tolist() == [0, 56]
    assert rates.loc["FNMR", ["events", "trials"]].tolist() == [0, 8]
    assert rates.loc["FMR", "threshold"] == float(threshold)
    page = (study.path / "report.html").read_text(encoding="utf-8")
    shown = f"{float(threshold):.12f}".rstrip("0").rstrip(".")
    assert shown in page


def test_thresholds_that_float32_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"0\.6 and 0\.60000000001 do not"):
        run(tmp_path, "thresholds.values=[0.6,0.60000000001]", "thresholds.operating=0.6")


def test_failures_to_enrol_and_acquire_are_counted_as_such(tmp_path: Path) -> None:
    people(tmp_path / "people.csv")
    table = pd.read_csv(tmp_path / "people.csv")
    table["acquired"] = np.where(table["image_id"].isin(["p0_r", "p3_p"]), "No", "yes")
    table.to_csv(tmp_path / "people.csv", index=False)
    failed = {"p0_r", "p3_p"}
    rows = [
        f"p{i}_r,p{j}_p," + ("" if {f"p{i}_r", f"p{j}_p"} & failed else "0.9" if i == j else "0.1")
        for i in range(8)
        for j in range(8)
    ]
    write(tmp_path / "scores.csv", ["reference_id,probe_id,score", *rows])
    study = run(
        tmp_path,
        *("~experiment", "dataset=manifest", f"dataset.path={tmp_path / 'people.csv'}"),
        *("matcher=scores", f"matcher.path={tmp_path / 'scores.csv'}", "design=verification"),
        *("thresholds.values=[0.5]", "thresholds.operating=0.5", "report.pdf=false"),
        "inference.factors=[gender]",
    )
    rates = study.read(RATES).query("factor == 'overall'").set_index("metric")
    counts = {name: rates.loc[name, ["events", "trials"]].tolist() for name in rates.index}
    assert counts == {"FMR": [0, 43], "FNMR": [0, 6], "FTA": [1, 8], "FTE": [1, 8]}
    reasons = study.read(ACQUISITION)["reason"].dropna().unique().tolist()
    assert reasons == ["not acquired, as the people's data say"]


def test_scores_that_may_stand_for_failures_are_told() -> None:
    rng = np.random.default_rng(1)
    pairs = [(f"r{i}", f"p{j}") for i in range(5) for j in range(6)]
    scores = pd.DataFrame(pairs, columns=["reference_id", "probe_id"])
    scores["score"] = rng.uniform(0.1, 0.9, len(scores))
    scores.loc[0, "score"] = 0.0
    assert notes_of_scores(scores) == []
    failed = (scores["reference_id"] == "r2") | (scores["probe_id"] == "p4")
    (said,) = notes_of_scores(scores.assign(score=scores["score"].mask(failed, -1.0)))
    assert said.startswith("2 images have the lowest score of all, -1.00, in every comparison.")
    assert notes_of_scores(scores.assign(score=0.5)) == []
