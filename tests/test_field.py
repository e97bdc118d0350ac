"""The field beside the lab: what is counted, with which interval, and what is never mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from lfr_eval.contract.folder import FolderError
from lfr_eval.contract.record import StudyRecord
from lfr_eval.contract.tables import DEPLOYMENTS, FIELD, FINDINGS, RATES, Table
from lfr_eval.contract.tested import UNKNOWN
from lfr_eval.deployments import DeploymentError, import_records, read_deployments
from lfr_eval.deployments import write_records as write_table
from lfr_eval.finished.field import add_deployments, select
from lfr_eval.inference.field import binomial_interval, field_table, poisson_interval
from lfr_eval.study.sealing import render_again
from tests.engine.studies import FINGERPRINT, THRESHOLD, record, sealed, write_records
from tests.report.described import record_of
from tests.report.pages import parse


@pytest.mark.parametrize(("events", "trials"), [(1, 10), (3, 1000), (10, 2077), (10, 10)])
def test_binomial_intervals_are_clopper_pearsons(events: int, trials: int) -> None:
    expected = proportion_confint(events, trials, alpha=0.05, method="beta")
    assert binomial_interval(events, trials, 0.95) == pytest.approx(expected)


@pytest.mark.parametrize(("events", "hours"), [(1, 10.0), (5, 833.4), (25, 593.1)])
def test_poisson_intervals_are_garwoods(events: int, hours: float) -> None:
    expected = confint_poisson(events, hours, method="exact-c", alpha=0.05)
    assert poisson_interval(events, hours, 0.95) == pytest.approx(expected)


def test_no_event_gives_a_one_sided_bound() -> None:
    lower, upper = poisson_interval(0, 7_500.0, 0.95)
    assert (lower, upper) == (0.0, pytest.approx(-np.log(0.05) / 7_500))
    lower, upper = binomial_interval(0, 100, 0.95)
    assert (lower, upper) == (0.0, pytest.approx(1 - 0.05 ** (1 / 100)))
    assert np.isnan([*poisson_interval(0, 0.0, 0.95), *binomial_interval(0, 0, 0.95)]).all()


def table(tmp_path: Path, *rows: dict[str, object]) -> pd.DataFrame:
    return read_deployments([write_records(tmp_path / "deployments.csv", *rows)])


def test_thresholds_and_counting_rules_are_never_added_up(tmp_path: Path) -> None:
    deployments = table(
        tmp_path,
        record(),
        record(deployment_id="b", false_unconfirmed=1, faces_seen=3_000, hours=2.0),
        record(deployment_id="c", counting_rule="detections", faces_seen=90_000),
        record(deployment_id="d", faces_seen=None, counting_rule=None),
        record(deployment_id="e", threshold=0.6, true_confirmed=0, true_unconfirmed=0),
    )
    field = field_table(deployments, 0.95)
    rows = {
        (row.threshold, row.measure, None if pd.isna(row.counting_rule) else row.counting_rule): row
        for row in field.itertuples()
    }
    counted = {key: (row.deployments, row.false_alerts, row.exposure) for key, row in rows.items()}
    assert counted == {
        (0.6, "per alert", None): (1, 1, 1.0),
        (0.6, "per hour", None): (1, 1, 5.5),
        (0.6, "per face", "passes"): (1, 1, 12_000.0),
        (0.64, "per alert", None): (4, 5, 33.0),
        (0.64, "per hour", None): (4, 5, 18.5),
        (0.64, "per face", "passes"): (2, 3, 15_000.0),
        (0.64, "per face", "detections"): (1, 1, 90_000.0),
    }
    row = rows[0.64, "per alert", None]
    assert (row.lower, row.upper) == pytest.approx(binomial_interval(5, 33, 0.95))
    assert row.rate == pytest.approx(5 / 33)


def test_what_import_wrote_stands_beside_a_study(tmp_path: Path) -> None:
    file = write_records(tmp_path / "deployments.csv", record(), record(deployment_id="b"))
    imported = tmp_path / "records.parquet"
    write_table(import_records([file]).records, imported)
    pd.testing.assert_frame_equal(read_deployments([imported]), read_deployments([file]))


def test_everything_wrong_with_records_is_said_at_once(tmp_path: Path) -> None:
    bad = write_records(
        tmp_path / "bad.csv",
        record(date="01/03/2026", hours=0),
        record(alerts=5, faces_seen="many"),
        record(deployment_id="c", matcher_fingerprint="5f2b", counting_rule=None),
        record(deployment_id=None, watchlist_size=-1, threshold=None),
    )
    (tmp_path / "short.csv").write_text("deployment_id,date\na,2026-01-01\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DeploymentError) as caught:
        read_deployments(
            [bad, tmp_path / "short.csv", tmp_path / "empty", tmp_path / "nothing.csv"]
        )
    said = str(caught.value)
    for part in (
        "bad.csv, row 2: hours '0.0' is not above zero",
        "bad.csv, row 3: 8 alerts were decided, and there were 5",
        "bad.csv, row 3: faces_seen 'many' is not",
        "bad.csv, row 4: matcher_fingerprint '5f2b' is too short",
        "bad.csv, row 4: faces_seen is given without its counting_rule",
        "bad.csv, row 5: watchlist_size '-1' is not",
        "bad.csv, row 5: threshold is not given",
        "short.csv, the first 12 lines: there are no headings",
        "empty holds no deployment.json",
        "nothing.csv does not exist",
        "the record id '2026-03-01-a' occurs 2 times",
    ):
        assert part in said


def test_records_of_another_matcher_or_threshold_are_left_out_with_the_reason(
    tmp_path: Path,
) -> None:
    deployments = table(
        tmp_path,
        record(),
        record(deployment_id="b", matcher_fingerprint=FINGERPRINT[:12]),
        record(deployment_id="c", matcher_fingerprint="00" * 32),
        record(deployment_id="d", threshold=0.645),
    )
    chosen = select(deployments, study_of(FINGERPRINT))
    assert chosen["left_out"].fillna("").tolist() == [
        "",
        "",
        "another matcher",
        "a threshold that the study does not have",
    ]
    assert chosen["joined_by"].fillna("").tolist() == [*2 * ["the same fingerprint"], "", ""]


def study_of(fingerprint: str, live: dict[str, object] | None = None) -> StudyRecord:
    matcher = {"name": "m", "fingerprint": fingerprint, "description": "-", "score_range": None}
    thresholds = {"values": [0.6, 0.64], "primary": [0.6], "operating": None, "origin": None}
    said = {"statement": "-", **live} if live else None
    return record_of(matcher=matcher, thresholds=thresholds, live_engine=said)


CHECKED = {
    "described": True,
    "version": "lfr-matcher/3",
    "fingerprint": FINGERPRINT,
    "endpoint": "http://h/invocations",
    "checked": "2026-04-01T09:00:00+00:00",
}
PARITY = "parity of http://h/invocations with lfr-matcher/3 on 2026-04-01"


@pytest.mark.parametrize(
    ("live", "values", "joined", "left_out"),
    [
        (CHECKED, {}, PARITY, ""),
        (CHECKED, {"matcher_fingerprint": FINGERPRINT[:12]}, PARITY, ""),
        (CHECKED, {"threshold": 0.645}, "", "a threshold that the study does not have"),
        (CHECKED, {"model_version": "lfr-matcher/4"}, "", "another matcher"),
        (
            *(CHECKED, {"matcher_fingerprint": "00" * 32}, ""),
            "a lfr-matcher/3 with another fingerprint",
        ),
        (
            *({**CHECKED, "described": False}, {}, ""),
            f"lfr-matcher/3, which is not what was tested: {PARITY} failed",
        ),
        ({"described": False}, {}, "", UNKNOWN),
        ({}, {}, "", "another matcher"),
    ],
)
def test_records_join_a_study_of_an_endpoint_where_parity_with_their_version_was_found(
    live: dict[str, object], values: dict[str, object], joined: str, left_out: str, tmp_path: Path
) -> None:
    about = study_of("ee" * 32, live)
    (row,) = select(table(tmp_path, record(**values)), about).fillna("").to_dict("records")
    assert (row["joined_by"], row["left_out"]) == (joined, left_out)


def test_the_report_shows_the_field_beside_the_lab(tmp_path: Path) -> None:
    study = sealed(tmp_path / "study")
    render_again(study)
    before = study.study_hash()
    assert "What the field has shown" not in (study.path / "report.html").read_text()
    records = table(
        tmp_path,
        record(),
        record(deployment_id="b", date="2026-03-09", alerts=12, faces_seen=None),
        record(deployment_id="c", threshold=0.6, false_confirmed=0),
        record(deployment_id="d", matcher_fingerprint="00" * 32),
    )
    add_deployments(study, records)
    assert study.study_hash() == before
    assert study.verify() == []
    page = parse(study.path / "report.html")
    text = page.with_id("field").text
    assert "Threshold 0.60" in text
    assert "Threshold 0.64" in text
    assert "2 deployments from 2026-03-01 to 2026-03-09, 11 hours" in text
    assert "12 true and confirmed" in text
    assert "6 without a recorded decision" in text
    assert "Known to be of the matcher that was tested by the same fingerprint." in text
    assert "False alerts per alert 2 16 decided alerts 125 in 1,000 alerts" in text
    assert "False alerts per face counting rule: passes 1 12,000 faces seen 1 in 12,000" in text
    assert "none seen at most" in text
    assert "FPIR, watchlist of 10,000 2 13,000 recognition opportunities 1 in 6,500" in text
    assert "depends on how they are counted" in text
    assert "Left out: 1 record of another matcher." in text
    # What the field shows joins the study again when the report is only rendered.
    render_again(study)
    assert "What the field has shown" in (study.path / "report.html").read_text()
    study.path.joinpath(FIELD.file).write_bytes(b"changed")
    with pytest.raises(FolderError, match="changed after it was sealed"):
        render_again(study)
    add_deployments(study, records[:1])
    assert len(study.read(DEPLOYMENTS)) == 1
    assert study.read(FIELD)["threshold"].unique().tolist() == [THRESHOLD]
    assert study.study_hash() == before


@pytest.mark.parametrize(
    ("older", "column", "remedy"),
    [
        (DEPLOYMENTS, "joined_by", r"beside it again: lfr-eval report .*/study --deployments REC"),
        (FINDINGS, "registered", r"To have a report of this version, run it again\."),
        (RATES, "subjects", "run it again"),
    ],
)
def test_a_study_of_an_earlier_version_gets_a_sentence_with_the_remedy(
    older: Table, column: str, remedy: str, tmp_path: Path
) -> None:
    study = sealed(tmp_path / "study")
    records = table(tmp_path, record())
    add_deployments(study, records)
    frame = study.read(older) if study.file(older).is_file() else older.empty()
    frame.drop(columns=column).to_parquet(study.file(older))
    study.seal(study.provenance())
    with pytest.raises(
        FolderError, match=f"table '{older.name}' has no column '{column}'.*{remedy}"
    ):
        render_again(study)
    if older is DEPLOYMENTS:
        add_deployments(study, records)
        render_again(study)
