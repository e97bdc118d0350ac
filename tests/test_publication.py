"""A publication of a study: what it withholds, what it must not hold, what cannot be worked out."""

from __future__ import annotations

import getpass
import json
import platform
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from lfr_eval.cli.main import main
from lfr_eval.contract.folder import FolderError, StudyFolder
from lfr_eval.contract.names import group_name
from lfr_eval.contract.tables import ADJUSTED, FINDINGS, RATES
from lfr_eval.finished.publication import FILES, publish_study
from lfr_eval.finished.publishing.linked import PublicationError
from tests.publishing.attack import Attacker, cells_of, from_csv, from_page, parts_of_wholes
from tests.report.pages import parse
from tests.studies import configured, tables_of

MINIMUM = 5
FEW, FORMULA = "few people", "=HYPERLINK(1)"
THRESHOLDS = "thresholds.values=[0.4,0.45,0.5,0.55,0.6,0.65]"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """A study of people with recognisable names, one group of three, one named like a formula."""
    from lfr_eval.cohort.simulated import simulate

    folder = tmp_path_factory.mktemp("people")
    settings = ("dataset.people=150", "dataset.passes=4", "dataset.fillers=300")
    drawn = simulate(configured(folder, *settings).dataset)  # type: ignore[arg-type]
    images = drawn.cohort.images.copy()
    for name in ("image_id", "subject_id", "pass_id"):
        images[name] = "SECRET-" + images[name].astype(str)
    tested = images.loc[images["role"] != "filler", "subject_id"].unique()
    of_few = images["subject_id"].isin(tested[[0, 1, 5]])
    images["ethnicity"] = images["ethnicity"].where(~of_few, FEW).replace("asian", FORMULA)
    columns = ["image_id", "subject_id", "role", "pass_id", "gender", "ethnicity"]
    images[columns].to_csv(folder / "people.csv", index=False)
    np.savez(
        folder / "templates.npz",
        image_id=images["image_id"].to_numpy(str)[drawn.acquired],
        template=drawn.vectors[drawn.acquired],
    )
    return tables_of(
        folder,
        *("dataset=manifest", f"dataset.path={folder / 'people.csv'}"),
        *("matcher=templates", f"matcher.path={folder / 'templates.npz'}"),
        *("matcher.operating=0.5", THRESHOLDS),
        "design.watchlist_sizes=[100,300]",
        f"report.notes=['See {folder}/notes.txt','One of few people was alerted on 3 times']",
        "report.title='<b>Three</b> groups'",
        *("inference.adjust=[gender]", "inference.difference_margin=0.01"),
    )


