"""Designs from configuration to tables: what is refused, and what a study of each leaves behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cohort import ManifestError, read_dont_care
from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import (
    ALERT_TIMES,
    CANDIDATE_LISTS,
    CORRECTIONS,
    DONT_CARE,
    FINDINGS,
    RATES,
)
from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference import rates
from lfr_eval.study.designs import design_of
from tests.studies import SMALL, configured, run, tables_of

FEW = (
    *SMALL,
    "dataset.people=30",
    "dataset.fillers=80",
    "design.watchlist_sizes=[60]",
    "thresholds.sweep=[0.4,0.5,0.1]",
    "inference.factors=[gender]",
)


def images(passes: list[str]) -> pd.DataFrame:
    names = [f"i{at}" for at in range(len(passes))]
    return pd.DataFrame({"image_id": names, "role": "probe", "pass_id": passes})


def test_an_operators_pass_is_one_image(tmp_path: Path) -> None:
    design = design_of(configured(tmp_path, *SMALL, "design=operator"))
    assert design.opportunities(images(["a", "b"]))["pass_id"].tolist() == ["a", "b"]
    with pytest.raises(ConfigError, match=r"2 passes have several: a \(3 images\), c \(2 images\)"):
        design.opportunities(images(["a", "a", "b", "a", "c", "c"]))


def test_a_retrospective_search_is_one_image(tmp_path: Path) -> None:
    design = design_of(configured(tmp_path, *SMALL, "design=retrospective"))
    assert design.opportunities(images(["a", "a"]))["pass_id"].tolist() == ["i0", "i1"]


def test_groups_are_compared_once_and_not_by_rank() -> None:
    def trials(metric: str, size: int | None, rank: int | None = None) -> PersonTrials:
        none = np.empty(0, np.intp)
        return PersonTrials(
            metric, 0, none, none.astype(np.float32), True, watchlist_size=size, rank=rank
        )

    given = [
        *(trials(metric, size) for size in (10, 99) for metric in ("FPIR", "FNIR", "TPIR")),
        trials("misidentification", 99),
        trials("FNIR", 99, rank=1),
        trials("FTA", None),
    ]
    found = [(one.metric, one.watchlist_size) for one in rates.compared(given)]
    assert found == [("FPIR", 10), ("FPIR", 99), ("FNIR", 99), ("FTA", None)]


def test_a_file_of_dont_care_people_is_checked_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "twins.csv"
    file.write_text(
        "subject_a,subject_b,reason\n"
        "ann,bea,twins\nbea,ann,twins\ncem,cem,typo\nann,zoe,twins\nann,cem,\n"
    )
    with pytest.raises(ManifestError) as caught:
        read_dont_care(file, {"ann", "bea", "cem"})
    problems = [(problem.row, problem.kind) for problem in caught.value.problems]
    assert problems == [
        (3, "repeated pair"),
        (4, "one person"),
        (5, "unknown person"),
        (6, "no reason"),
    ]
    with pytest.raises(ManifestError, match="the file does not exist"):
        read_dont_care(tmp_path / "nothing.csv", set())
    file.write_text("subject_a,subject_b,reason\nbea,ann,twins\n")
    table = read_dont_care(file, {"ann", "bea"})
    assert table.to_numpy().tolist() == [["ann", "bea", "twins"]]


@pytest.fixture(scope="module")
def retrospective(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    return run(tmp_path_factory.mktemp("retrospective"), *FEW, "design=retrospective")


def test_a_retrospective_study_reports_ranks_and_lists(retrospective: StudyFolder) -> None:
    table = retrospective.read(RATES)
    overall = table[(table["factor"] == "overall") & (table["watchlist_size"] == 60)]
    ranked = overall[overall["metric"] == "TPIR"]
    by_rank = ranked[ranked["threshold"].isna()].sort_values("rank")
    assert by_rank["rank"].tolist() == [1, 5, 10, 20, 50]
    assert by_rank["events"].is_monotonic_increasing
    # Both asked at once is never easier than either.
    both = ranked[(ranked["threshold"] == 0.5) & (ranked["rank"] == 1)]["events"].item()
    alone = ranked[(ranked["threshold"] == 0.5) & ranked["rank"].isna()]["events"].item()
    assert both <= min(alone, by_rank["events"].iloc[0])
    assert set(retrospective.read(FINDINGS)["metric"]) == {"FPIR", "FNIR", "FTA", "FTE"}
    lists = retrospective.read(CANDIDATE_LISTS)
    everybody = lists[(lists["factor"] == "overall") & (lists["watchlist_size"] == 60)]
    assert (everybody["searches"] == 120).all()
    fpir = overall[(overall["metric"] == "FPIR")].set_index("threshold")["events"]
    some = everybody.set_index("threshold")["longest"] > 0
    assert (some == (fpir > 0)).all()
    assert retrospective.verify() == []
    page = (retrospective.path / "report.html").read_text(encoding="utf-8")
    assert 'id="candidate-lists"' in page
    assert "rank 50" in page


def test_the_content_of_the_dont_care_file_is_part_of_the_study(tmp_path: Path) -> None:
    pairs_only = (*FEW, "design=verification")
    people = ["subject-00000", "subject-00001", "subject-00002"]
    file = tmp_path / "apart.csv"
    trials = {}
    for pairs in (people[:2], people[:3]):
        rows = [f"{people[0]},{other},twins" for other in pairs[1:]]
        file.write_text("\n".join(["subject_a,subject_b,reason", *rows]) + "\n")
        study = run(tmp_path, *pairs_only, f"design.dont_care={file}")
        assert len(study.read(DONT_CARE)) == len(rows)
        left_out = -study.read(CORRECTIONS)["trials"].sum()
        fmr = study.read(RATES)
        fmr = fmr[(fmr["metric"] == "FMR") & (fmr["factor"] == "overall")]["trials"].iloc[0]
        trials[len(rows)] = fmr + left_out
        assert left_out > 0
        assert 'id="left-out"' in (study.path / "report.html").read_text(encoding="utf-8")
        assert str(tmp_path) not in str(study.provenance().config)
    # Thirty people with four passes each, of which some gave no template, compared with the
    # reference of everybody else.
    assert trials[1] == trials[2]
    passes, rest = divmod(trials[1], 29)
    assert rest == 0
    assert 110 <= passes < 120


def test_every_alert_of_one_frame_comes_at_once(retrospective: StudyFolder, tmp_path: Path) -> None:
    live = tables_of(tmp_path, *FEW, "design=live")
    times = live.read(ALERT_TIMES)
    some = times[times["alerts"] > 0]
    assert len(some)
    assert (some["frames_90"] == 1).all()
    # Passes of one frame are what the retrospective design searches, too.
    key = ["metric", "threshold", "watchlist_size", "group"]
    either = [
        study.read(RATES).query("rank.isna() and metric in ['FPIR', 'TPIR', 'FNIR']").set_index(key)
        for study in (live, retrospective)
    ]
    pd.testing.assert_series_equal(either[0]["events"], either[1]["events"])
