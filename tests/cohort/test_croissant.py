"""Dataset cards as others read them, and cards that forbid or have expired."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import mlcroissant
import pytest
import yaml

from lfr_eval.cli.main import main
from lfr_eval.cohort import card_names, load_card
from lfr_eval.cohort.card import CardError
from lfr_eval.cohort.cards import cards_folder
from lfr_eval.cohort.chosen import permitted
from lfr_eval.cohort.cohort import make_cohort
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
    assert name != "london" or "self_defined" in str(described["rai:personalSensitiveInformation"])


LEAST = {
    "name": "ours",
    "title": "t",
    "kind": "faces",
    "origin": "o",
    "licence": "l",
    "consent": "c",
    "lawful_basis": "b",
    "citation": "n",
    "label_source": {},
    "schemes": {},
    "limits": [],
}
MOST = LEAST | {
    "label_source": {"gender": "self_defined", "ethnicity": "officer_perceived"},
    "schemes": {"gender": "free", "ethnicity": "free"},
    "limits": ["Small."],
    "files": [
        {"name": "a.zip", "url": "https://x.example/a.zip", "checksum": "md5:00", "unpack": "a"},
        {"name": "w.onnx", "url": "https://x.example/w.onnx"},
    ],
    "layouts": [{"labels": "l.csv", "columns": {"image_id": "{a}"}}],
    "mirror": "town/labels.csv",
    "by_hand": "Ask.",
    "purpose": "Evaluation only",
    "forbids": ["training", "sale"],
    "dpia": "DPIA 12",
    "eia": "EIA 3",
    "collected": "2026-03-01 to 2026-05-01",
    "expires": "2027-12-31",
    "register": "sharing.jsonl",
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("entries", [LEAST, MOST], ids=["least", "most"])
def test_cards_of_ones_own_are_valid_croissant(entries: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(entries))
    path = tmp_path / "card.json"
    assert main(["fetch", str(tmp_path / "card.yaml"), "--croissant", str(path)]) == 0
    assert not mlcroissant.Dataset(jsonld=str(path)).metadata.ctx.issues.errors
    text = path.read_text()
    # Nothing is stated that the card does not state.
    assert "example.org" not in text
    assert "None" not in text
    if entries is MOST:
        for said in ("officer_perceived", "Evaluation only", "Forbidden: sale", "DPIA 12", "EIA 3",
                     "2026-03-01 to 2026-05-01", "kept until 2027-12-31 and must"):  # fmt: skip
            assert said in text
        assert json.loads(text)["distribution"][1]["encodingFormat"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("forbidden", "purpose", "objects"),
    [
        ("live trials", "live-trial", True),
        ("tra\u200bining", "training", True),
        ("evalution", "evaluation", True),
        ("commercial use", "commercial", True),
        ("evaluation", "evaluation of bias and accuracy", True),
        ("any use", "evaluation", True),
        ("training", "evaluation of bias and accuracy", False),
        ("commercial evaluation", "evaluation of bias", False),
    ],
)
def test_a_purpose_is_compared_by_its_words(forbidden: str, purpose: str, objects: bool) -> None:
    card = replace(load_card("london"), forbids=(forbidden,))
    assert bool(card.objections(purpose, TODAY)) == objects


@pytest.mark.parametrize(
    ("changes", "purpose", "said"),
    [
        ({"expires": "2026-05-31"}, "evaluation", "allowed to be kept until 2026-05-31"),
        ({"forbids": ("Training",)}, "training", "forbids 'Training', and the purpose"),
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
    text = text.replace("name: london", "name: ours", 1)
    (tmp_path / "card.yaml").write_text(text)
    with pytest.raises(
        CardError, match=r"expires: 'soon' is not a day(.|\n)*forbids: 1 must be text"
    ):
        load_card(tmp_path / "card.yaml")


def test_the_purpose_does_not_change_the_study() -> None:
    one = compose_study(["experiment=rehearsal"])
    other = compose_study(["experiment=rehearsal", "dataset.purpose=audit"])
    assert one.analysis() == other.analysis()
