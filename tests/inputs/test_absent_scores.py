"""A file that lacks comparisons says so, or is refused: no denominator shrinks in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_eval.comparison import ComparisonError, GivenScores, Sides, absent_of
from lfr_eval.config import ConfigError, StudyConfig
from lfr_eval.contract.tables import MATED, RATES
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.scores import ScoreFile
from lfr_eval.study.completeness import check_complete, check_told
from tests.studies import configured, run

ROLES = ("reference", "probe", "both", "filler")


def asked(images: pd.DataFrame, apart: set[frozenset[str]]) -> dict[tuple[str, str], bool]:
    """Brute force: each pair of images that the roles ask for, once, and whether it is mated."""
    found = {}
    rows = list(images.itertuples())
    for a in rows:
        for b in rows:
            if a is b or a.role not in ("reference", "both") or b.role not in ("probe", "both"):
                continue
            if (
                frozenset((a.subject_id, b.subject_id)) in apart
                or (b.image_id, a.image_id) in found
            ):
                continue
            found[a.image_id, b.image_id] = a.subject_id == b.subject_id
    return found


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_absent_comparisons_are_those_that_a_loop_finds(data: st.DataObject) -> None:
    number = data.draw(st.integers(2, 9))
    images = pd.DataFrame(
        {
            "image_id": [f"i{at}" for at in range(number)],
            "subject_id": data.draw(
                st.lists(st.sampled_from("abcd"), min_size=number, max_size=number)
            ),
            "role": data.draw(st.lists(st.sampled_from(ROLES), min_size=number, max_size=number)),
        }
    )
    pair = frozenset(data.draw(st.sampled_from(["ab", "cd"])))
    due = asked(images, {pair})
    given_ = [one for one in due if data.draw(st.booleans())]
    scores = pd.DataFrame(given_, columns=["reference_id", "probe_id"]).assign(score=0.5)
    apart = pd.DataFrame([sorted(pair)], columns=["subject_a", "subject_b"])
    sides = Sides.of(images, np.ones(number, bool), apart)
    absent = absent_of(sides, scores)
    counts = absent.people.sum()
    lacking = [due[one] for one in due if one not in given_]
    assert counts["mated_due"] == sum(due.values())
    assert counts["non_mated_due"] == len(due) - sum(due.values())
    assert counts["mated"] == sum(lacking) == len(absent.mated)
    assert counts["non_mated"] == len(lacking) - sum(lacking)


def files(folder: Path, keep: object = lambda i, j, score: True) -> list[str]:  # noqa: ARG005
    people = [
        f"p{i}_{role[0]},p{i},{role},{'fm'[i % 2]}"
        for i in range(8)
        for role in ("reference", "probe")
    ]
    text = "\n".join(["image_id,subject_id,role,gender", *people])
    (folder / "people.csv").write_text(text + "\n")
    noise = np.random.default_rng(3).uniform(0, 0.4, (8, 8)).round(3)
    score = noise + 0.5 * np.eye(8)
    rows = [
        f"p{i}_r,p{j}_p,{score[i, j]:.3f}"
        for i in range(8)
        for j in range(8)
        if keep(i, j, score[i, j])  # type: ignore[operator]
    ]
    (folder / "scores.csv").write_text("\n".join(["reference_id,probe_id,score", *rows]) + "\n")
    return [
        *("~experiment", "dataset=manifest", f"dataset.path={folder / 'people.csv'}"),
        *("matcher=scores", f"matcher.path={folder / 'scores.csv'}", "design=verification"),
        *("thresholds.values=[0.3,0.6]", "inference.factors=[gender]", "report.pdf=false"),
    ]


def complete(folder: Path, *more: str) -> tuple[list[str], StudyConfig]:
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.study.prepared import prepare, study_path

    config = configured(folder, *more)
    return list(prepare(config, StudyFolder(study_path(config))).notes), config


def test_what_is_absent_is_counted_and_refused_until_somebody_says_why(tmp_path: Path) -> None:
    words = files(tmp_path, lambda i, j, score: (i, j) not in {(1, 1), (3, 3), (0, 5)})  # noqa: ARG005
    with pytest.raises(ConfigError) as caught:
        complete(tmp_path, *words)
    for part in (
        "2 of 8 of people with themselves and 1 of 56 of different people",
        "f 0 of 4 mated, 0 of 28 non-mated; m 2 of 4 mated, 1 of 28 non-mated",
        "p1_r and p1_p, p3_r and p3_p",
        "matcher.floor=FLOOR",
        "matcher.missing=not_compared",
    ):
        assert part in str(caught.value)
    notes, _ = complete(tmp_path, *words, "matcher.missing=not_compared")
    assert "3 were not made (2 of 8 of people with themselves and 1 of 56" in " ".join(notes)
    words = files(tmp_path, lambda i, j, score: (i, j) != (0, 5))  # noqa: ARG005
    search = ("design=live", "design.watchlist_members=everybody", "thresholds.values=[0.3]")
    with pytest.raises(ComparisonError, match=r"1 probe lacks scores .* of 8: p5_p \(6 of 7\)"):
        complete(tmp_path, *words, *search)
    none = files(tmp_path, lambda i, j, score: i != j)  # noqa: ARG005
    with pytest.raises(ConfigError, match="lack every comparison of people with themselves"):
        complete(tmp_path, *none, "matcher.missing=not_compared", "thresholds.values=[0.3]")


def test_a_floor_gives_the_rates_of_the_full_scores_from_it_up(tmp_path: Path) -> None:
    found = {}
    for name, keep, more in (
        ("full", lambda *_: True, []),
        ("cut", lambda i, j, score: score >= 0.3 and (i, j) != (2, 2), ["matcher.floor=0.3"]),
    ):
        (tmp_path / name).mkdir()
        words = files(tmp_path / name, keep)
        study = run(tmp_path / name, *words, *more)
        rates = study.read(RATES).query("factor == 'overall'").set_index(["metric", "threshold"])
        found[name] = rates[["events", "trials"]]
        said = (study.path / "report.html").read_text(encoding="utf-8")
        assert ("The system reports no score below 0.30" in said) == (name == "cut")
    assert np.isneginf(study.read(MATED)["score"]).sum() == 1
    full, cut = found["full"], found["cut"]
    missed = full.index.get_level_values("metric") == "FNMR"
    assert (cut["trials"] == full["trials"]).all()
    # The one mated score that the system did not tell is a miss at every threshold.
    assert (cut["events"] - full["events"]).tolist() == missed.astype(int).tolist()
    matcher = ScoreFile(tmp_path / "cut" / "scores.csv", floor=0.3)
    with pytest.raises(ConfigError, match=r"nothing is known at the thresholds 0\.20"):
        check_told(matcher, [0.2, 0.3])
    images = pd.read_csv(tmp_path / "cut" / "people.csv")
    with pytest.raises(MatcherError, match=r"below matcher\.floor=0\.50"):
        ScoreFile(tmp_path / "cut" / "scores.csv", floor=0.5).scores(images)


IMAGES = pd.DataFrame(
    {
        "image_id": [f"{kind}{at}" for at in range(4) for kind in "rp"],
        "subject_id": [f"s{at}" for at in range(4) for _ in "rp"],
        "role": ["reference", "probe"] * 4,
    }
)


@pytest.mark.parametrize("kept", ["lower", "upper", "turned", "gap"])
def test_half_and_turned_matrices_are_read_by_their_names(kept: str, tmp_path: Path) -> None:
    names = IMAGES["image_id"].to_numpy(str)
    half = np.random.default_rng(5).uniform(size=(8, 8))
    full = np.maximum(half, half.T)
    rows = columns = np.arange(8)
    score = np.where(np.tri(8).T if kept == "upper" else np.tri(8), full, np.nan)
    if kept == "turned":
        rows, columns, score = np.arange(1, 8, 2), np.arange(0, 8, 2), full[1::2, ::2]
    if kept == "gap":
        score[5, 2] = np.nan
    path = tmp_path / "m.npz"
    np.savez(path, reference_id=names[rows], probe_id=names[columns], score=score)
    matcher = ScoreFile(path)
    found = matcher.scores(IMAGES)
    expected = {(names[i], names[j]): full[i, j] for i in range(0, 8, 2) for j in range(1, 8, 2)}
    got = {(row.reference_id, row.probe_id): row.score for row in found.itertuples()}
    if kept == "gap":
        # Not every empty cell has its mirror image, so this is no half of a symmetric matrix.
        assert matcher.notes == []
        assert len(got) < len(expected)
        sides = Sides.of(IMAGES, np.ones(8, bool))
        people = pd.DataFrame({"gender": "f"}, index=IMAGES["subject_id"].unique())
        config = configured(tmp_path, "inference.factors=[gender]", "design=verification")
        with pytest.raises(ConfigError, match="have no score"):
            check_complete(matcher, found, sides, people, config)
    else:
        assert got == expected
        assert ("other way round" in matcher.notes[0]) == (kept != "turned")
        assert ("probe as row" in matcher.notes[0]) == (kept == "turned")


def test_rows_count_by_the_roles_of_their_images(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("reference_id,probe_id,score\nr0,p0,0.9\np1,r1,0.8\np0,p1,0.1\nr0,r1,0.2\n")
    matcher = ScoreFile(path)
    found = matcher.scores(IMAGES)
    assert found[["reference_id", "probe_id"]].to_numpy().tolist() == [["r0", "p0"], ["r1", "p1"]]
    assert matcher.notes[0].startswith("2 comparisons of 4 in the file of scores do not compare a")
    path.write_text("reference_id,probe_id,score\np0,p1,0.1\n")
    with pytest.raises(MatcherError, match="no comparison of a reference with a probe"):
        ScoreFile(path).scores(IMAGES)


@pytest.mark.parametrize(
    ("there", "known"), [("1.0", "001"), ("7", "007"), ("P1", "p1"), ("a/b/x.jpg", "x")]
)
def test_names_that_a_program_changed_are_explained(there: str, known: str, tmp_path: Path) -> None:
    images = pd.DataFrame(
        {"image_id": [known, "zz"], "subject_id": ["s", "t"], "role": ["reference", "probe"]}
    )
    path = tmp_path / "s.csv"
    path.write_text(f"reference_id,probe_id,score\n{there},zz,0.5\n")
    with pytest.raises(MatcherError, match=f"the manifest has '{known}' for '{there}'"):
        ScoreFile(path).scores(images)


def test_scores_below_a_floor_are_counted_with_every_pair() -> None:
    sides = Sides.of(IMAGES, np.ones(8, bool))
    scores = pd.DataFrame({"reference_id": ["r0"], "probe_id": ["p1"], "score": [0.5]})
    pairs = GivenScores(scores, [0.4], told_all=False).pairs(sides, 0.4)
    assert pairs.comparisons[["references", "probes"]].sum().tolist() == [4, 4]
    assert len(pairs.corrections) == 0
    assert np.isneginf(pairs.mated["score"]).sum() == 4
    assert len(pairs.non_mated) == 1
