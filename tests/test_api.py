"""Studies from Python: DataFrames in, tables and a chart out."""

from __future__ import annotations

import re
from html import unescape
from itertools import product
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import lfr_eval
from lfr_eval.config import ConfigError
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.folder import FolderError, StudyFolder
from lfr_eval.contract.tables import FINDINGS, RATES
from lfr_eval.finished.result import Study
from tests.studies import SMALL
from tests.test_cli import HEAVY, imported_by

mpl.use("agg")

THRESHOLDS = (0.3, 0.5, 0.7)


def people(labels: str = "skin") -> pd.DataFrame:
    rows = []
    for number in range(24):
        group = ("light", "medium", "medium", "dark")[number % 4]
        for role in ("reference", "probe"):
            rows.append((f"{role}{number}", f"person{number}", role, group))
    return pd.DataFrame(rows, columns=["image_id", "subject_id", "role", labels])


def scores(seed: int = 1) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    pairs = list(product(range(24), range(24)))
    value = [generator.normal(0.8 if a == b else 0.3, 0.15) for a, b in pairs]
    return pd.DataFrame(
        {
            "reference_id": [f"reference{a}" for a, _ in pairs],
            "probe_id": [f"probe{b}" for _, b in pairs],
            "score": np.round(value, 4),
        }
    )


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("api")
    return [f"paths.studies={folder}/studies", f"paths.cache={folder}/cache", "report.pdf=false"]


@pytest.fixture(scope="module")
def study(here: list[str]) -> Study:
    return lfr_eval.run(
        *here, people=people(), scores=scores(), thresholds=THRESHOLDS, operating=0.5
    )


def test_the_rates_are_those_that_counting_gives(study: Study) -> None:
    given, group = scores(), people().drop_duplicates("subject_id")["skin"].to_numpy()
    probe = given["probe_id"].str.removeprefix("probe").astype(int).to_numpy()
    mated = given["reference_id"].str.removeprefix("reference").astype(int).to_numpy() == probe
    rates = study.rates
    for name, threshold in product(("light", "medium", "dark"), THRESHOLDS):
        own = mated & (group[probe] == name)
        row = rates[
            (rates["metric"] == "FNMR")
            & (rates["threshold"] == threshold)
            & (rates["factor"] == "skin")
            & (rates["group"] == name)
        ].iloc[0]
        assert row["trials"] == own.sum()
        assert row["events"] == (given["score"].to_numpy()[own] < threshold).sum()


def test_labels_of_any_name_are_compared_with_the_largest_group(study: Study) -> None:
    findings = study.findings
    assert set(findings["factor"]) == {"skin"}
    told = findings[findings["primary"] & (findings["group_b"] != "*")]
    assert set(told["group_b"]) == {"medium"}
    assert study.operating == 0.5
    assert study.record.thresholds.values == tuple(THRESHOLDS)


def test_a_study_is_read_back_by_a_string(study: Study) -> None:
    again = lfr_eval.read_study(str(study.path))
    pd.testing.assert_frame_equal(again.rates, study.rates)
    assert again.record == study.record
    assert StudyFolder.open(str(study.path)).verify() == []
    with pytest.raises(FolderError, match="not a study folder"):
        lfr_eval.read_study("nowhere")


def test_the_same_data_make_the_same_study(study: Study, here: list[str]) -> None:
    again = lfr_eval.run(
        *here, people=people(), scores=scores(), thresholds=THRESHOLDS, operating=0.5
    )
    assert again.path == study.path


def test_what_was_given_is_private(study: Study) -> None:
    given = study.path.parents[1] / "cache" / "given"
    assert given.stat().st_mode & 0o077 == 0
    assert {file.name for file in given.rglob("*.csv")} >= {"people.csv", "scores.csv"}


def test_a_plot_draws_every_group_on_the_axes_that_are_given(study: Study) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert study.plot("FMR", by="skin", ax=axes) is axes
    assert {label.get_text() for label in axes.get_yticklabels()} == {"light", "medium", "dark"}
    rates = study.rates
    row = rates[
        (rates["metric"] == "FNMR") & (rates["threshold"] == 0.7) & (rates["factor"] == "skin")
    ]
    drawn = study.plot("FNMR", threshold=0.7, ax=Figure().subplots())
    dots = np.concatenate([line.get_xdata() for line in drawn.get_lines()])
    wanted = np.where(row["events"] > 0, row["rate"], row["upper"]).astype(float)
    np.testing.assert_allclose(np.sort(dots), np.sort(wanted))
    with pytest.raises(ConfigError, match="Choose one of"):
        study.plot("FMR", by="hair")
    with pytest.raises(ConfigError, match="no rates with metric 'FPIR'"):
        study.plot("FPIR")
    with pytest.raises(ConfigError, match=r"threshold 0\.44"):
        study.plot("FMR", threshold=0.44)


def test_a_study_prints_its_answer(study: Study) -> None:
    assert repr(study) == f"Study({str(study.path)!r})"
    said = str(study).splitlines()
    assert said[0] == repr(study)
    assert said[1].startswith("At the threshold in use (0.50)")


