"""One-to-one rates of what was attempted: they tell no failure, and are those of a loop."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.contract.tables import RATES
from lfr_eval.finished.publication import publish_study
from lfr_eval.finished.publishing.attempted import Attempts, outwards
from tests.studies import tables_of

PEOPLE, PROBES = 40, 2


def looped(cohort: pd.DataFrame, acquired: np.ndarray, group: str | None) -> dict[str, list[int]]:
    """Comparisons and people compared, image by image."""
    frame = cohort.assign(there=acquired)
    frame = frame[frame["there"] & (frame["role"] != "filler")].reset_index(drop=True)
    if group is not None:
        frame = frame[frame["gender"] == group].reset_index(drop=True)
    counts = {"FMR": 0, "FNMR": 0}
    people: dict[str, set[str]] = {"FMR": set(), "FNMR": set()}
    for i, j in product(range(len(frame)), repeat=2):
        one, other = frame.iloc[i], frame.iloc[j]
        if i == j or one.role not in ("reference", "both") or other.role not in ("probe", "both"):
            continue
        if one.role == other.role == "both" and i > j:
            continue
        metric = "FNMR" if one.subject_id == other.subject_id else "FMR"
        counts[metric] += 1
        people[metric] |= {one.subject_id, other.subject_id}
    return {name: [counts[name], len(people[name])] for name in counts}


@pytest.mark.parametrize("seed", range(4))
def test_comparisons_follow_from_images(seed: int) -> None:
    rng = np.random.default_rng(seed)
    subject = rng.integers(0, 9, 30)
    cohort = pd.DataFrame(
        {
            "image_id": [f"i{at}" for at in range(30)],
            "subject_id": [f"s{at}" for at in subject],
            "role": rng.choice(["reference", "probe", "both", "filler"], 30),
            "gender": np.where(subject % 2, "f", "m"),
        },
        dtype="string",
    )
    acquired = rng.random(30) < 0.8
    found = Attempts.of(cohort, acquired, ["overall", "gender"])
    for factor, group in (("overall", "everybody"), ("gender", "f"), ("gender", "m")):
        label = None if factor == "overall" else group
        for counts, there in ((found.made, acquired), (found.attempted, acquired | True)):
            expected = looped(cohort, there, label)
            for metric, value in expected.items():
                assert list(counts[metric, factor, group]) == value


def test_ends_are_rounded_outwards() -> None:
    values = np.array([0.0, 0.01234, 0.5678, np.nan])
    np.testing.assert_allclose(outwards(values, np.floor), [0.0, 0.012, 0.56, np.nan])
    np.testing.assert_allclose(outwards(values, np.ceil), [0.0, 0.013, 0.57, np.nan])


def published(folder: Path, failed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rates of a study and of its publication; images that failed have no error otherwise."""
    rng = np.random.default_rng(1)
    rows = [
        (f"{at}{name}", f"s{at}", role, "fm"[at % 2])
        for at in range(PEOPLE)
        for name, role in (("r", "reference"), ("p", "probe"), ("q", "probe"))
    ]
    people = pd.DataFrame(rows, columns=["image_id", "subject_id", "role", "gender"])
    bad = [f"{at}q" for at in range(0, 2 * failed, 2)]
    people["acquired"] = np.where(people["image_id"].isin(bad), "no", "yes")
    sides = [people[people["role"] == role] for role in ("reference", "probe")]
    scores = sides[0].merge(sides[1], how="cross", suffixes=("_r", "_p"))
    mated = scores["subject_id_r"] == scores["subject_id_p"]
    value = np.where(mated, rng.normal(0.6, 0.1, len(scores)), rng.normal(0.2, 0.12, len(scores)))
    plain = scores["image_id_p"].isin([f"{at}q" for at in range(0, 8, 2)])
    value = np.where(plain, np.where(mated, 0.9, 0.05), value).round(4)
    table = pd.DataFrame(
        {"reference_id": scores["image_id_r"], "probe_id": scores["image_id_p"], "score": value}
    )
    table["score"] = table["score"].mask(scores["image_id_p"].isin(bad))
    folder.mkdir()
    people.to_csv(folder / "people.csv", index=False)
    table.to_csv(folder / "scores.csv", index=False)
    study = tables_of(
        folder,
        *("~experiment", "dataset=manifest", f"dataset.path={folder / 'people.csv'}"),
        *("matcher=scores", f"matcher.path={folder / 'scores.csv'}", "design=verification"),
        *("thresholds.values=[-1,0.3,0.4,0.5,0.8,0.99]", "thresholds.operating=0.4"),
        "inference.factors=[gender]",
    )
    publish_study(study, folder / "published", 5)
    return study.read(RATES), pd.read_csv(folder / "published" / "rates.csv")


