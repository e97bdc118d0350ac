"""Dataset cards as others read them, and cards that forbid or have expired."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import mlcroissant
import pytest

from lfr_eval.cli.main import main
from lfr_eval.cohort import card_names, load_card
from lfr_eval.cohort.card import CardError
from lfr_eval.cohort.cards import cards_folder
from lfr_eval.cohort.chosen import permitted
from lfr_eval.cohort.cohort import make_cohort
from lfr_eval.cohort.croissant import croissant
from lfr_eval.config.composition import compose_study
from lfr_eval.contract.tables import COHORT

TODAY = date(2026, 6, 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", card_names())
def test_every_card_is_valid_croissant(name: str, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    assert main(["fetch", name, "--croissant", str(path)]) == 0
    dataset = mlcroissant.Dataset(jsonld=str(path))
    assert dataset.metadata.name == name
    assert not dataset.metadata.ctx.issues.errors
    described = json.loads(path.read_text())
    assert described["rai:dataLimitations"] == list(load_card(name).limits)
    assert "self_defined" in described["rai:personalSensitiveInformation"] or name != "london"


def test_what_a_card_says_of_law_and_time_is_exported() -> None:
    card = replace(
        load_card("london"),
        dpia="DPIA 12",
        eia="EIA 3",
        collected="April 2012",
        expires="2027-12-31",
    )
    described = json.loads(croissant(card))
    assert described["rai:dataCollectionTimeframe"] == "April 2012"
    assert "2027-12-31" in described["rai:dataReleaseMaintenancePlan"]
    assert "DPIA 12" in described["rai:dataSocialImpact"]


@pytest.mark.parametrize(
    ("changes", "purpose", "said"),
    [
        ({"expires": "2026-05-31"}, "evaluation", "had to be deleted by 2026-05-31"),
        ({"forbids": ("Training",)}, "training", "forbids the purpose 'training'"),
    ],
)
def test_a_card_that_objects_is_refused_until_somebody_says_so(
    changes: dict[str, object], purpose: str, said: str
) -> None:
    card = replace(load_card("london"), **changes)  # type: ignore[arg-type]
    cohort = make_cohort(COHORT.empty(), Path(), (card,))
    with pytest.raises(CardError, match=rf"{said}.*dataset.despite=\["):
        permitted(cohort, purpose, [], TODAY)
    reason = "expired" if "expires" in changes else "forbidden"
    used = permitted(cohort, purpose, [reason], TODAY)
    assert said in used.cards[0].limits[-1]
    assert "It was used nevertheless." in used.cards[0].limits[-1]


def test_a_card_without_objection_is_used_as_it_is() -> None:
    card = replace(load_card("london"), expires="2026-06-01", forbids=("training",))
    cohort = make_cohort(COHORT.empty(), Path(), (card,))
    assert permitted(cohort, "evaluation", [], TODAY) == cohort


def test_a_day_that_cannot_be_is_named(tmp_path: Path) -> None:
    text = (cards_folder() / "london.yaml").read_text() + "expires: soon\nforbids: [1]\n"
    (tmp_path / "card.yaml").write_text(text)
    with pytest.raises(
        CardError, match=r"forbids: 1 must be text(.|\n)*expires: 'soon' is not a day"
    ):
        load_card(tmp_path / "card.yaml")


def test_the_purpose_does_not_change_the_study() -> None:
    one = compose_study(["experiment=rehearsal"])
    other = compose_study(["experiment=rehearsal", "dataset.purpose=audit"])
    assert one.analysis() == other.analysis()