def test_a_notebook_shows_the_findings(study: Study) -> None:
    html = study._repr_html_()
    assert study.path.name in html
    first = study.findings[study.findings["primary"]]["statement"].iloc[0]
    assert str(first) in unescape(html)
    assert len(re.findall("<tr>", html)) > 1


@pytest.mark.usefixtures("unreported")
def test_templates_give_the_scores_of_their_cosines(here: list[str]) -> None:
    generator = np.random.default_rng(3)
    table = people()
    vectors = generator.normal(size=(len(table), 8)).astype(np.float32)
    templates = pd.DataFrame({"image_id": table["image_id"], "template": list(vectors)})
    found = lfr_eval.run(*here, people=table, templates=templates, thresholds=0.2)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rates = found.rates[found.rates["factor"] == "overall"].set_index("metric")
    mated = np.array([unit[a] @ unit[a + 1] for a in range(0, len(table), 2)])
    assert rates.loc["FNMR", "events"] == (mated < 0.2).sum()
    assert rates.loc["FNMR", "trials"] == len(mated)


@pytest.mark.usefixtures("unreported")
def test_a_study_by_overrides_is_that_of_the_command_line(
    small: StudyFolder, tmp_path: Path
) -> None:
    found = lfr_eval.run(*SMALL, f"paths.studies={tmp_path}", f"paths.cache={tmp_path}/cache")
    assert found.path.name == small.path.name
    pd.testing.assert_frame_equal(found.rates, small.read(RATES))
    pd.testing.assert_frame_equal(found.findings, small.read(FINDINGS))
    assert not (tmp_path / "mlflow.db").exists()
    axes = found.plot("FPIR", by="ethnicity")
    assert axes.get_title().endswith("simulated people")
    assert {label.get_text() for label in axes.get_yticklabels()} <= {"Asian", "Black", "White"}
    assert axes.get_xlabel().startswith("False alerts (FPIR), with 95 % intervals")


WRONG = {
    "people has no rows": {"people": people().iloc[:0], "scores": scores()},
    "scores has two columns named 'score'": {
        "people": people(),
        "scores": pd.concat([scores(), scores()[["score"]]], axis=1),
    },
    "a column named 0; column names must be text": {
        "people": people().assign(x=1).rename(columns={"x": 0}),
        "scores": scores(),
    },
    "says whose images": {"scores": scores()},
    "not both": {"people": people(), "scores": scores(), "templates": scores()},
    "names a matcher": {"people": people()},
    "must be a pandas DataFrame": {"people": [1], "scores": scores()},
    "no thresholds of its own": {"people": people(), "scores": scores()},
    "no label to compare": {
        "people": people().drop(columns="skin"),
        "scores": scores(),
        "thresholds": [0.5],
    },
    "subject_id": {
        "people": people().drop(columns="subject_id").assign(gender="male"),
        "scores": scores(),
        "thresholds": [0.5],
    },
    "reference_id is not in the manifest": {
        "people": people().iloc[2:],
        "scores": scores(),
        "thresholds": [0.5],
    },
}


@pytest.mark.parametrize("said", WRONG)
def test_mistakes_are_told_and_leave_no_data(said: str, here: list[str]) -> None:
    given = Path(here[1].partition("=")[2]) / "given"
    before = set(given.glob("*"))
    with pytest.raises(MendableError, match=said) as refused:
        lfr_eval.run(*here, **WRONG[said])  # type: ignore[arg-type]
    # It names what was given, and not where the tool keeps it.
    assert str(given) not in str(refused.value)
    if said == "no thresholds of its own":
        assert "In Python, give a setting as text" in str(refused.value)
    noted = "row 2 is the first row of data" in "".join(getattr(refused.value, "__notes__", []))
    assert noted == ("row " in str(refused.value))
    assert set(given.glob("*")) == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"thresholds": np.array([[0.5, 0.6]])}, "thresholds must be finite numbers"),
        ({"thresholds": {0.5}}, "thresholds must be finite numbers"),
        ({"thresholds": ["a"]}, r"thresholds must be finite numbers.*'a'"),
        ({"thresholds": 10**400}, "thresholds must be finite numbers"),
        ({"operating": [0.5, 0.6]}, "operating must be one number"),
        ({"operating": float("nan")}, "operating must be finite numbers"),
        ({"design": 5}, "design=5 is not"),
    ],
)
def test_parameters_of_another_type_are_told(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        lfr_eval.run(**given)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="override b'a=b' is not"):
        lfr_eval.run(b"a=b", **given)  # type: ignore[arg-type]


def test_overrides_that_the_data_replace_are_refused(here: list[str]) -> None:
    with pytest.raises(ConfigError, match="leave out the override of experiment"):
        lfr_eval.run(*here, "experiment=london", people=people(), scores=scores())
    with pytest.raises(ConfigError, match="given twice"):
        lfr_eval.run("design=live", design="live")


def test_importing_the_package_is_light() -> None:
    assert not imported_by("import lfr_eval") & set(HEAVY)
    assert {"run", "read_study", "Study"} <= set(dir(lfr_eval))
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        lfr_eval.runn  # noqa: B018
