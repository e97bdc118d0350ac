"""With a log of passes, the manifest makes nobody pass: it says who is enrolled and who is who."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cohort.problems import ManifestError
from lfr_eval.contract.record import read_record
from lfr_eval.contract.tables import RATES, SEARCHES
from lfr_eval.finished.publication import publish_study
from lfr_eval.report.brief.answer import answer
from lfr_eval.report.brief.around import facts
from lfr_eval.report.brief.crowd import crowd_words
from lfr_eval.report.reading import read_report
from tests.inputs.conftest import WATCHLIST, Logs
from tests.studies import run

VOLUNTEERS = [f"v{i}" for i in range(12)]


def _labels(role: str = "probe") -> str:
    return "".join(f"l{i},{name},{role},{'fm'[i % 2]},b\n" for i, name in enumerate(VOLUNTEERS))


def _passes(people: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"pass_id": [f"p{i}" for i in range(len(people))], "subject_id": people})


def test_rows_of_probes_give_labels_and_no_passes(logs: Logs) -> None:
    enrolled, strangers = [f"s{i}" for i in range(8)] * 3, VOLUNTEERS[:11] * 3
    passes = _passes([*enrolled, *strangers, *["unknown"] * 7])
    false = [26, 31, 40, 41, 58]
    right = [0, 1, 5, 9]
    alerts = pd.DataFrame(
        {
            "pass_id": [f"p{i}" for i in right + false],
            "reference_id": [f"r{i % 8}" for i in right] + [f"f{i % 20}" for i in false],
            "score": np.linspace(0.7, 0.9, len(right) + len(false)),
        }
    )
    settings = logs.write(passes.to_csv(index=False), alerts.to_csv(index=False))
    (logs.folder / "people.csv").write_text(WATCHLIST + _labels())
    study = run(logs.folder, *settings, "thresholds.values=[0.6]", "thresholds.operating=0.6")

    gender = {name: "fm"[i % 2] for i, name in enumerate(VOLUNTEERS)}
    others = passes[~passes["subject_id"].isin(enrolled)]
    expected = others.assign(event=others.index.isin(false), group=others["subject_id"].map(gender))
    rates = study.read(RATES).query("metric == 'FPIR'").set_index("factor")
    assert len(study.read(SEARCHES)) == len(passes)
    assert rates.loc["overall", ["events", "trials"]].tolist() == [5, len(expected)]
    rates = rates.loc["gender"].set_index("group")
    for group, of in expected.groupby("group"):
        told = rates.loc[group, ["events", "trials"]].tolist()
        assert told == [of["event"].sum(), len(of)]
    # A publication keeps the caveat, without a number that is small.
    publish_study(study, logs.folder / "published")
    page = (logs.folder / "published" / "report.html").read_text("utf-8")
    assert f"does not say who passed in some of {len(passes)} passes" in page
    said = " ".join(read_record(study.path).notes)
    assert "12 rows of the manifest with the role probe give labels only" in said
    assert "1 person in these rows never passed" in said


def test_a_row_of_both_is_on_the_watchlist_and_no_pass(logs: Logs) -> None:
    logs.write("pass_id,subject_id\np1,s0\np2,v0\n", "")
    (logs.folder / "people.csv").write_text(WATCHLIST + _labels("both"))
    images = logs.images()
    assert images.loc[images["role"] == "probe", "image_id"].tolist() == ["p1", "p2"]
    assert (images.loc[images["image_id"].str.startswith("l"), "role"] == "reference").all()


def test_labels_of_the_manifest_and_the_log_that_differ_are_refused(logs: Logs) -> None:
    logs.write("pass_id,subject_id,gender\np1,v0,m\n", "")
    (logs.folder / "people.csv").write_text(WATCHLIST + _labels())
    with pytest.raises(ManifestError, match="manifest has another label for this person"):
        logs.images()


def test_a_label_of_the_log_gets_the_name_that_the_manifest_has_for_it(logs: Logs) -> None:
    black, mixed = "Black, Black British, African", "Mixed or Multiple ethnic groups"
    passes = [("s0", black), ("z1", f"{black} "), ("z2", "BLACK"), ("z3", mixed)]
    rows = "".join(f'p{i},{name},"{label}"\n' for i, (name, label) in enumerate(passes))
    logs.write(f"pass_id,subject_id,Ethnicity\n{rows}p9,s1,\n", "")
    people = WATCHLIST.replace(",b\n", f',"{black}"\n').replace(",w\n", ",White\n")
    (logs.folder / "people.csv").write_text(people)
    seen = logs.cohort()
    passed = seen.images.query("role == 'probe'").set_index("image_id")["ethnicity"]
    assert passed.to_dict() == {
        **dict.fromkeys(["p0", "p1", "p2", "p9"], "Black"),
        "p3": "Mixed",
    }
    assert seen.label_names["ethnicity"] == {"Black": black, "Mixed": mixed}


def test_a_short_name_means_one_label(logs: Logs) -> None:
    ours, theirs = "Asian, Asian British, Indian", "Asian, Asian British, Chinese"
    logs.write(f'pass_id,subject_id,ethnicity\np1,s1,"{ours}"\np2,z2,"{theirs}"\n', "")
    people = WATCHLIST.replace(",b\n", f',"{ours}"\n').replace(",w\n", ",White\n")
    (logs.folder / "people.csv").write_text(people)
    seen = logs.cohort()
    passed = seen.images.query("role == 'probe'").set_index("image_id")["ethnicity"]
    assert passed.to_dict() == {"p1": "Asian", "p2": theirs}
    assert seen.label_names["ethnicity"] == {"Asian": ours}


def test_a_person_whom_the_log_writes_in_another_way_is_not_somebody_else(logs: Logs) -> None:
    logs.write("pass_id,subject_id\np1,S0\np2,v 03\np3,s1\np4,z9\np5,unknown\n", "")
    (logs.folder / "people.csv").write_text(WATCHLIST + _labels())
    with pytest.raises(ManifestError) as refused:
        logs.images()
    found = [(each.row, each.value, each.message) for each in refused.value.problems]
    assert found == [(2, "S0", "the manifest has 's0'"), (3, "v 03", "the manifest has 'v3'")]


def test_a_pass_may_have_the_name_of_a_row_that_only_labels_its_person(logs: Logs) -> None:
    logs.write("pass_id,subject_id\nl0,v0\n", "")
    (logs.folder / "people.csv").write_text(WATCHLIST + _labels())
    images = logs.images().set_index("image_id")
    assert images.loc["l0", ["role", "gender"]].tolist() == ["probe", "f"]


def test_where_nobody_tested_has_a_label_nothing_is_said_of_their_groups(logs: Logs) -> None:
    passes = _passes([*[f"s{i}" for i in range(6)] * 4, *VOLUNTEERS * 3])
    alerts = "".join(f"p{i},f{i % 20},0.7\n" for i in range(24, 60, 3))
    log = "pass_id,reference_id,score\np0,r0,0.9\n" + alerts
    settings = logs.write(passes.to_csv(index=False), log)
    study = run(logs.folder, *settings, "thresholds.values=[0.6]")
    report = read_report(study.path)
    people = dict(facts(report))["On whom"]
    assert people.startswith("20 people, who passed 60 times in all; 2 of them never passed.")
    assert "tries each" not in (study.path / "report.html").read_text("utf-8")
    assert "The study has no rate of false alerts for any group" in answer(report)[0]
    crowd = " ".join(crowd_words(report))
    assert "In a crowd of 10,000 people a day" in crowd
    for odd in ("too few", "between these groups", "Of every 1,000"):
        assert odd not in crowd
