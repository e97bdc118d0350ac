"""A dataset card is complete, or it is not used."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
import yaml

import lfr_eval
from lfr_eval.cohort import CardError, card_names, cards, load_card
from lfr_eval.cohort.loading import load_manifest


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
    return yaml.safe_load(path.read_text(encoding="utf-8")) | {"name": "ours"} | changes


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
        ({"files": [{"name": "sha256sums", "url": "y"}]}, "is reserved for the list of checksums"),
        ({"layouts": [{"labels": "x", "column": {}}]}, "Did you mean 'columns'?"),
        (
            {"layouts": [{"labels": "x", "columns": {"role": {"take": "b", "vlues": {}}}}]},
            "layouts.columns.role: unknown entry 'vlues'. Did you mean 'values'?",
        ),
        ({"schemes": {True: "free"}}, "schemes: True must be text"),
        ({"retention": "12 months"}, "unknown entry 'retention'. Did you mean 'expires'?"),
        ({"expires": "05/01/2026"}, "expires: '05/01/2026' could be two days"),
        ({"expires": "20260105"}, "expires: '20260105' is not a day"),
        ({"expires": date(206, 1, 5)}, "expires: '0206-01-05' has a year outside"),
        ({"expires": "9999-12-31"}, "leave the entry out if there is no last day"),
        ({"collected": "2026-05-01 to 2026-03-01"}, "ends before it begins"),
        ({"collected": "May 2026 to March 2026"}, "ends before it begins"),
        ({"collected": "2140 to 2141"}, "has not begun yet"),
        ({"collected": "June 2025", "expires": "2025-01-31"}, "is before the pictures were made"),
        ({"lawful_basis": None}, "lawful_basis: is empty"),
        ({"consent": "  "}, "consent: is empty"),
        ({"name": "../fairface"}, "name: '../fairface' must be a plain name"),
        ({"name": ".."}, "name: '..' must be a plain name"),
        ({"name": "london"}, "'london' is the name of a shipped card"),
        (
            {"mirror": "../people/labels.csv"},
            "mirror: '../people/labels.csv' must be a path within",
        ),
        ({"mirror": "/etc/passwd"}, "mirror: '/etc/passwd' must be a path within"),
        ({"layouts": [{"labels": "../x.csv", "columns": {}}]}, "layouts.labels: '../x.csv'"),
        ({"files": [{"name": "../x", "url": "https://y"}]}, "files.name: '../x' must be a plain"),
        ({"files": [{"name": "x", "url": "file:///etc/passwd"}]}, "must begin with https://"),
        ({"files": [{"name": "x", "url": "https://y", "unpack": "/tmp"}]}, "files.unpack: '/tmp'"),
    ],
)
def test_a_wrong_entry_is_named(changes: dict[str, object], words: str, tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(raw(**changes)), encoding="utf-8")
    with pytest.raises(CardError) as caught:
        load_card(path)
    assert words in str(caught.value)


@pytest.mark.parametrize("written", [date(2027, 1, 5), "2027-1-5", "5 January 2027", "5 Jan 2027"])
def test_a_day_that_can_be_one_day_only_is_read(written: object, tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(raw(expires=written)), encoding="utf-8")
    assert load_card(path).expires == "2027-01-05"


def test_a_day_that_does_not_exist_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text("name: x\nexpires: 2025-02-30\n", encoding="utf-8")
    with pytest.raises(CardError, match="In line 2, 2025-02-30 is not a day"):
        load_card(path)


def test_a_factor_under_a_similar_name_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(yaml.safe_dump(raw(label_source={"gendr": "self_defined"}, schemes={})))
    manifest = tmp_path / "people.csv"
    manifest.write_text("image_id,subject_id,role,gender\na,b,both,female\n")
    with pytest.raises(CardError, match=r"label_source\.gendr: .*did you mean 'gender'"):
        load_manifest(manifest, path, templates_only=True)


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