@pytest.fixture(scope="module")
def by_failures(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[pd.DataFrame, ...]]:
    folder = tmp_path_factory.mktemp("failures")
    return {failed: published(folder / str(failed), failed) for failed in (1, 2, 4)}


def test_few_failures_leave_most_one_to_one_rates(
    by_failures: dict[int, tuple[pd.DataFrame, ...]],
) -> None:
    for full, shown in by_failures.values():
        pairs = shown[shown["metric"].isin(["FMR", "FNMR"])]
        assert pairs["rate"].notna().mean() > 0.5
        everybody = pairs[(pairs["factor"] == "overall") & pairs["threshold"].isin([0.3, 0.5])]
        assert everybody["rate"].notna().sum() >= 3
        failures = shown.loc[(shown["metric"] == "FTA") & (shown["group"] != "m"), "events"]
        assert failures.isna().all()
        told = pairs[pairs["rate"].notna()]
        keys = ["metric", "threshold", "factor", "group"]
        both = told.merge(full[full["counterpart"] == full["group"]], on=keys)
        assert (both["events_x"] == both["events_y"]).all()
        assert (both["trials_x"] >= both["trials_y"]).all()
        assert (both["lower_x"] <= both["lower_y"]).all()
        np.testing.assert_allclose(told["rate"], told["events"] / told["trials"])


def test_what_is_published_is_the_same_however_many_of_a_few_images_failed(
    by_failures: dict[int, tuple[pd.DataFrame, ...]],
) -> None:
    first, *others = (shown for _, shown in by_failures.values())
    keys = ["metric", "threshold", "factor", "group"]
    columns = ["events", "trials", "subjects", "rate"]
    pairs = first["metric"].isin(["FMR", "FNMR"]) & first["rate"].notna()
    compared = 0
    for other in others:
        met = first[pairs].merge(other[other["rate"].notna()], on=keys)
        for name in columns:
            np.testing.assert_array_equal(met[f"{name}_x"], met[f"{name}_y"])
        none = met[met["events_x"] == 0]
        np.testing.assert_array_equal(none["upper_x"], none["upper_y"])
        compared += len(met)
    assert compared > 20


def test_where_all_comparisons_made_are_events_their_number_is_withheld(
    by_failures: dict[int, tuple[pd.DataFrame, ...]],
) -> None:
    for _, shown in by_failures.values():
        for metric, at in (("FNMR", 0.99), ("FMR", -1.0)):
            everybody = shown[(shown["factor"] == "overall") & (shown["metric"] == metric)]
            assert everybody.loc[everybody["threshold"] == at, "events"].isna().all()


def test_a_publication_says_that_attempts_are_counted(tmp_path: Path) -> None:
    published(tmp_path / "s", 2)
    folder = tmp_path / "s" / "published"
    for name in ("README.md", "report.html"):
        assert "all comparisons that were attempted" in (folder / name).read_text("utf-8")
    findings = pd.read_csv(folder / "findings.csv")
    told = findings[findings["metric"].isin(["FMR", "FNMR"]) & (findings["verdict"] != "withheld")]
    assert len(told) > 2
    assert told[["p_value", "ratio_lower", "events_a"]].isna().all(axis=None)
    assert "too small" not in " ".join(told["statement"])
    said = " ".join((folder / "report.html").read_text("utf-8").split())
    assert "the range is withheld" in said
    for wrong in ("any ratio, either way", "at least 0 times"):
        assert wrong not in said
