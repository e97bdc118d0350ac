"""From the engine to the study's report: records of what runs join a study through its endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from lfr_eval.cli.main import main
from lfr_eval.contract.folder import StudyFolder
from lfr_eval.contract.tables import DEPLOYMENTS
from lfr_eval.engine.permission import SENTENCE
from lfr_eval.finished.approvals import describes
from lfr_eval.matchers.null import NullMatcher
from lfr_eval.registry.registering import register_matcher
from lfr_eval.registry.versions import find_version
from lfr_eval.tracking import track
from tests.engine.serving import served
from tests.engine.studies import write_people
from tests.report.pages import parse
from tests.shared import fresh_store
from tests.studies import configured, tables_of

# MLflow and what it stands on warn about themselves.
pytestmark = pytest.mark.filterwarnings("ignore")

MODEL = "models:/lfr-null/1"
PARITY = ("engine", "parity", MODEL, "--probes", "people/people.csv")
STUDY = (
    *("dataset=manifest", "dataset.path=people/people.csv", "design=verification"),
    *("thresholds.values=[0.1,0.2]", "thresholds.operating=0.2"),
    *("report.pdf=false", "inference.factors=[gender]"),
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a registered null matcher and the pictures of twelve people."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", fresh_store(tmp_path))
    for name in ("STUDIES", "CACHE", "DEPLOYMENTS"):
        monkeypatch.setenv(f"LFR_EVAL_{name}", str(tmp_path / name.lower()))
    write_people(tmp_path / "people")
    config = configured(tmp_path, "experiment=london", "matcher=null_matcher")
    register_matcher(config, "lfr-null", fresh_store(tmp_path))
    return tmp_path


def deployed(threshold: float, name: str) -> None:
    command = ["engine", "run", "source=people", "watchlist=people/people.csv", f"model={MODEL}"]
    told = f"unapproved={SENTENCE}"
    assert main([*command, f"threshold={threshold}", f"name={name}", told]) == 0


def judged(study: StudyFolder) -> dict[str, tuple[str, str]]:
    """Put every deployment beside a study; return how each joined, or why it was left out."""
    assert main(["report", str(study.path), "--deployments", "deployments"]) == 0
    rows = study.read(DEPLOYMENTS).fillna({"joined_by": "", "left_out": ""}).to_dict("records")
    return {
        row["deployment_id"].rpartition("-")[0]: (row["joined_by"], row["left_out"]) for row in rows
    }


def test_what_the_engine_logged_joins_the_study_that_went_through_the_endpoint(
    place: Path,
) -> None:
    deployed(0.2, "monday")
    deployed(0.3, "tuesday")
    unswept = ("", "a threshold that the study does not have")
    loaded = tables_of(place, *STUDY, "matcher=mlflow", f"matcher.uri={MODEL}")
    assert judged(loaded) == {"monday": ("the same fingerprint", ""), "tuesday": unswept}

    with served(NullMatcher(salt="x")) as url:
        through = ("matcher=http", f"matcher.url={url}")
        unchecked = tables_of(place, *STUDY, *through)
        _, why = judged(unchecked)["monday"]
        assert why.endswith(
            "no parity check ties the endpoint that was tested to a registered version"
        )
        assert main([*PARITY, "--endpoint", url]) == 1
        failed = tables_of(place, *STUDY, *through, f"matcher.model={MODEL}")
        _, why = judged(failed)["monday"]
        assert why.startswith(f"lfr-null/1, which is not what was tested: parity of {url} with")

    with served(NullMatcher()) as url:
        assert main([*PARITY, "--endpoint", url]) == 0
        named = ("matcher=http", f"matcher.url={url}", f"matcher.model={MODEL}")
        proved = tables_of(place, *STUDY, *named)
    before = proved.study_hash()
    beside = judged(proved)
    how, _ = beside["monday"]
    assert how.startswith(f"parity of {url} with lfr-null/1 on 20")
    assert beside["tuesday"] == unswept
    assert proved.study_hash() == before
    text = parse(proved.path / "report.html").with_id("field").text
    assert f"Known to be of the matcher that was tested by {how}." in text
    assert "Left out: 1 record of a threshold that the study does not have." in text
    assert_evidence(proved, unchecked, fresh_store(place))


def assert_evidence(proved: StudyFolder, unchecked: StudyFolder, uri: str) -> None:
    """The version's page and the panel take the same view of both studies as the report."""
    version = find_version(MODEL, uri)
    assert describes(proved.record(), version)
    assert not describes(unchecked.record(), version)
    track(unchecked, uri, "tests")
    assert "last_study" not in find_version(MODEL, uri).tags
    track(proved, uri, "tests")
    assert find_version(MODEL, uri).tags["last_study"] == proved.study_hash()