@pytest.fixture(scope="module")
def folder(study: StudyFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its publication."""
    return publish_study(study, tmp_path_factory.mktemp("published") / "study", MINIMUM)


@pytest.fixture(scope="module")
def texts(folder: Path) -> dict[str, str]:
    """Everything that can be read in it, metadata too."""
    found = {
        path.name: path.read_text("utf-8") for path in folder.iterdir() if path.suffix != ".pdf"
    }
    for name in ("brief.pdf", "report.pdf"):
        reader = PdfReader(folder / name)
        pages = "\n".join(page.extract_text() for page in reader.pages)
        packets = reader.metadata, reader.xmp_metadata and reader.xmp_metadata.stream.get_data()
        # Lines break within "3 of 12".
        found[name] = f"{' '.join(pages.split())}\n{packets}"
        found[f"raw {name}"] = (folder / name).read_bytes().decode("latin-1")
    return found


@pytest.fixture(scope="module")
def full(study: StudyFolder) -> pd.DataFrame:
    """The study's rates, as far as their like is published."""
    rates = study.read(RATES)
    within = rates["counterpart"].isna() | (rates["counterpart"] == rates["group"])
    return pd.DataFrame(rates[within.fillna(value=False) & rates["rank"].isna()])


def test_small_counts_are_in_no_file(folder: Path, full: pd.DataFrame) -> None:
    events, trials = from_csv(folder)
    shown = from_page(folder)
    small = full["events"].between(1, MINIMUM - 1)
    small |= (full["trials"] - full["events"]).between(1, MINIMUM - 1)
    small |= full["subjects_with_event"].between(1, MINIMUM - 1)
    hidden = set(cells_of(full[small]))
    assert len(hidden) > 100
    assert not hidden & set(events)
    assert not hidden & set(shown)
    truth = dict(zip(cells_of(full), full["events"].astype(float), strict=True))
    assert all(truth[cell] == value for cell, value in {**events, **shown}.items())
    assert len(set(events)) > 300
    of_few = [cell for cell in cells_of(full) if FEW in cell[4]]
    assert not set(of_few) & {*events, *trials}


def test_findings_tell_no_small_count(folder: Path, study: StudyFolder) -> None:
    shown = pd.read_csv(folder / "findings.csv").set_index("finding_id")
    whole = study.read(FINDINGS).set_index("finding_id").loc[shown.index]
    small = np.zeros(len(whole), bool)
    for side in "ab":
        counts = whole[[f"events_{side}", f"affected_{side}"]].astype(float)
        rest = whole[f"trials_{side}"] - whole[f"events_{side}"]
        small |= counts.apply(lambda one: one.between(1, MINIMUM - 1)).any(axis=1).to_numpy()
        small |= rest.astype(float).between(1, MINIMUM - 1).to_numpy()
    assert small.sum() > 50
    made_of_counts = ["events_a", "affected_a", "difference", "difference_upper", "fragility",
                      "design_effect_b", "absolute_statement"]  # fmt: skip
    assert shown.loc[small, made_of_counts].isna().all(axis=None)
    assert shown.loc[~small, "events_a"].notna().any()


def test_no_small_count_follows_from_the_published_ones(folder: Path, full: pd.DataFrame) -> None:
    truth = dict(zip(cells_of(full), full["events"].astype(float), strict=True))
    events, trials = from_csv(folder)
    attacker = Attacker(list(truth))
    attacker.learn_structure()
    attacker.learn_identities(trials)
    for cell, value in {**events, **from_page(folder)}.items():
        attacker.learn({cell: 1.0}, value)
    assert attacker.misfit(truth) == 0
    small = [cell for cell, value in truth.items() if 0 < value < MINIMUM]
    assert len(small) > 80
    assert not any(attacker.is_found(small))


def test_the_attacker_would_find_a_count_that_nothing_else_protects(
    folder: Path, full: pd.DataFrame
) -> None:
    truth = dict(zip(cells_of(full), full["events"].astype(float), strict=True))
    small = [cell for cell, value in truth.items() if 0 < value < MINIMUM and cell[0] != "FMR"]
    attacker = Attacker(list(truth))
    attacker.learn_structure()
    _, trials = from_csv(folder)
    attacker.learn_identities(trials)
    for cell, value in truth.items():
        if cell not in small:
            attacker.learn({cell: 1.0}, value)
    found = attacker.is_found(small)
    assert sum(found) > 0.3 * len(found)


def test_bands_are_left_out(folder: Path, full: pd.DataFrame) -> None:
    shown = pd.read_csv(folder / "rates.csv")
    assert full["band_upper"].notna().any()
    for end in ("band_lower", "band_upper"):
        assert end not in shown or shown[end].isna().all()


def test_adjusted_and_pooled_figures_are_left_out(
    folder: Path, study: StudyFolder, texts: dict[str, str]
) -> None:
    adjusted, whole = study.read(ADJUSTED), study.read(RATES)
    assert adjusted["refused"].isna().any()
    assert whole["pooled"].notna().any()
    page = parse(folder / "report.html")
    for text in (page.text, *texts.values()):
        assert "What else could explain a difference" not in text
        assert "Pooled with the other groups" not in text
        assert not any(said in text for said in adjusted["statement"])
    values = {round(value, 12) for value in page.values}
    pooled = whole.loc[whole["pooled"].notna() & (whole["pooled"] != whole["rate"]), "pooled"]
    assert not values & set(pooled.round(12))


def test_differences_of_small_counts_are_told_nowhere(
    folder: Path, study: StudyFolder, texts: dict[str, str]
) -> None:
    shown = pd.read_csv(folder / "findings.csv").set_index("finding_id")
    whole = study.read(FINDINGS).set_index("finding_id").loc[shown.index]
    page = parse(folder / "report.html").text
    small = np.zeros(len(whole), bool)
    for side in "ab":
        counts = whole[[f"events_{side}", f"affected_{side}"]].astype(float)
        small |= counts.apply(lambda one: one.between(1, MINIMUM - 1)).any(axis=1).to_numpy()
    secret = whole.loc[small, "absolute_statement"].dropna()
    assert len(secret) > 50
    for text in (page, *texts.values()):
        assert not any(said in text for said in secret)
    told = shown["absolute_statement"].dropna()
    assert any(" ".join(said.split()) in page for said in told)


def test_no_interval_ends_where_a_withheld_count_ends_it(folder: Path, full: pd.DataFrame) -> None:
    shown = pd.read_csv(folder / "rates.csv").assign(
        group=lambda each: each["group"].str.lstrip("'")
    )
    keys = ["metric", "watchlist_size", "factor", "group"]
    small = full[full["events"].between(1, MINIMUM - 1)]
    own = small
    for end in ("lower", "upper"):
        met = own[[*keys, end]].merge(shown[[*keys, end]].dropna(subset=end), on=[*keys, end])
        assert met.empty
    assert len(own) > 50


def test_a_comparison_tells_no_interval_that_its_rate_does_not(
    study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few studies have an end that is another threshold's: here, every published rate has.
    monkeypatch.setattr(
        "lfr_eval.finished.publishing.tables.borrowed", lambda *given: ~np.asarray(given[-1])
    )
    folder = publish_study(study, tmp_path / "study", MINIMUM)
    rates, said = (pd.read_csv(folder / f"{name}.csv") for name in ("rates", "findings"))
    keys = ["metric", "watchlist_size", "threshold", "factor"]
    bare = rates[rates["upper"].isna() & rates["rate"].notna()][[*keys, "group"]]
    seen = 0
    for side in ("group_a", "group_b"):
        of_bare = said.merge(bare, left_on=[*keys, side], right_on=[*keys, "group"])
        seen += len(of_bare)
        numbers = ["ratio_lower", "ratio_upper", "design_effect_a", "design_effect_b"]
        assert of_bare[numbers].isna().all(axis=None)
    assert seen > 3


def test_sentences_name_no_small_number_of_people_or_events(
    texts: dict[str, str], folder: Path, full: pd.DataFrame
) -> None:
    page = parse(folder / "report.html").text
    # Smaller wholes are also those of "3 of 12 pairs".
    wholes = {number for number in (*full["trials"], *full["subjects"]) if number > 25}
    seen = 0
    for text in (page, texts["brief.pdf"], texts["report.pdf"], texts["findings.csv"]):
        for part, word, whole in parts_of_wholes(text):
            # "1 in 300" is a rate.
            if whole in wholes and word == "of":
                seen += 1
                assert part == 0 or part >= MINIMUM
                assert part == whole or whole - part >= MINIMUM
    assert seen > 20


def test_a_comparison_that_rests_on_withheld_counts_says_nothing(
    study: StudyFolder, folder: Path, texts: dict[str, str]
) -> None:
    said = pd.read_csv(folder / "findings.csv").set_index("finding_id")
    silent = said["statement"].str.contains("withheld, because the counts")
    assert 0 < silent.sum() < len(said)
    numbers = ["rate_a", "rate_b", "ratio", "statistic"]
    numbers += ["p_value", "p_adjusted", "detectable_ratio"]
    assert said.loc[silent, numbers].isna().all(axis=None)
    full = study.read(FINDINGS).set_index("finding_id").loc[said.index]
    shown = silent & full["primary"] & (full["verdict"] == "different")
    assert (said.loc[shown, "verdict"] == "different").all()
    assert (said.loc[silent & ~shown, "verdict"] == "withheld").all()
    bare = silent & full["primary"] & ~shown
    assert said.loc[bare, "statement"].str.contains("no difference was shown").all()
    attempts = said["metric"] == "FMR"
    assert json.loads(texts["publication.json"])["attempted"] == ["FMR"]
    for of_attempts, tolerance in ((False, 1e-7), (True, 0.05)):
        kept = said.index[~silent & (attempts == of_attempts)]
        np.testing.assert_allclose(
            said.loc[kept, "ratio"].to_numpy(float),
            full.loc[kept, "ratio"].to_numpy(float),
            rtol=tolerance,
        )
    told = said["statement"] == full.loc[said.index, "statement"]
    assert told.sum() > 20
    gone = full.loc[said.index[~told.to_numpy(bool)], "statement"]
    for name in ("report.html", "brief.pdf", "report.pdf", "findings.csv"):
        assert not any(sentence in texts[name] for sentence in gone)


def test_nobody_and_no_place_is_in_any_file(study: StudyFolder, texts: dict[str, str]) -> None:
    secrets = ["SECRET", "templates.npz", "people.csv\u0000", str(study.path.parent), "/tmp/"]
    secrets += [f"/{getpass.getuser()}/", "notes.txt", "alerted on 3 times"]
    host = re.compile(rf"\b{re.escape(platform.node())}\b")
    for name, text in texts.items():
        for secret in secrets:
            assert secret not in text, (name, secret)
        # Compressed bytes spell any short word.
        assert name.startswith("raw ") or not host.search(text), name
    assert set(texts) == {*FILES, "raw brief.pdf", "raw report.pdf"}


def test_scores_are_in_no_file(study: StudyFolder, texts: dict[str, str]) -> None:
    scores = pd.read_parquet(study.path / "mated.parquet")["score"].to_numpy(float)
    for text in texts.values():
        assert not any(f"{score:.9f}"[:9] in text for score in scores[:300])


def test_a_spreadsheet_runs_nothing(texts: dict[str, str], folder: Path) -> None:
    cells = 0
    for path in folder.glob("*.csv"):
        for value in pd.read_csv(path, dtype=str).to_numpy().ravel():
            if isinstance(value, str) and not re.fullmatch(r"-?[\d.]+(e-?\d+)?|-?inf", value):
                assert value[:1] not in "=+-@\t\r"
                cells += 1
    assert cells > 1_000
    assert f"'{FORMULA}" in texts["people.csv"]
    assert FORMULA in texts["report.html"]


def test_it_says_whose_it_is_and_how_much_is_missing(
    study: StudyFolder, folder: Path, texts: dict[str, str]
) -> None:
    about = json.loads(texts["publication.json"])
    assert about["study_hash"] == study.study_hash()
    assert study.study_hash() in texts["README.md"]
    assert study.study_hash() in texts["report.html"]
    rates = pd.read_csv(folder / "rates.csv")
    tally = about["tables"]["rates"]
    assert tally["rows"] == len(rates)
    assert tally["small"] > 100
    assert tally["further"] > 0
    assert tally["small"] + tally["further"] == rates["withheld"].notna().sum()
    assert (
        f"| rates | {tally['rows']:,} | {tally['small']:,} | {tally['further']:,} |"
        in texts["README.md"]
    )


def test_it_reads_well(folder: Path) -> None:
    page = parse(folder / "report.html")
    answer = page.with_id("answer").text
    assert "Published version. Counts of 1 to 4 are withheld" in answer
    assert "the study publishes only that no difference was shown" in answer
    assert "▒ withheld" in page.with_id("evidence").text
    rates = page.with_id("rates").text
    assert f"{group_name(FEW)} withheld withheld withheld withheld withheld –" in rates
    assert not re.search(r"\bNone\b(?! of)", page.text)
    assert "nan" not in page.text.split()
    ids = {element.attributes.get("id") for element in page.walk()}
    assert not ids & {"scores", "modelled", "published", "watchlists", "grids", "truth", "field"}


def test_zeros_are_published(folder: Path, full: pd.DataFrame) -> None:
    events, _ = from_csv(folder)
    zeros = [
        cell
        for cell, value in zip(cells_of(full), full["events"], strict=True)
        if value == 0 and FEW not in cell[4]
    ]
    assert sum(cell in events for cell in zeros) > 0.5 * len(zeros)


def test_it_is_no_study(folder: Path) -> None:
    with pytest.raises(FolderError, match="is not a study folder"):
        StudyFolder.open(folder)


def test_the_study_stays_as_it_was(study: StudyFolder, folder: Path) -> None:
    assert folder.is_dir()
    assert study.verify() == []


@pytest.mark.slow
def test_publishing_again_gives_the_same_bytes(study: StudyFolder, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert main(["report", str(study.path), "--publish", "--to", str(folder)]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.slow
def test_a_higher_minimum_withholds_more(study: StudyFolder, folder: Path, tmp_path: Path) -> None:
    command = ["report", str(study.path), "--publish", "--to", str(tmp_path / "p")]
    assert main([*command, "--minimum", "10"]) == 0
    more, fewer = (from_csv(place)[0] for place in (tmp_path / "p", folder))
    assert len(more) < len(fewer)


def test_it_overwrites_nothing_else(study: StudyFolder, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(FolderError, match=r"holds what is no publication, such as letter\.txt"):
        publish_study(study, tmp_path, MINIMUM)
    with pytest.raises(FolderError, match="stands outside of it"):
        publish_study(study, study.path / "published", MINIMUM)
    assert (tmp_path / "letter.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("minimum", "said"), [(1, "must be at least 2"), (151, "has nothing to publish")]
)
def test_what_makes_no_sense_is_refused(
    study: StudyFolder, tmp_path: Path, minimum: int, said: str
) -> None:
    with pytest.raises(PublicationError, match=said):
        publish_study(study, tmp_path / "p", minimum)
    assert not (tmp_path / "p").exists()


def test_options_that_belong_together_are_asked_for_together(
    study: StudyFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(study.path), "--to", str(tmp_path / "p")]) == 2
    assert "--publish or --share, and --to FOLDER" in capsys.readouterr().err
