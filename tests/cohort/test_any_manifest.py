"""Any honest manifest is compared by the labels that its people have."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.study.overrides import composed
from lfr_eval.study.prepared import Run, prepare, study_path
from lfr_eval.study.run import run_study

QUICK = ("tracking=none", "report.pdf=false", "thresholds.values=[0.4]", "design=verification")


def people(**labels: list[str]) -> pd.DataFrame:
    """A reference and a probe of each person, with their labels."""
    rows = []
    for at, values in enumerate(zip(*labels.values(), strict=True)):
        for role in ("reference", "probe"):
            label = dict(zip(labels, values, strict=True))
            rows.append({"image_id": f"p{at}-{role}", "subject_id": f"p{at}", "role": role} | label)
    return pd.DataFrame(rows)


def scores(manifest: pd.DataFrame) -> pd.DataFrame:
    """Every reference against every probe."""
    sides = {role: manifest[manifest["role"] == role] for role in ("reference", "probe")}
    rows = [
        {
            "reference_id": a.image_id,
            "probe_id": b.image_id,
            "score": 0.7 + at / 1e4 if a.subject_id == b.subject_id else (at * 37 % 100) / 200,
        }
        for at, (a, b) in enumerate(
            (a, b) for a in sides["reference"].itertuples() for b in sides["probe"].itertuples()
        )
    ]
    return pd.DataFrame(rows)


def prepared(folder: Path, manifest: pd.DataFrame, *words: str) -> Run:
    """The study of a manifest, ready to be computed."""
    manifest.to_csv(folder / "people.csv", index=False)
    scores(manifest).to_csv(folder / "scores.csv", index=False)
    config = composed(
        [
            *("dataset=manifest", f"dataset.path={folder / 'people.csv'}", "matcher=scores"),
            *(f"matcher.path={folder / 'scores.csv'}", f"paths.studies={folder / 'studies'}"),
            *(f"paths.cache={folder / 'cache'}", *QUICK, *words),
        ]
    )
    return prepare(config, StudyFolder(study_path(config)))


MANY = {"gender": ["Woman", "Man", "Woman"] * 8, "ethnicity": ["Martian", "Venusian"] * 12}


def test_the_largest_group_is_the_reference_and_the_study_says_so(tmp_path: Path) -> None:
    run = prepared(tmp_path, people(**MANY))
    assert run.analysis.plan.reference_groups == {
        "gender": "Woman",
        "ethnicity": "Martian",
        "gender x ethnicity": "Woman x Martian",
    }
    assert any("Woman (gender), Martian (ethnicity)" in note for note in run.notes)
    assert run.analysis.plan.watchlist == "fixed"


@pytest.mark.parametrize(
    "words",
    [
        ["experiment=null"],
        ["~experiment"],
        ["inference.reference_groups={}"],
        ["inference.factors=[gender]", "+inference.reference_groups.ethnicity=Venusian"],
    ],
    ids=" ".join,
)
def test_natural_words_for_no_reference_group_are_taken(words: list[str], tmp_path: Path) -> None:
    run = prepared(tmp_path, people(**MANY), *words)
    assert run.analysis.plan.reference_groups["gender"] == "Woman"


def test_a_reference_group_may_be_spelt_as_people_spell_it(tmp_path: Path) -> None:
    census = ["Black, Black British, Caribbean or African", "White", "Prefer not to say"] * 8
    manifest = people(gender=["Woman", "Man"] * 12, ethnicity=census)
    words = f"+inference.reference_groups={{gender: man, ethnicity: '{census[0]}'}}"
    run = prepared(tmp_path, manifest, words)
    assert run.analysis.plan.reference_groups["gender"] == "Man"
    assert run.analysis.plan.reference_groups["ethnicity"] == "Black"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("inference.factors=[gendr]", "inference.factors names 'gendr' (there are gender"),
        ("inference.factors=[age_band]", "inference.factors names age_band, for which nobody has"),
        ("inference.strata=[height]", "inference.strata names the control factor 'height'"),
        ("+inference.reference_groups.gender=Men", "inference.reference_groups has the reference"),
        ("+inference.reference_groups.gendr=Man", "inference.reference_groups names 'gendr'"),
    ],
)
def test_every_refusal_names_the_setting(words: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        prepared(tmp_path, people(**MANY), words)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "factors"),
    [
        ({"gender": ["Woman", "Man"] * 8}, ["gender"]),
        ({"skin": ["I", "VI"] * 8}, ["skin"]),
        ({"age": ["20", "40"] * 8}, ["age_band"]),
        ({"gender": [""] * 16, "skin": ["I", "VI"] * 8}, ["skin"]),
        ({"gender": ["x"] * 16}, ["gender"]),
        ({"gender": ["Woman", "Man"] * 8, "Ethnic group": ["I", "V"] * 8}, ["gender"]),
    ],
)
def test_people_are_compared_by_the_labels_that_they_have(
    labels: dict[str, list[str]], factors: list[str], tmp_path: Path
) -> None:
    run = prepared(tmp_path, people(**labels))
    assert run.config.inference.factors == factors
    (said,) = (note for note in run.notes if "Nobody has a label for" in note)
    hint = "If 'Ethnic group' is ethnicity, rename that column."
    assert said.endswith(hint) == ("Ethnic group" in labels)


def test_a_label_that_a_few_people_have_twice_is_refused(tmp_path: Path) -> None:
    manifest = people(skin=["I", "VI"] * 8)
    manifest.loc[1, "skin"] = "V"
    asked = "inference.factors=[skin]"
    with pytest.raises(ConfigError, match=r"two labels within 1 person of 16.*p0-probe \(V\)"):
        prepared(tmp_path, manifest, asked)
    # Nobody asked for it, or it was said to be a condition.
    prepared(tmp_path, manifest.assign(gender="x"), "inference.factors=[gender]")
    run = prepared(tmp_path, manifest, asked, "dataset.conditions=[skin]")
    assert any("skin differ within people" in note for note in run.notes)
    # Where most people have two, it is a condition.
    manifest["skin"] = ["I", "VI"] * 16
    assert any("condition of passes" in note for note in prepared(tmp_path, manifest, asked).notes)


@pytest.mark.slow
@pytest.mark.usefixtures("unreported")
def test_people_who_state_no_group_are_counted_and_never_compared(tmp_path: Path) -> None:
    ethnicity = ["Black", "White", "Prefer not to say", "N/A", "", "unknown"] * 8
    run = prepared(tmp_path, people(gender=["f", "m"] * 24, ethnicity=ethnicity))
    folder = run_study(run.config)
    rates, findings = folder.read(RATES), folder.read(FINDINGS)
    shown = rates[(rates["metric"] == "FNMR") & (rates["factor"] == "ethnicity")]
    assert shown.set_index("group")["subjects"].to_dict() == {
        "Black": 8,
        "White": 8,
        "Prefer not to say": 8,
        "N/A": 8,
        "unknown": 16,
    }
    everybody = rates[(rates["metric"] == "FNMR") & (rates["group"] == "everybody")]
    assert everybody["subjects"].tolist() == [48]
    compared = findings[findings["factor"] == "ethnicity"]
    assert {*compared["group_a"], *compared["group_b"]} == {"Black", "White", "*"}
    record = (folder.path / "study.json").read_text()
    assert '"largest_groups"' in record
    assert "the largest one, or the first of equally large ones, where no other was" in record
