"""A dataset card is complete, or it is not used."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

import lfr_eval
from lfr_eval.cohort import CardError, card_names, cards, load_card


def test_the_shipped_cards() -> None:
    weights = ("facenet_casia_webface", "facenet_vggface2")
    assert card_names() == (*weights, "fairface", "london", "npl_2023", "rehearsal")


@pytest.mark.parametrize("name", card_names())
def test_a_shipped_card_answers_every_question(name: str) -> None:
    card = load_card(name)
    assert card.name == name
    assert card.limits
    for field in ("title", "origin", "licence", "consent", "lawful_basis", "citation"):
        assert getattr(card, field)
    assert card.simulated == (name in ("npl_2023", "rehearsal"))
    assert set(card.schemes) <= set(card.label_source)


@pytest.mark.parametrize("name", card_names())
def test_what_can_be_downloaded_can_be_checked(name: str) -> None:
    card = load_card(name)
    assert card.simulated or card.files or card.by_hand
    assert all(file.url.startswith("https://") for file in card.files)
    assert all(file.checksum or card.checksums for file in card.files)


def raw(**changes: object) -> dict[str, object]:
    path = cards.cards_folder() / "london.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"licens": "x"}, "unknown entry 'licens'. Did you mean 'licence'?"),
        ({"kind": "videos"}, "kind: 'videos' is not one of faces, weights, simulated"),
        ({"label_source": {"gender": "guess"}}, "label_source.gender: 'guess' is not one of"),
        ({"schemes": {"ethnicity": "london"}}, "Did you mean 'london_set'?"),
        ({"limits": "easy"}, "limits: must be a list"),
        ({"title": 5}, "title: 5 must be text; put it in quotes"),
        ({"files": [{"name": "x", "adress": "y"}]}, "files: 'url' is missing"),
        ({"files": [{"name": "x", "url": "y", "checksum": "1f"}]}, "must begin with 'sha256:'"),
        ({"layouts": [{"labels": "x", "column": {}}]}, "Did you mean 'columns'?"),
        (
            {"layouts": [{"labels": "x", "columns": {"role": {"take": "b", "vlues": {}}}}]},
            "layouts.columns.role: unknown entry 'vlues'. Did you mean 'values'?",
        ),
        ({"schemes": {True: "free"}}, "schemes: True must be text"),
    ],
)
def test_a_wrong_entry_is_named(changes: dict[str, object], words: str, tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(raw(**changes)), encoding="utf-8")
    with pytest.raises(CardError) as caught:
        load_card(path)
    assert words in str(caught.value)


def test_all_problems_of_a_card_are_listed_at_once(tmp_path: Path) -> None:
    card = raw(licens="x")
    del card["consent"], card["origin"]
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(card), encoding="utf-8")
    with pytest.raises(CardError) as caught:
        load_card(tmp_path / "card.yaml")
    for words in ("'licens'", "'consent' is missing", "'origin' is missing"):
        assert words in str(caught.value)


def test_a_card_that_is_not_there_or_not_yaml(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="Did you mean 'london'"):
        load_card("londn")
    with pytest.raises(CardError, match=r"no dataset card '.*mine\.yaml'"):
        load_card(tmp_path / "mine.yaml")
    (tmp_path / "mine.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(CardError, match="cannot be read"):
        load_card(tmp_path / "mine.yaml")
    (tmp_path / "mine.yaml").write_text("just words", encoding="utf-8")
    with pytest.raises(CardError, match="must be a mapping"):
        load_card(tmp_path / "mine.yaml")


def test_cards_are_found_in_the_checkout_and_in_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lfr_eval"
    package.mkdir()
    monkeypatch.setattr(lfr_eval, "__file__", str(package / "__init__.py"))
    assert cards.cards_folder() == tmp_path / "datasets"
    (package / "datasets").mkdir()
    assert cards.cards_folder() == package / "datasets"


def test_every_field_of_a_card_is_documented() -> None:
    from lfr_eval.cohort.card import DatasetCard

    for field in fields(DatasetCard):
        assert field.name in (DatasetCard.__doc__ or "")
