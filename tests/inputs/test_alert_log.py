"""Logs of alerts: which pass an alert belongs to, what is refused, and what a short log tells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.cohort import ManifestError
from lfr_eval.cohort.loading import load_manifest
from lfr_eval.cohort.opportunities import with_passes
from lfr_eval.config import ConfigError
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.tables import ACQUISITION, ALERT_LOG, ALERT_TIMES, RATES, SEARCHES
from lfr_eval.engine.alerts import Alert, AlertFile
from lfr_eval.finished.approvals import approvals, ledger_tags
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.alerts import AlertLog
from lfr_eval.matchers.passes import NAMED, NEAREST, NO_PASS, UNKNOWN_PASS
from lfr_eval.registry.versions import Version
from lfr_eval.study.evidence import notes_of_log
from tests.inputs.conftest import Logs
from tests.studies import run, tables_of

PASSES = """pass_id,subject_id,time,camera,acquired
a,s0,2026-03-14T10:00:00,north,yes
b,s1,2026-03-14T10:00:20,north,yes
c,unknown,2026-03-14T10:00:20,south,yes
d,,2026-03-14T10:00:40,north,no
e,s2,2026-03-14T10:01:00,north,
f,s3,2026-03-14T10:01:10,north,
g,s5,2026-03-14T10:05:00,north,
"""


def test_alerts_go_to_the_pass_they_name_or_the_nearest_in_time_at_the_camera(logs: Logs) -> None:
    doubtful = ",2026-03-14T10:01:05,north,r2,0.7\n"
    alerts = (
        "pass_id,time,camera,reference_id,score\n"
        "b,,,r1,0.9\n"
        "\n"
        ",2026-03-14T10:00:03,north,r0,0.8\n"
        ",2026-03-14T10:00:22,south,f3,0.7\n"
        f"{doubtful}"
        ",2026-03-14T10:03:00,north,f1,0.7\n"
        "zz,,,f2,0.65\n"
        ",2026-03-14T10:04:58,,r5,0.6\n"
    )
    logs.write(PASSES, alerts)
    with pytest.raises(MatcherError, match=r"1 alert of 7 could belong to several .*: row 6 \("):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())
    words = logs.write(PASSES, alerts.replace(doubtful, ""))
    matcher = AlertLog(logs.folder / "alerts.csv", 0.6)
    log = matcher.alerts(logs.images())
    assert log["row"].tolist() == [2, 4, 5, 6, 7, 8]
    *_, near, lost = notes_of_log(matcher, log[log["row"].isin([2, 4, 6])])
    assert "1 alert of 3 named no pass and belongs to the pass that was" in near
    assert "1 alert of 3 belongs to no pass of the study" in lost
    assert "no rate counts it." in lost
    assert log["matched"].tolist() == [*(NAMED, NEAREST, NEAREST, NO_PASS, UNKNOWN_PASS, NEAREST)]
    found = log["pass_id"].astype(object).where(log["pass_id"].notna(), None)
    assert found.tolist() == ["b", "a", "c", None, None, "g"]
    assert log["seconds"].dropna().tolist() == [3.0, 2.0, -2.0]
    study = run(logs.folder, *words)
    rates = study.read(RATES).query("factor == 'overall' and threshold == 0.6")
    counts = rates.set_index("metric")[["events", "trials"]].astype(int).T.to_dict("list")
    # Five passes of enrolled people, two of whom nobody recognised; one alert a pass at most, so
    # that only passes of unknown people tell how often somebody else is named.
    assert counts["TPIR"] == [3, 5]
    assert counts["FNIR"] == [2, 5]
    assert counts["FPIR"] == [1, 2]
    assert counts["misidentification"] == [0, 5]
    fta = study.read(RATES).query("factor == 'overall' and metric == 'FTA'")
    assert fta[["events", "trials"]].to_numpy().tolist() == [[1, 7]]
    acquisition = study.read(ACQUISITION).set_index("image_id")
    assert acquisition.loc["d", "reason"] == "not acquired, as the people's data say"
    times = study.read(ALERT_TIMES).query("factor == 'overall' and alerts > 0")
    assert times["alerts"].tolist() == [3, 1]
    assert times["timed"].tolist() == [2, 1]
    page = (study.path / "report.html").read_text(encoding="utf-8")
    assert "2 alerts of 6 belong to no pass of the study" in page
    assert "The log does not say who passed in 2 of 7 passes" in page
    assert "The study has no rate of false alerts for any group" in page
    # What the evidence maps answer: one threshold shows no trade-off, and the list has a size.
    asked = (study.path / "conformance.json").read_text(encoding="utf-8")
    assert "Not given, because the study has one threshold." in asked
    assert "The operating setting of the study is threshold 0.60." in asked
    assert "hold at threshold 0.60, for watchlists of 28 faces." in asked
    assert "Not given, because the study has none of" not in asked


def test_labels_come_from_the_manifest_and_unknown_people_are_their_own(logs: Logs) -> None:
    logs.write(
        PASSES.replace("acquired\n", "acquired,gender\n", 1)
        .replace(",yes\n", ",yes,\n")
        .replace("no\n", "no, F\n")
        .replace("north,\n", "north,,\n"),
        "pass_id,reference_id,score\n",
    )
    images = logs.images().set_index("image_id")
    assert images.loc["a", ["gender", "ethnicity"]].tolist() == ["f", "b"]
    assert images.loc["d", "gender"] == "f"
    assert pd.isna(images.loc["c", "gender"])
    assert images.loc[["c", "d"], "subject_id"].nunique() == 2
    assert images.loc["a", "acquired"]
    assert pd.isna(images.loc["e", "acquired"])


def test_what_is_wrong_with_a_log_of_passes_is_listed_at_once(logs: Logs) -> None:
    logs.write(
        "pass_id,subject_id,acquired,gender\nr1,s1,yes,\nk,x1,maybe,\n\nl,s0,,m\nl,s1,no,m\n", "a\n"
    )
    with pytest.raises(ManifestError) as caught:
        logs.images()
    assert {(p.row, p.kind) for p in caught.value.problems} >= {(3, "acquired")}
    logs.write("pass_id,subject_id,gender\nr1,s1,\nk,x1,\n\nl,s0,m\n", "a\n")
    with pytest.raises(ManifestError) as caught:
        logs.images()
    assert [(p.row, p.kind) for p in caught.value.problems] == [
        (2, "pass named like an image"),
        (3, "filler who passes"),
        (5, "label unlike the manifest's"),
    ]
    logs.write("pass,who\na,b\n", "a\n")
    with pytest.raises(ManifestError, match="column 'pass_id': the column is missing") as caught:
        logs.images()
    said = "give 'dataset.pass_columns={pass_id: THEIRS}'. Columns there: pass, who."
    assert said in str(caught.value)


def test_what_a_log_cannot_have_told_is_refused_with_its_rows(logs: Logs) -> None:
    logs.write(PASSES, "pass_id,reference_id,score\na,r0,0.9\nd,f1,0.7\nb,zz,0.7\na,f2,0.7\n")
    log = AlertLog(logs.folder / "alerts.csv", 0.6)
    with pytest.raises(MatcherError) as caught:
        log.alerts(logs.images())
    for part in (
        "watchlist (add its row there, or leave out the alert): row 4 (b, zz, 0.7)",
        "was not acquired (correct acquired there, or pass_id or time here): row 3 (d, f1, 0.7)",
        "more than 1 references (matcher.at_most; 0: the log names all that reach the floor): "
        "row 2 (a, r0, 0.9), row 5 (a, f2, 0.7)",
    ):
        assert part in str(caught.value)
    logs.write(PASSES, "pass_id,reference_id,score\na,r0,0.5\na,,0.9\na,r0,high\n")
    with pytest.raises(MatcherError) as caught:
        AlertLog(logs.folder / "alerts.csv", 0.6)
    for part in (
        "raises an alert as matcher.floor): row 2 (a, r0, 0.5)",
        "of the reference that the alert names): row 3",
        "score is not a number (write plain digits, without '%', units, words or separators of "
        "thousands): row 4 (a, r0, high)",
    ):
        assert part in str(caught.value)
    logs.write(PASSES, "time,reference_id,score\nnoon,r0,0.7\n")
    with pytest.raises(MatcherError, match=r"has no time\. Write .* concerned: row 2"):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())
    logs.write(PASSES, "time,reference_id,score\n2026-03-14T10:00:03Z,r0,0.7\n")
    with pytest.raises(MatcherError, match="some times of alerts or passes have a time zone"):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())


def test_distances_and_other_names_of_columns(logs: Logs) -> None:
    logs.write(PASSES, "opportunity;gallery;dist\na;r0;0,31\nb;f3;0,4\n")
    log = AlertLog(
        logs.folder / "alerts.csv",
        -0.45,
        columns={"pass_id": "opportunity", "reference_id": "gallery", "score": "dist"},
        higher_is="worse",
    ).alerts(logs.images())
    assert log["score"].tolist() == [-0.31, -0.4]
    assert log["pass_id"].tolist() == ["a", "b"]


def test_alerts_on_other_enrolled_people_are_not_lost(logs: Logs) -> None:
    header = "event,subject_id,seen,camera,acquired"
    passes = PASSES.replace("pass_id,subject_id,time,camera,acquired", header)
    words = logs.write(passes, "pass_id,reference_id,score\na,r3,0.9\nb,r1,0.7\n")
    with pytest.raises(
        ManifestError,
        match=r"gives 'when' for 'time', but the log of passes has "
        "no such",
    ):
        run(logs.folder, *words, "dataset.pass_columns={pass_id: event, time: when}")
    words += ["dataset.pass_columns={pass_id: event, time: seen}", "report.system=NeoFace 4.1"]
    study = run(logs.folder, *words)
    assert study.record().matcher.called == "NeoFace 4.1"
    page = (study.path / "report.html").read_text(encoding="utf-8")
    assert "NeoFace 4.1. The live system that wrote the log" in page
    rates = study.read(RATES).query("factor == 'overall' and threshold == 0.6")
    assert rates.set_index("metric").loc["misidentification", "events"] == 1
    assert set(study.read(SEARCHES)["watchlist_size"]) == {28}
    with pytest.raises(ValueError, match=r"so set design\.watchlist_members=everybody"):
        run(logs.folder, *words, "design.watchlist_members=fillers")
    with pytest.raises(ValueError, match=r"Leave design\.watchlist_sizes empty"):
        run(logs.folder, *words, "design.watchlist_sizes=[10]")
    with pytest.raises(ConfigError, match="pairs below the floor are in no log"):
        run(logs.folder, *words, "design=verification")


def engine_log(folder: Path) -> Path:
    file = AlertFile(folder / "alerts.jsonl")
    file.begin({"threshold": 0.7, "cooldown": 0})
    for number, (at, reference, score) in enumerate(
        [
            ("2026-03-14T10:00:01+00:00", "r0", float(np.float32(0.7))),
            ("2026-03-14T10:00:21+00:00", "f3", 0.9),
        ]
    ):
        file.add(Alert(f"n-{number}", 1.5, at, 3, number, reference, score, 0.7, "m/1"))
    return file.path


def test_the_engines_own_alerts_are_such_a_log_at_its_threshold_only(logs: Logs) -> None:
    zoned = PASSES.replace(":00,", ":00+00:00,").replace(":20,", ":20+00:00,")
    zoned = zoned.replace(":40,", ":40+00:00,").replace(":10,", ":10+00:00,")
    words = logs.write(zoned.replace("south", "north"), "")
    log = engine_log(logs.folder)
    words = [w for w in words if not w.startswith(("matcher.path", "matcher.floor"))]
    words += [f"matcher.path={log}", "matcher.floor=0.7", "matcher.within=5"]
    # b and c passed at one time; with one camera nobody can say whose alert it was.
    with pytest.raises(
        MatcherError, match=r"1 alert of 2 could belong to several .*: row 3 \(2026-03-14T10:00:21"
    ):
        run(logs.folder, *words)
    logs.write(zoned.replace("unknown,2026-03-14T10:00:20", "unknown,2026-03-14T10:00:30"), "")
    study = tables_of(logs.folder, *words)
    assert study.read(ALERT_LOG)["matched"].tolist() == [NEAREST, NEAREST]
    rates = study.read(RATES).query("factor == 'overall' and metric == 'TPIR'")
    assert rates[["threshold", "events", "trials"]].to_numpy().tolist() == [[0.7, 1, 5]]
    with pytest.raises(ConfigError, match=r"nothing is known at the thresholds 0\.80"):
        run(logs.folder, *words, "thresholds.values=[0.7,0.8]")
    with pytest.raises(MatcherError, match=r"the engine's threshold is not 0\.65"):
        run(logs.folder, *words, "matcher.floor=0.65")
    named = AlertLog(log, 0.7, columns={"pass_id": "track", "time": "at"})
    assert (
        named.alerts(logs.images().assign(pass_id=lambda t: t["pass_id"].replace({"a": "0"})))[
            "pass_id"
        ].tolist()[0]
        == "0"
    )


def test_a_line_separator_inside_a_line_ends_none(logs: Logs) -> None:
    logs.write(PASSES, "")
    log = logs.folder / "a.jsonl"
    lines = [{"pass_id": "a", "reference_id": "r0", "score": 0.7, "place": "x\u2028y"}]
    log.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines))
    assert len(AlertLog(log, 0.6).alerts(logs.images())) == 1
    log.write_text('{"reference_id": "r0"\n')
    with pytest.raises(MatcherError, match="row 1 cannot be read"):
        AlertLog(log, 0.6)
    log.write_text('{"pass_id": "a", "reference_id": ["r0"], "score": 0.7}\n')
    with pytest.raises(MatcherError, match="row 1: 'reference_id' is a list;"):
        AlertLog(log, 0.6)


def test_a_log_without_any_alert_says_that_nobody_was_recognised(logs: Logs) -> None:
    study = tables_of(logs.folder, *logs.write(PASSES, "pass_id,reference_id,score\n"))
    rates = study.read(RATES).query("factor == 'overall' and metric in ['TPIR', 'FPIR']")
    assert rates[["events", "trials"]].to_numpy().tolist() == [[0, 2], [0, 5]]


def test_a_column_that_names_passes_is_found(logs: Logs) -> None:
    logs.write("pass_id,subject_id\n0,s0\n1,s1\n", "")
    with pytest.raises(MatcherError, match=r"passes: none.*'matcher\.columns=\{pass_id: track\}'"):
        AlertLog(engine_log(logs.folder), 0.7).alerts(logs.images())


def test_alerts_that_repeat_one_exactly_are_told_and_count_once(logs: Logs) -> None:
    alerts = "pass_id,reference_id,score\np1,r1,0.8\np1,r1,0.8\np1,r1,0.7\np1,r1,0.8\n"
    logs.write("pass_id,subject_id\np1,s1\n", alerts)
    log = AlertLog(logs.folder / "alerts.csv", 0.6)
    assert log.told == (
        "2 alerts of 4 in the log are the same as an earlier one in pass_id and reference_id and "
        "score; each is counted once.",
    )
    assert log.alerts(logs.images())["score"].tolist() == [0.8, 0.7]


def test_columns_that_may_take_alerts_back_are_told(logs: Logs) -> None:
    alerts = "pass_id,reference_id,score,Alert status\na,r0,0.9,active\nb,r1,0.8,retracted\n"
    logs.write(PASSES, alerts)
    log = AlertLog(logs.folder / "alerts.csv", 0.6)
    assert len(log.alerts(logs.images())) == 2
    (said,) = log.told
    assert said.startswith(
        "Column 'Alert status' of the log of alerts is not read (active: 1, retracted: 1)"
    )
    logs.write(PASSES, alerts.replace("retracted", "active"))
    assert AlertLog(logs.folder / "alerts.csv", 0.6).told == ()


def test_words_for_somebody_unknown_are_nobodys_name(logs: Logs) -> None:
    words = ["", "N/A", "Unknown person", "not known", "NOBODY", "-", "unidentified", "z9"]
    logs.write(
        "pass_id,subject_id\n" + "".join(f"p{at},{word}\n" for at, word in enumerate(words * 2)), ""
    )
    images = logs.images()
    people = images.loc[images["role"] == "probe", "subject_id"]
    assert people.nunique() == 2 * len(words) - 1


def test_alerts_without_a_pass_ask_for_the_column_of_times(logs: Logs) -> None:
    alerts = "Alert time,pass_id,reference_id,score\n10:00,p1,r1,0.8\n10:05,,r2,0.7\n"
    logs.write("pass_id,subject_id\np1,s1\n", alerts)
    said = r"\{time: THEIRS\}'\. Its other columns: Alert time\. Alerts concerned: row 3 "
    with pytest.raises(MatcherError, match=said):
        AlertLog(logs.folder / "alerts.csv", 0.6).alerts(logs.images())


def test_problems_of_passes_name_the_columns_of_their_log(logs: Logs) -> None:
    logs.write("Event,Person\np1,s1\np1,s1\n", "")
    cohort = load_manifest(logs.folder / "people.csv", templates_only=True)
    columns = {"pass_id": "Event", "subject_id": "Person"}
    with pytest.raises(ManifestError) as caught:
        with_passes(cohort, logs.folder / "passes.csv", columns)
    assert "column 'Event'" in str(caught.value)
    assert "row 2 has the same Event. Give every pass its own Event." in str(caught.value)
    assert "image" not in str(caught.value)
    (logs.folder / "passes.csv").write_text("Event,Person\np1,s1\n", encoding="utf-16")
    with pytest.raises(ManifestError, match="1 problem") as caught:
        with_passes(cohort, logs.folder / "passes.csv", columns)
    assert "Columns there" not in str(caught.value)


def test_a_system_that_only_its_log_knows_is_approved_by_name_and_version(
    logs: Logs, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs.write(PASSES, "pass_id,reference_id,score\na,r0,0.9\n")
    monkeypatch.setenv("LFR_EVAL_APPROVALS", str(logs.folder / "approvals.jsonl"))
    asked = ["--threshold", "0.6", "--by", "Dr Grey", "--role", "panel", "--proposer", "Mr Brown"]
    study = tables_of(logs.folder, *log)
    assert cli.main(["approve", str(study.path), *asked]) == 2
    assert "does not name the system" in capsys.readouterr().err
    named = tables_of(logs.folder, *log, "report.system=NeoFace")
    assert cli.main(["approve", str(named.path), *asked]) == 2
    assert "calls the system 'NeoFace'. Its approval needs a name" in capsys.readouterr().err
    assert cli.main(["approve", str(named.path), *asked, "--system", "Other 1"]) == 2
    assert "The study is about 'NeoFace', not 'Other 1'" in capsys.readouterr().err
    assert cli.main(["approve", str(named.path), *asked, "--system", "NeoFace 4.1"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("NeoFace 4.1 approved at 0.60 by Dr Grey (panel),\n")
    assert f"on study {named.study_hash()}; entry 1" in said.out
    assert "cannot check that the results are of NeoFace 4.1; only the supplier" in said.out
    assert said.err == ""
    assert cli.main(["approvals"]) == 0
    assert "Dr Grey (panel) approved NeoFace 4.1 at 0.60" in capsys.readouterr().out
    asked[3] = "Anna Grey"
    assert cli.main(["approve", str(named.path), *asked, "--system", "NeoFace 4.1"]) == 0
    assert "Note: 'Dr Grey' and 'Anna Grey' may be one person, because" in capsys.readouterr().out
    twin = Version("NeoFace", "4.1", named.record().matcher.fingerprint)
    ledger = Ledger(logs.folder / "approvals.jsonl")
    # No registered version is approved by it, whatever it is called.
    assert approvals(ledger, twin) == []
    assert ledger_tags(ledger) == {}
