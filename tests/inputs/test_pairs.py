"""Lists of pairs: counts beside NumPy, with people and without, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cli import main as cli
from lfr_eval.config import ConfigError
from lfr_eval.contract.tables import COHORT, FINDINGS, RATES
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.pairs import PairFile
from lfr_eval.study.foreseen import foresee
from tests.studies import configured, run, tables_of

THRESHOLDS = (0.3, 0.4, 0.45)
GROUPS = {"African": 0.05, "Asian": 0.03, "Caucasian": 0.0, "Indian": 0.02}


def published(each: int = 120, people: int = 30) -> pd.DataFrame:
    """Genuine and other pairs within four groups, as RFW has them."""
    rng = np.random.default_rng(5)
    rows = []
    for group, shift in GROUPS.items():
        for at in range(each):
            genuine = at < each // 2
            one = rng.integers(people)
            other = one if genuine else (one + 1 + rng.integers(people - 1)) % people
            score = (0.6 if genuine else 0.2 + shift) + 0.1 * rng.normal()
            rows.append((score, int(genuine), group, f"{group}{one}", f"{group}{other}"))
    return pd.DataFrame(rows, columns=["sim", "same", "race", "id1", "id2"])


def words_of(path: Path, **columns: str) -> list[str]:
    named = ", ".join(f"{ours}: {theirs}" for ours, theirs in columns.items())
    return [
        *("dataset=pairs", f"dataset.path={path}", "matcher=pairs", "design=verification"),
        f"matcher.columns={{{named}}}",
        f"thresholds.values=[{','.join(map(str, THRESHOLDS))}]",
        *("thresholds.operating=0.4", "report.pdf=false"),
    ]


PLAIN = {"score": "sim", "genuine": "same", "group": "race"}
KNOWN = {**PLAIN, "subject_a": "id1", "subject_b": "id2"}


@pytest.mark.parametrize("columns", [PLAIN, KNOWN], ids=["unknown people", "known people"])
def test_rates_of_a_list_equal_numpy(columns: dict[str, str], tmp_path: Path) -> None:
    pairs = published()
    pairs.to_csv(tmp_path / "pairs.csv", index=False)
    study = tables_of(tmp_path, *words_of(tmp_path / "pairs.csv", **columns))
    rates, score = study.read(RATES), pairs["sim"].to_numpy()
    genuine, race = pairs["same"].to_numpy() == 1, pairs["race"].to_numpy(str)
    checked = 0
    for threshold in THRESHOLDS:
        for group in (*GROUPS, "everybody"):
            of = np.isin(race, [group] if group != "everybody" else list(GROUPS))
            for metric, trial, event in (
                ("FMR", ~genuine & of, score >= threshold),
                ("FNMR", genuine & of, score < threshold),
            ):
                row = rates[
                    (rates["metric"] == metric)
                    & (rates["threshold"] == threshold)
                    & (rates["group"] == group)
                    & (rates["counterpart"] == group)
                ]
                assert row[["events", "trials"]].to_numpy().tolist() == [
                    [int((event & trial).sum()), int(trial.sum())]
                ]
                if columns == PLAIN:
                    assert row["subjects"].item() == trial.sum()
                else:
                    ids = pairs.loc[trial, ["id1", "id2"]].to_numpy()
                    assert row["subjects"].item() == len(np.unique(ids))
                checked += 1
    assert checked == 30


def test_the_report_says_what_unknown_people_cost(tmp_path: Path) -> None:
    pairs = published(80)
    pairs.to_csv(tmp_path / "pairs.csv", index=False)
    said = "Wherever this report counts people, it counts pairs."
    alone = run(tmp_path, *words_of(tmp_path / "pairs.csv", **PLAIN))
    page = (alone.path / "report.html").read_text(encoding="utf-8")
    assert said in page
    assert "Pairs are counted, not people." in page
    assert "People are counted, not comparisons." not in page
    assert "A longer watchlist gives more false alerts" not in page
    statements = " ".join(alone.read(FINDINGS)["statement"])
    assert " pairs against " in statements
    assert not any(f"{digit} people" in statements for digit in range(10))
    known = run(tmp_path, *words_of(tmp_path / "pairs.csv", **KNOWN))
    assert said not in (known.path / "report.html").read_text(encoding="utf-8")
    # Nobody invents images: nobody is a reference or a probe.
    assert set(known.read(COHORT)["role"]) == {"pair"}
    assert known.read(COHORT)["subject_id"].nunique() == len(known.read(COHORT))
    assert known.verify() == []
    told = ["report", str(known.path), "--publish", "--to", str(tmp_path / "told")]
    assert cli.main(told) == 0
    assert (tmp_path / "told" / "rates.csv").exists()


def test_rows_that_may_repeat_a_comparison_are_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    lines = ["score,genuine,subject_a,subject_b", "0.51,1,a,a", "0.2,0,a,b", "0.2,0,c,b"]
    path.write_text("\n".join(lines))
    assert PairFile(path).told == ()
    path.write_text("\n".join([*lines, lines[2]]))
    (said,) = PairFile(path).told
    assert said.startswith("1 row of 4 in the list of pairs has the same people and score as an")


def test_groups_that_other_rows_fill_are_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    head = "score,genuine,subject_a,subject_b,group\n"
    path.write_text(f"{head}0.51,1,a,a,x\n0.2,0,a,b,\n0.3,0,a,b,x\n0.4,1,c,c,\n")
    file = PairFile(path)
    groups = file.people().set_index("subject_id")["group"].astype(object).fillna("")
    assert groups.to_dict() == {"a": "x", "b": "x", "c": ""}
    assert file.told == (
        "1 row of 4 in the list of pairs gives no group for a person who has one in other rows. "
        "The group of the other rows is used.",
    )


def test_pairs_across_groups_are_those_of_a_loop_whichever_side_is_first(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    group, number = rng.choice(list("xyz"), 40), 600
    a, b = rng.integers(40, size=number), rng.integers(40, size=number)
    pairs = pd.DataFrame({"score": rng.random(number).round(3), "genuine": (a == b).astype(int)})
    tables = []
    for turned in (rng.random(number) < 0.5, np.zeros(number, bool)):
        one, other = np.where(turned, b, a), np.where(turned, a, b)
        sides = {"subject_a": one, "subject_b": other}
        groups = {"group_a": group[one], "group_b": group[other]}
        pairs.assign(**sides, **groups).to_csv(tmp_path / "pairs.csv", index=False)
        study = tables_of(tmp_path, *words_of(tmp_path / "pairs.csv"))
        tables.append(study.read(RATES))
    rates = tables[1]
    pd.testing.assert_frame_equal(*tables)
    at = rates[(rates["threshold"] == 0.4) & (rates["factor"] == "group")]
    for row in at.itertuples():
        there, people = np.zeros(number, bool), set()
        for at_row in range(number):
            sides = [(a[at_row], b[at_row]), (b[at_row], a[at_row])]
            for left, right in sides:
                met = (group[left], group[right]) == (row.group, row.counterpart)
                if met and (a[at_row] == b[at_row]) == (row.metric == "FNMR"):
                    there[at_row] = True
                    people.add(left)
        high = pairs["score"].to_numpy() >= 0.4
        events = there & (high if row.metric == "FMR" else ~high)
        assert (row.events, row.trials) == (events.sum(), there.sum())
        assert row.subjects == len(people)
    assert len(at) == 9 + 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "score,genuine\n0.5,perhaps\n",
            "genuine must be 1 or 0 (or yes or no, same or different, match or non-match): row 2 "
            "(0.5, perhaps)",
        ),
        ("score,genuine\n\nhigh,1\n", "row 3 (high, 1)"),
        ("score,genuine,subject_a\n0.5,1,a\n", "has only subject_a, for one side of the pairs"),
        (
            "score,genuine,subject_a,subject_b\n0.5,1,a,b\n",
            "genuine says one person, but the two identities differ",
        ),
        (
            "score,genuine,subject_a,subject_b\n0.5,0,a,a\n",
            "genuine says two people, but both sides are the same",
        ),
        ("score,genuine,subject_a,subject_b\n0.5,0,a,\n", "an identity is missing"),
        (
            "score,genuine,subject_a,subject_b,group\n0.5,1,a,a,x\n0.5,1,a,a,x\n0.5,1,a,a,y\n",
            "otherwise correct the group): row 4 (0.5, 1, a, a, y)",
        ),
        ("score,genuine,group_a,group_b\n0.5,0,x,y\n", "across two groups needs identities"),
        ("score,genuine,group,group_a,group_b\n1,0,x,x,y\n", "give one or the other"),
        ("score,same\n0.5,1\n", "give 'matcher.columns={genuine: THEIRS}'"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(MatcherError) as caught:
        PairFile(path)
    assert said in str(caught.value)


def test_a_pair_across_groups_without_identities_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("score,genuine,group_a,group_b\n0.5,0,x,y\n0.4,0,y,Y\n")
    with pytest.raises(MatcherError) as caught:
        PairFile(path)
    assert str(caught.value).count("row ") == 1


def test_words_and_impostors_are_read_like_numbers(tmp_path: Path) -> None:
    pairs = published(20)
    pairs.to_csv(tmp_path / "pairs.csv", index=False)
    numbers = PairFile(tmp_path / "pairs.csv", KNOWN).pairs()
    assert numbers["genuine"].sum() == 40
    for one, other in (
        *(("Match", "Non-match"), ("G", "I"), ("Y", "N"), ("1", "-1"), ("TRUE", "FALSE")),
        *(("genuine", "imposter"), ("same person", "different person"), ("mated", "nonmated")),
        *(("target", "nontarget"), ("Pos", "NEG")),
    ):
        words = pairs.assign(same=np.where(pairs["same"] == 1, one, other))
        words.to_csv(tmp_path / "words.csv", index=False)
        assert PairFile(tmp_path / "words.csv", KNOWN).pairs().equals(numbers)
    turned = pairs.assign(same=1 - pairs["same"])
    turned.to_csv(tmp_path / "turned.csv", index=False)
    impostor = {"impostor" if name == "genuine" else name: one for name, one in KNOWN.items()}
    assert PairFile(tmp_path / "turned.csv", impostor).pairs().equals(numbers)
    with pytest.raises(
        MatcherError, match=r"in 80 of 80 rows\. If 1 in it means two .*impostor: THEIRS"
    ):
        PairFile(tmp_path / "turned.csv", KNOWN)
    with pytest.raises(ConfigError, match="if 1 in it means two different people"):
        run(tmp_path, *words_of(tmp_path / "turned.csv", **PLAIN))


def test_groups_that_differ_by_accident_are_one_group(tmp_path: Path) -> None:
    pairs = published(20)
    accidents = [str.upper, str.lower, " {} ".format]
    pairs["race"] = [accidents[at % 3](race) for at, race in enumerate(pairs["race"])]
    pairs.to_csv(tmp_path / "pairs.csv", index=False)
    for columns in (PLAIN, KNOWN):
        lines = list(foresee(configured(tmp_path, *words_of(tmp_path / "pairs.csv", **columns))))
        shown = [line for line in lines if line.startswith("  group") and " and " not in line]
        assert len(shown) == len(GROUPS)


def test_a_list_of_pairs_needs_its_dataset_and_no_watchlist(tmp_path: Path) -> None:
    published(40).to_csv(tmp_path / "pairs.csv", index=False)
    given = words_of(tmp_path / "pairs.csv", **PLAIN)
    with pytest.raises(ConfigError, match="a list of pairs has no watchlist searches"):
        run(tmp_path, *given, "design=live")
    with pytest.raises(ConfigError, match="a list of pairs holds both people and scores"):
        run(tmp_path, *given, "dataset=manifest", "matcher.path=x.csv")


def test_a_dry_run_counts_pairs(tmp_path: Path) -> None:
    published(40).to_csv(tmp_path / "pairs.csv", index=False)
    lines = list(foresee(configured(tmp_path, *words_of(tmp_path / "pairs.csv", **PLAIN))))
    assert "Pairs:  160 (people not told)" in lines
    assert "Comparisons: 160" in lines
    assert "Evidence: 160 pairs in the file, all can be used" in lines
    assert "Memory: up to 1 MB of scores above the lowest threshold" in lines
    # One comparison of each has no two ways to depend on one another.
    assert any(line.split() == ["by", "groups", "lower", "rate", "true", "ratio"] for line in lines)
    assert any(line.startswith("For wrong matches, ask lfr-eval plan") for line in lines)


def test_columns_that_are_not_read_are_told_where_groups_or_people_are_missing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "pairs.csv"
    published(8).to_csv(path, index=False)
    plain, grouped = (
        PairFile(path, {"score": "sim", "genuine": "same", **more}).told
        for more in ({}, {"group": "race", "subject_a": "id1", "subject_b": "id2"})
    )
    assert plain == (
        "The list of pairs has columns that are not read: race, id1, id2. If they hold "
        "groups or people, give matcher.columns={group: THEIRS} to compare groups and {subject_a: "
        "THEIRS, subject_b: THEIRS} to count people.",
    )
    assert grouped == ()


def test_people_of_one_list_and_scores_of_another_are_refused(tmp_path: Path) -> None:
    for name in ("one.csv", "other.csv"):
        published(8).to_csv(tmp_path / name, index=False)
    words = words_of(tmp_path / "one.csv", **PLAIN)
    with pytest.raises(ConfigError, match=r"one\.csv and .*other\.csv name different files"):
        run(tmp_path, *words, f"matcher.path={tmp_path / 'other.csv'}")
