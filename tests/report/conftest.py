"""Study folders and their pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lfr_eval.contract.folder import StudyFolder
from lfr_eval.report import render
from lfr_eval.report.model import Report
from lfr_eval.report.reading import read_report
from tests.report import builders
from tests.report.pages import Element, parse
from tests.shared import made_once
from tests.studies import SMALL, finished, run


def rendered(name: str, **settings: object) -> Path:
    """Write and render a study once a session, for tests that only read it."""
    made = made_once(name, lambda folder: render(builders.write_study(folder / name, **settings)))
    return made / name


@pytest.fixture(scope="session")
def study() -> Path:
    """Return a rendered study that tests only read."""
    return rendered("study")


@pytest.fixture(scope="session")
def pdf(study: Path) -> Path:
    """Return the PDF of that study."""

    def make(folder: Path) -> None:
        render(study, folder / "report.html", papers=["report"])

    return made_once("pdf", make) / "report.pdf"


@pytest.fixture(scope="session")
def page(study: Path) -> Element:
    """Return the page of that study."""
    return parse(study / "report.html")


@pytest.fixture(scope="session")
def bare_study() -> Path:
    """Return a rendered study on real people that recorded as little as it may."""
    return rendered(
        "bare",
        simulated=False,
        operating=None,
        provenance=False,
        sizes=[1_000],
        only=["cohort", "rates", "findings"],
        labels=builders.Labels(crossed=False),
    )


@pytest.fixture(scope="session")
def bare_page(bare_study: Path) -> Element:
    """Return the page of that study."""
    return parse(bare_study / "report.html")


@pytest.fixture(scope="session")
def small_study() -> Path:
    """Return a rendered study with every table, few groups, and a threshold that it never saw."""
    return rendered(
        "few",
        operating=0.9,
        sizes=[1_000],
        thresholds=builders.PRIMARY,
        labels=builders.Labels(genders=["female"], ethnicities=["white"], crossed=False),
    )


@pytest.fixture(scope="session")
def adjusted() -> StudyFolder:
    """Return a small rehearsal with a covariate to hold alike and a margin of the difference."""
    settings = (
        *SMALL,
        "report.pdf=true",
        "inference.adjust=[age_band]",
        "inference.difference_margin=0.01",
    )
    return finished("adjusted", lambda folder: run(folder, *settings))


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes another study folder and returns it."""

    def write(name: str = "study", **settings: object) -> Path:
        return builders.write_study(tmp_path / name, **settings)

    return write


@pytest.fixture
def read_page(write_study: Callable[..., Path]) -> Callable[..., Element]:
    """Return a function that writes another study, renders it and parses the page."""

    def read(**settings: object) -> Element:
        return parse(render(write_study(**settings)))

    return read


@pytest.fixture
def report(bare_study: Path) -> Report:
    """A study of real people, in the brief of which each test says what was found."""
    return read_report(bare_study)
