"""A study from end to end, on simulated people."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.provenance import Provenance
from lfr_eval.contract.tables import ALL, FINDINGS, MODELLED, MODELLED_SEARCHES, RATES, TRUTH
from lfr_eval.report.brief import to_brief
from lfr_eval.report.reading import read_report
from lfr_eval.study.sealing import report_and_seal
from tests.forked import Forked
from tests.report.reading_age import school_years
from tests.studies import SMALL, configured, run, tables_of

CONTROL = (
    "design=live",
    "design.watchlist_sizes=[10000]",
    "thresholds.values=[0.6]",
    "thresholds.operating=0.6",
    "inference.factors=[ethnicity]",
)

BRIEF = (*SMALL, "inference.factors=[gender]")
"""One factor: a study of it takes half the time of one with crossed groups."""


def test_it_leaves_tables_provenance_and_a_report(small: StudyFolder) -> None:
    files = {path.name for path in small.path.iterdir()}
    assert {table.file for table in ALL} <= files
    reports = {"report.html", "brief.pdf", "report.pdf", "conformance.json"}
    assert {"provenance.json", "study.json", "stages.json"} | reports <= files
    assert small.verify() == []


def test_every_table_has_its_documented_columns(small: StudyFolder) -> None:
    for table in ALL:
        frame = pd.read_parquet(small.file(table))
        known = table.names if not table.extra_columns else [c for c in frame if c in table.names]
        assert list(frame.columns)[: len(known)] == known
        pd.testing.assert_frame_equal(small.read(table), table.conform(frame))


def test_provenance_names_what_is_needed_to_make_it_again(small: StudyFolder) -> None:
    provenance = small.provenance().content()
    for part in (
        "matcher",
        "dataset_digest",
        "config",
        "seeds",
        "packages",
        "hardware",
        "code_digest",
        "git_revision",
        "started",
        "finished",
    ):
        assert provenance[part] is not None, part
    assert "paths" not in provenance["config"]
    assert str(Path.home()) not in json.dumps(provenance)


def test_the_same_configuration_gives_the_same_numbers(small: StudyFolder, tmp_path: Path) -> None:
    again = tables_of(tmp_path, *SMALL)
    assert again.path.name == small.path.name
    for table in ALL:
        pd.testing.assert_frame_equal(again.read(table), small.read(table))


def test_a_second_run_computes_nothing(small: StudyFolder) -> None:
    before = (small.path / "stages.json").read_text()
    study_hash = small.study_hash()
    again = run(small.path.parent, *SMALL, "report.pdf=true")
    assert (again.path / "stages.json").read_text() == before
    assert again.study_hash() == study_hash


def test_simulated_studies_say_so(small: StudyFolder) -> None:
    assert json.loads((small.path / "study.json").read_text())["simulated"] is True
    assert "SIMULATED" in (small.path / "report.html").read_text().upper()


def test_the_brief_can_be_read_at_fourteen(small: StudyFolder) -> None:
    brief = to_brief(read_report(small.path))
    assert max(school_years((*brief.answer, *brief.crowd, *brief.cannot))) <= 10


def test_a_study_can_do_without_a_pdf_and_stays_the_same_study(
    small: StudyFolder, tmp_path: Path
) -> None:
    without = configured(tmp_path, *SMALL, "report.pdf=false")
    assert without.analysis() == configured(tmp_path, *SMALL).analysis()
    copy = StudyFolder(tmp_path / small.path.name)
    shutil.copytree(small.path, copy.path)
    run = copy.provenance().content()
    run["config"]["report"]["pdf"] = False
    report_and_seal(copy, Provenance.of(run), None)
    assert not (copy.path / "report.pdf").exists()
    assert copy.study_hash() == small.study_hash()
    assert copy.verify() == []


def test_the_report_can_be_rendered_again(small: StudyFolder, tmp_path: Path) -> None:
    copy = tmp_path / small.path.name
    shutil.copytree(small.path, copy)
    (copy / "report.html").unlink()
    (copy / "report.pdf").write_bytes(b"another")
    assert cli.main(["report", str(copy)]) == 0
    assert (copy / "report.html").is_file()
    assert (copy / "report.pdf").read_bytes() == (small.path / "report.pdf").read_bytes()
    assert cli.main(["verify", str(copy)]) == 0


def test_a_changed_study_is_not_sealed_again(small: StudyFolder, tmp_path: Path) -> None:
    copy = tmp_path / small.path.name
    shutil.copytree(small.path, copy)
    with (copy / RATES.file).open("ab") as file:
        file.write(b" ")
    assert cli.main(["report", str(copy)]) == 2
    assert cli.main(["verify", str(copy)]) == 1


@pytest.mark.parametrize(
    "table", [t.file for t in ALL] + ["study.json", "report.html", "report.pdf"]
)
def test_verify_fails_when_any_file_is_changed(
    table: str, small: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "study"
    shutil.copytree(small.path, copy)
    with (copy / table).open("ab") as file:
        file.write(b" ")
    assert cli.main(["verify", str(copy)]) == 1
    assert f"{table} was changed" in capsys.readouterr().out


def omnibus(study: StudyFolder, factor: str) -> pd.Series:
    findings = study.read(FINDINGS)
    row = findings[
        (findings["metric"] == "FPIR")
        & (findings["factor"] == factor)
        & (findings["group_a"] == "*")
        & findings["primary"]
    ]
    assert len(row) == 1
    return row.iloc[0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_planted_fivefold_difference_is_found(seed: int, tmp_path: Path) -> None:
    study = tables_of(tmp_path, *CONTROL, f"dataset.seed={seed}")
    truth = study.read(TRUTH)
    truth = truth[(truth["metric"] == "FPIR") & (truth["factor"] == "ethnicity")]
    true = truth.set_index("group")["rate"]
    assert true["black"] / true["white"] == pytest.approx(5.0, rel=0.02)

    assert omnibus(study, "ethnicity")["verdict"] == "different"
    findings = study.read(FINDINGS)
    pair = findings[
        (findings["metric"] == "FPIR")
        & (findings["group_a"] == "black")
        & (findings["group_b"] == "white")
    ].iloc[0]
    assert pair["verdict"] == "different"
    assert pair["ratio"] > 1
    assert pair["ratio_lower"] < 5.0 < pair["ratio_upper"]


@pytest.mark.slow
def test_no_difference_is_found_where_none_is_planted(tmp_path: Path) -> None:
    """Three cohorts of equal groups: a test whose level is a half would be seen by 7 in 8."""
    hits = 0
    for seed in range(1, 4):
        study = tables_of(
            tmp_path,
            *CONTROL,
            *("dataset.people=300", f"dataset.seed={seed}"),
            "dataset.false_positive_ratio.black=1",
        )
        hits += omnibus(study, "ethnicity")["verdict"] == "different"
        equal = study.read(TRUTH)
        equal = equal[(equal["metric"] == "FPIR") & (equal["factor"] == "ethnicity")]["rate"]
        # A watchlist of 10,000 cannot be split evenly into six groups.
        assert np.ptp(equal) < 1e-3 * equal.mean()
    assert hits == 0


def _stages(studies: Path) -> set[str]:
    """Return the finished stages of the only study, pending or not."""
    return {name for file in studies.rglob("stages.json") for name in json.loads(file.read_text())}


@pytest.mark.slow
def test_a_killed_study_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    """Killed when nothing, one stage, and most stages are finished."""
    whole = tables_of(tmp_path / "whole", *BRIEF)
    studies = tmp_path / "killed"
    python = Forked("from tests.studies import run\nimport lfr_eval.comparison, torch")
    code = "import sys\nfrom pathlib import Path\nfrom tests.studies import run\n"
    for finished in (0, 1, 3):
        process = python.begin(f"{code}run(Path(sys.argv[1]), *sys.argv[2:])", str(studies), *BRIEF)
        while finished > len(stages := _stages(studies)):
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert len(stages) < 5
    python.close()
    ended = run(studies, *BRIEF)
    # The lock stays: taking it away would let two processes hold it at once.
    hidden = [path.name for path in ended.path.iterdir() if path.name.startswith(".")]
    assert hidden in ([], [".lock"])
    assert ended.verify() == []
    for table in (RATES, FINDINGS, TRUTH):
        pd.testing.assert_frame_equal(ended.read(table), whole.read(table))


def test_templates_from_a_file_give_the_same_rates(small: StudyFolder, tmp_path: Path) -> None:
    people, templates, _ = exported(tmp_path)
    given = [
        "dataset=manifest",
        f"dataset.path={people}",
        "matcher=templates",
        f"matcher.path={templates}",
        "matcher.operating=0.45",
    ]
    study = tables_of(tmp_path, *SMALL[3:], *given)
    assert_same_counts(study, small)


def test_a_vendors_scale_moves_thresholds_and_nothing_else(
    small: StudyFolder, tmp_path: Path
) -> None:
    people, templates, _ = exported(tmp_path)
    study = run(
        tmp_path,
        *SMALL[3:5],
        "dataset=manifest",
        f"dataset.path={people}",
        "matcher=templates",
        f"matcher.path={templates}",
        "matcher.score_slope=50",
        "matcher.score_offset=50",
        "thresholds.sweep=[70,80,2.5]",
        "thresholds.operating=72.5",
    )
    expected = small.read(RATES)
    moved = expected.assign(threshold=(50 * expected["threshold"] + 50).round(9))
    columns = ["metric", "threshold", "watchlist_size", "factor", "group", "events", "trials"]
    pd.testing.assert_frame_equal(study.read(RATES)[columns], moved[columns])
    page = (study.path / "report.html").read_text()
    assert "score = 50 x similarity + 50" in page
    assert "Its scores lie between 0 and 100." in page


def test_scores_from_a_file_give_the_same_rates(small: StudyFolder, tmp_path: Path) -> None:
    people, _, scores = exported(tmp_path)
    given = [
        "dataset=manifest",
        f"dataset.path={people}",
        "matcher=scores",
        f"matcher.path={scores}",
        "matcher.operating=0.45",
    ]
    study = tables_of(tmp_path, *SMALL[3:], *given)
    assert_same_counts(study, small)


def test_the_documented_line_for_a_vendors_templates(tmp_path: Path) -> None:
    people, templates, _ = exported(tmp_path)
    study = tables_of(
        tmp_path,
        "dataset=manifest",
        f"dataset.path={people}",
        "matcher=templates",
        f"matcher.path={templates}",
        "design=verification",
        "thresholds.values=[0.3,0.4,0.5]",
        "inference.factors=[gender]",
    )
    assert set(study.read(RATES)["metric"]) == {"FMR", "FNMR", "FTA", "FTE"}


def exported(folder: Path) -> tuple[Path, Path, Path]:
    """The small rehearsal as a vendor would hand it in: manifest, templates, scores."""
    from lfr_eval.cohort.simulated import simulate

    config = configured(folder, *SMALL)
    drawn = simulate(config.dataset)  # type: ignore[arg-type]
    images = drawn.cohort.images
    columns = [
        "image_id",
        "subject_id",
        "role",
        "pass_id",
        "camera",
        "gender",
        "ethnicity",
        "age_band",
    ]
    people, templates, scores = (folder / n for n in ("people.csv", "t.npz", "scores.csv"))
    images[columns].to_csv(people, index=False)
    np.savez(
        templates,
        image_id=images["image_id"].to_numpy(str)[drawn.acquired],
        template=drawn.vectors[drawn.acquired],
    )
    role, name = images["role"].to_numpy(str), images["image_id"].to_numpy(str)
    listed = np.flatnonzero(np.isin(role, ["reference", "filler"]) & drawn.acquired)
    probes = np.flatnonzero((role == "probe") & drawn.acquired)
    score = drawn.vectors[listed].astype(float) @ drawn.vectors[probes].astype(float).T
    pd.DataFrame(
        {
            "reference_id": np.repeat(name[listed], len(probes)),
            "probe_id": np.tile(name[probes], len(listed)),
            "score": score.ravel(),
        }
    ).to_csv(scores, index=False)
    return people, templates, scores


def assert_same_counts(study: StudyFolder, expected: StudyFolder) -> None:
    # A watchlist of part of the fillers is another draw where their order in the file differs;
    # here it is the same, so every count must be.
    columns = [
        "metric",
        "threshold",
        "watchlist_size",
        "factor",
        "group",
        "counterpart",
        "events",
        "trials",
        "subjects",
        "subjects_with_event",
    ]
    actual, wanted = study.read(RATES)[columns], expected.read(RATES)[columns]
    pd.testing.assert_frame_equal(actual, wanted)


def test_a_watchlist_without_fillers_is_refused_in_words(tmp_path: Path) -> None:
    people, templates, _ = exported(tmp_path)
    kept = pd.read_csv(people, dtype=str)
    kept[kept["role"] != "filler"].to_csv(people, index=False)
    from lfr_eval.config import ConfigError

    with pytest.raises(ConfigError, match=r"design\.watchlist_members=everybody"):
        run(
            tmp_path,
            "dataset=manifest",
            f"dataset.path={people}",
            "matcher=templates",
            f"matcher.path={templates}",
            "design=live",
            "thresholds.values=[0.5]",
        )


def test_an_unknown_factor_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'hair' \\(there are gender, ethnicity, age_band"):
        run(tmp_path, *SMALL, "inference.factors=[gender x hair]")


def test_beyond_the_data_false_matches_and_false_alerts_are_modelled_apart(
    small: StudyFolder,
) -> None:
    pairs, alerts = small.read(MODELLED), small.read(MODELLED_SEARCHES)
    assert set(pairs["metric"]) == {"FMR"}
    assert pairs["watchlist_size"].isna().all()
    assert set(alerts["metric"]) == {"FPIR"}
    assert set(alerts["watchlist_size"]) == {100, 300}


def test_groups_are_compared_within_cameras(tmp_path: Path) -> None:
    study = tables_of(tmp_path, *BRIEF, "inference.strata=[camera]")
    findings = study.read(FINDINGS)
    searches = findings[findings["metric"].isin(["FPIR", "FNIR", "FTA"])]
    assert searches["test"].str.endswith(", within camera").all()
    # Where too little was seen, nothing is compared.
    tested = searches["verdict"] != "untestable"
    ratios = searches[searches["ratio"].notna() & tested]
    assert len(ratios)
    assert ratios["statement"].str.contains("with the same camera").all()
    # A comparison of two people has no one camera, and its sentence says so.
    pairs = findings[findings["metric"] == "FMR"]
    assert pairs["statement"].str.contains("(Not controlled for camera.)", regex=False).all()
    assert study.verify() == []


def test_a_control_that_nothing_has_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"control factor 'weather' .* within a pass: camera"):
        run(tmp_path, *SMALL, "inference.strata=[weather]")
    with pytest.raises(ConfigError, match=r"control factor 'camera' .* within a pass: none"):
        run(tmp_path, *SMALL, "design=verification", "inference.strata=[camera]")
