"""Lists of candidates, with scores or ranks: what they tell, and what they cannot."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lfr_eval.config import ConfigError
from lfr_eval.contract.tables import CANDIDATE_LISTS, EQUITY, FINDINGS, RATES
from lfr_eval.contract.words import percentage
from lfr_eval.report import answer
from lfr_eval.tracking.metrics import metrics_of
from tests.inputs.conftest import Logs
from tests.studies import run, tables_of


def test_candidate_lists_of_retrospective_searches(logs: Logs) -> None:
    rng = np.random.default_rng(3)
    passes = "pass_id,subject_id\n" + "".join(f"p{i},s{i}\n" for i in range(8)) + "p8,unknown\n"
    lists, place = [], {}
    for search in range(8):
        names = [f"r{i}" for i in range(8)] + [f"f{i}" for i in range(20)]
        scores = dict(zip(names, rng.permutation(np.arange(300, 328)) / 1000, strict=True))
        ranked = sorted(names, key=scores.__getitem__, reverse=True)
        place[search] = ranked.index(f"r{search}") + 1
        lists += [f"p{search},{name},{scores[name]}" for name in ranked[:10]]
    words = logs.write(passes, "pass_id,reference_id,score\n" + "\n".join(lists) + "\n")
    words += ["matcher.floor=0", "matcher.at_most=10", "design=retrospective"]
    study = run(logs.folder, *words, "design.ranks=[1,5,10]", "thresholds.values=[0.3,0.32]")
    rates = study.read(RATES).query("factor == 'overall' and metric == 'TPIR'")
    by_rank = rates[rates["threshold"].isna()].set_index("rank")["events"]
    assert by_rank.to_dict() == {
        rank: sum(own <= rank for own in place.values()) for rank in (1, 5, 10)
    }
    first, *_ = answer(study.path)
    said = f"first candidate in {by_rank[1]} of 8 searches ({percentage(by_rank[1] / 8)}) and among"
    assert said in first
    assert f"the first 10 candidates in {by_rank[10]} of 8 searches" in first
    assert "At threshold 0.30 and a watchlist of 28 faces" in first
    assert study.record().thresholds.operating is None
    page = (study.path / "report.html").read_text(encoding="utf-8")
    assert 'class="quiet">rank 10<' in page
    assert "does not say who was searched for in 1 of 9 searches." in page
    assert "alert counted as false" not in page
    ranked = tables_of(logs.folder, *words, "design.ranks=[1,10]")
    assert set(ranked.read(RATES)["metric"]) == {
        *("FNIR", "TPIR", "misidentification", "FTA", "FTE")
    }
    assert "false alert" not in " ".join(answer(ranked.path))
    lists_of = study.read(CANDIDATE_LISTS).query("factor == 'overall' and threshold == 0.3")
    assert lists_of["longest"].tolist() == [10]
    with pytest.raises(ConfigError, match=r"design\.ranks=\[20\] .* at most 10"):
        run(logs.folder, *words, "design.ranks=[20]")


def test_lists_of_ranks_are_told_as_ranks(logs: Logs) -> None:
    rng = np.random.default_rng(4)
    names = [f"r{i}" for i in range(8)] + [f"f{i}" for i in range(20)]
    lists, own = [], []
    for search in range(8):
        ranked = rng.permutation(names).tolist()
        own.append(ranked.index(f"r{search}") + 1)
        lists += [f"p{search},{name},{at}" for at, name in enumerate(ranked[:20], 1)]
    passes = "pass_id,subject_id\n" + "".join(f"p{i},s{i}\n" for i in range(8))
    words = logs.write(passes, "pass_id,reference_id,Rank\n" + "\n".join(lists) + "\n")
    words += ["matcher.floor=-20", "matcher.at_most=20", "design=retrospective"]
    words += ["matcher.columns={score: Rank}", "matcher.higher_is=worse", "design.ranks=[1,20]"]
    study = run(logs.folder, *words, "thresholds.values=[-20,-10]")
    rates = study.read(RATES).query("metric == 'FNIR' and rank.notna() and threshold.isna()")
    for (factor, group, rank), row in rates.groupby(["factor", "group", "rank"]):
        kept = [o for at, o in enumerate(own) if factor == "overall" or "fm"[at % 2] == group]
        expected = [sum(place > rank for place in kept), len(kept)]
        assert row[["events", "trials"]].to_numpy().tolist() == [expected]
    assert len(rates) == 6
    # Every list holds somebody else, so no rank has false alerts.
    assert not (study.read(RATES)["metric"] == "FPIR").any()
    logged = {one.name: one for one in metrics_of(study.read(RATES), study.read(FINDINGS), None)}
    for rank in (1, 20):
        missed = logged[f"FNIR-28-rank-{rank}/overall/everybody"]
        assert (missed.value, missed.step) == (sum(place > rank for place in own) / 8, 0)
    page = (study.path / "report.html").read_text(encoding="utf-8")
    assert "Anybody placed after this rank on a list counts as not found" in page
    shown = page[: page.index('id="people"')]
    assert "Error rates by group: from lists of candidates" in shown
    assert "Errors at rank 20" in shown
    assert "Every group at rank 20 and a watchlist of" in shown
    assert "Along the rank, with a minus" in shown
    assert "dashed line, missed people" in shown
    assert "solid line" not in shown
    live = [word.replace("retrospective", "live") for word in words]
    walked = tables_of(logs.folder, *live, "thresholds.values=[-20,-10]")
    assert "TPIR" in set(walked.read(RATES)["metric"])
    assert not (walked.read(RATES)["metric"] == "FPIR").any()
    assert not re.search(r"(?i)threshold\s*(?:<[^>]*>)?−|passed \d+ times", shown)
    assert "does not name was not among the first 20 candidates" in page
    asked = (study.path / "conformance.json").read_text(encoding="utf-8")
    assert "The figures on the first page hold at ranks 10 and 20, for watchlists of 28" in asked
    assert "Primary comparisons are made at ranks 10 and 20." in asked
    assert "The rates at 2 ranks, from rank 20 to rank 10, are in table rates." in asked
    assert "\N{MINUS SIGN}" not in asked
    assert "the system calls two faces the same" not in page
    assert "A score at or above the threshold is a match" not in page
    missed = sum(at > 20 for at in own)
    assert f'>{missed}</data> of <data value="8">8</data>' in page


def test_lists_of_fixed_length_with_scores_are_told_as_ranks(logs: Logs) -> None:
    rng = np.random.default_rng(4)
    names = [f"r{i}" for i in range(8)] + [f"f{i}" for i in range(20)]
    lists, others = [], 0
    for search in range(8):
        ranked = rng.permutation(names).tolist()
        # The lists of later searches score lower, so that a threshold leaves some of them empty.
        best = 1 - search / 100
        lists += [f"p{search},{name},{best - at / 25:.3f}" for at, name in enumerate(ranked[:20])]
        others += best >= 0.97 and (ranked[0] != f"r{search}" or best - 1 / 25 >= 0.97)
    passes = "pass_id,subject_id\n" + "".join(f"p{i},s{i}\n" for i in range(8))
    words = logs.write(passes, "pass_id,reference_id,score\n" + "\n".join(lists) + "\n")
    words += ["matcher.floor=0", "matcher.at_most=20", "design=retrospective"]
    study = run(logs.folder, *words, "design.ranks=[1,20]", "thresholds.values=[0,0.97]")
    alerts = study.read(RATES).query("metric == 'FPIR' and factor == 'overall'")
    # At the floor every list holds somebody else: that is its length, and no false alert.
    counted = alerts.set_index("threshold")["events"].astype(int).to_dict()
    assert counted == pytest.approx({0.97: others})
    for table in (FINDINGS, EQUITY):
        told = study.read(table)
        assert not (told["metric"].str.contains("FPIR") & (told["threshold"] == 0)).any()
    lead = " ".join(answer(study.path))
    assert lead.startswith("The person sought was")
    assert "false alert" not in lead
    page = (study.path / "report.html").read_text(encoding="utf-8")
    assert "there would be about" not in page[: page.index('id="people"')]
