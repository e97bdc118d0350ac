"""The study record: what a study says of itself, written as `study.json` and read by every room.

Out of `study/`, into report, tracking, registry and whatever is asked of a finished study. A field
that a later version adds has a default, so that earlier studies can be read; a field that is
missing otherwise, or of another type, is refused with its name, its value and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from lfr_eval.contract import defaults
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.validation import problems_of

FILE = "study.json"


class StudyRecordError(MendableError, ValueError):
    """A file of the study folder cannot be used; the message lists every problem and the remedy."""


def _instant(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Instant = Annotated[str, AfterValidator(_instant)]
"""A date and time, ISO 8601 with its offset from UTC."""


class Part(BaseModel):
    """A part of the record: read strictly, never changed, unknown fields passed over."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


Evidence = Literal["pictures", "templates", "scores", "alerts", "pairs", "unnamed pairs"]
"""What a matcher is known by."""


class Matcher(Part):
    """The matcher under test."""

    name: str
    """Name that the configuration gives it."""
    fingerprint: str
    """SHA-256 over everything that determines its templates and scores."""
    description: str
    """What it is and how it finds faces, in words."""
    score_range: tuple[float | None, ...] | None
    """Lowest and highest score; None where a score has no bound."""
    system: str | None = None
    """Name of the system, such as a vendor's product, where the evaluator gave one."""
    version: str | None = None
    """Registered version, `models:/NAME/VERSION`; None where it was not loaded from a registry."""
    evidence: Evidence = "pictures"
    """What it is known by: pictures it was given, or a file of what it made of them. `unnamed
    pairs` are pairs of unknown people."""
    ranks: bool = False
    """Whether candidate lists gave ranks and no scores; a score is then minus the rank."""

    @property
    def called(self) -> str:
        """The name that a report uses: the system's, else the matcher's."""
        return self.system or self.name

    @property
    def unit(self) -> str:
        """What the study counts as independent: people, or pairs that nobody named."""
        return "pairs" if self.evidence == "unnamed pairs" else "people"


class SharingSaid(Part):
    """What a register of sharing said of a dataset when the study was run."""

    file: str
    """File name of the register."""
    entries: int
    """How many entries it had; 0: there was none."""
    head: str | None
    """SHA-256 of its last entry; None where it had none, or its chain was broken."""
    said: tuple[str, ...]
    """Its answer, in sentences."""


class Dataset(Part):
    """A dataset card: where the faces come from, and what may be concluded from them."""

    name: str
    """Short name."""
    title: str
    """Full name."""
    origin: str | None
    """Where the images come from."""
    licence: str | None
    """Terms of use."""
    consent: str | None
    """What the people shown agreed to."""
    lawful_basis: str | None
    """Basis for processing under data protection law."""
    label_source: Mapping[str, str]
    """Factor -> who assigned its labels."""
    limits: tuple[str, ...]
    """What may not be concluded from the data, in sentences."""
    citation: str | None
    """How to cite the data."""
    label_scheme: Mapping[str, str] = Field(default_factory=dict)
    """Factor -> scheme of its labels."""
    tested: bool = True
    """Whether people under test come from it; else it only fills the watchlist."""
    purpose: str | None = None
    """What the images may be used for, as the card says."""
    forbids: tuple[str, ...] = ()
    """What they must not be used for."""
    used_for: str | None = None
    """Purpose of this study."""
    dpia: str | None = None
    """Reference of the data protection impact assessment."""
    eia: str | None = None
    """Reference of the equality impact assessment."""
    collected: str | None = None
    """When the images were made."""
    expires: str | None = None
    """Last day on which they may be kept."""
    sharing: SharingSaid | None = None
    """What the register that the card refers to said; None where it refers to none."""


class Design(Part):
    """Who was compared with whom."""

    name: str
    """Name that the configuration gives it."""
    description: str
    """What was compared, in words."""
    watchlist_sizes: tuple[int, ...]
    """References on the watchlists that were searched."""
    watchlist_members: str | None
    """Whose references are on the watchlist: `fillers` or `everybody`."""
    watchlist_composition: str | None = None
    """How the watchlist is made up, in words; None where nothing was searched."""
    list_length: int | None = None
    """Most candidates of a list, where the evidence is the candidate lists of searches. A mate that
    is not among them counts as missed, so that rates by threshold are those at this rank too."""


class Thresholds(Part):
    """The thresholds swept, those that the plan names, and the one in operation."""

    values: tuple[float, ...] = Field(min_length=1)
    """All of them, increasing."""
    primary: tuple[float, ...] = Field(min_length=1)
    """Those at which findings are primary."""
    operating: float | None
    """The one at which the matcher is meant to run; None where nobody said."""
    origin: str | None
    """Where the operating threshold comes from, in words."""

    @property
    def tabulated(self) -> tuple[float, ...]:
        """Thresholds of the tables: the primary ones and the operating one, in order."""
        chosen = set(self.primary)
        if self.operating is not None:
            chosen.add(self.operating)
        return tuple(sorted(chosen))

    @property
    def headline(self) -> tuple[float, ...]:
        """Thresholds of the first screen: the operating one, or else all primary ones."""
        return self.tabulated if self.operating is None else (self.operating,)


class Inference(Part):
    """The settings of the intervals and tests: the group `inference` of the configuration."""

    level: float
    """Confidence level of the printed intervals."""
    alpha: float
    """Chance of a false claim over all primary comparisons together."""
    margin: float
    """Ratio up to which two rates count as equivalent."""
    difference_margin: float | None = None
    """Difference up to which they are equivalent in absolute terms; None: no such verdict."""
    seed: int
    """Seed of random draws."""
    power: float = 0.8
    """Power that planned ratios are given for."""
    garbe_weight: float = defaults.GARBE_WEIGHT
    """Share of false positives in GARBE."""
    stated_scores: tuple[float, ...] = ()
    """Scores: the shares of scores at or above each are compared."""
    factors: tuple[str, ...] = ()
    """Factors that rates are given by."""
    reference_groups: Mapping[str, str] = Field(default_factory=dict)
    """Factor -> the group that the others are compared with."""
    largest_groups: tuple[str, ...] = ()
    """Factors whose reference group is the largest one, because no other was chosen."""
    strata: tuple[str, ...] = ()
    """Factors within which groups are compared."""
    adjust: tuple[str, ...] = ()
    """Covariates that adjusted ratios hold alike."""
    primary_metrics: tuple[str, ...] = ()
    """Metrics of the primary findings."""
    primary_factors: tuple[str, ...] = ()
    """Factors of the primary findings; empty: all."""
    primary_watchlist_sizes: tuple[int, ...] = ()
    """Watchlist sizes of the primary findings."""
    primary_comparisons: tuple[str, ...] = ()
    """Kinds of comparisons that are primary; empty: all."""


class Exclusion(Part):
    """Images and people that the registered plan leaves out, for one reason."""

    reason: str
    """The reason, as the plan gives it."""
    images: int
    """Images left out."""
    people: int
    """People who lost at least one image."""


class Registration(Part):
    """The plan that was frozen, and how the study stands to it."""

    state: str
    """One of `tables.REGISTERED_STATES`."""
    registered_at: Instant
    """When the plan was registered."""
    seal: str
    """Hash of the registration."""
    plan_sha256: str
    """Hash of the plan file."""
    title: str
    """Title of the plan."""
    hypotheses: tuple[str, ...]
    """What the plan set out to test."""
    who: str
    """Who registered it."""
    stopping: str
    """When recruitment stops."""
    recruitment: str
    """How people are recruited."""
    data_registered: bool
    """Whether the hashes of the images were registered too."""
    after_results: tuple[str, ...]
    """Studies of the same people and matcher that were finished before the registration."""
    code: str
    """Version of lfr_eval that registered it."""
    differences: tuple[str, ...]
    """In what the study is not as registered, in sentences."""
    reason: str | None
    """Why it differs; None where it does not."""
    exclusions: tuple[Exclusion, ...]
    """What the plan leaves out."""


class LiveEngine(Part):
    """Whether the matcher under test is what runs live."""

    described: bool
    """Whether it is."""
    statement: str
    """The sentence that says so, or why not."""
    version: str | None = None
    """Registered version, NAME/VERSION, that parity compared with what the study tested."""
    fingerprint: str | None = None
    """Fingerprint of that version's matcher."""
    endpoint: str | None = None
    """Address that it was compared with."""
    checked: Instant | None = None
    """When it was compared."""


class StudyRecord(Part):
    """A study's account of itself."""

    title: str
    """Title of the report."""
    question: str
    """The question that the study answers."""
    study: str
    """Name of the study."""
    simulated: bool
    """Whether nobody in it exists."""
    matcher: Matcher
    """The matcher under test."""
    datasets: tuple[Dataset, ...]
    """Cards of the datasets whose people were tested or searched for."""
    design: Design
    """Who was compared with whom."""
    thresholds: Thresholds
    """Where scores are cut."""
    factors: tuple[str, ...]
    """Factors that rates are given by."""
    inference: Inference
    """How intervals and tests were made."""
    notes: tuple[str, ...]
    """What the evaluator adds, in sentences."""
    data_digest: str
    """SHA-256 over the people and images of the study."""
    started: Instant
    """When the study began."""
    finished: Instant
    """When its last table was written."""
    registration: Registration | None = None
    """The registered plan; None where there is none."""
    live_engine: LiveEngine | None = None
    """What is known of the live engine; None where nothing claims to be one."""
    conditions: tuple[str, ...] = ()
    """Parts of the factors that are conditions of passes, not of people."""
    inseparable: tuple[str, ...] = ()
    """Factors that divide people and passes in the same way, so that they cannot be told apart."""
    label_names: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Factor -> short name -> full label, where labels have short names."""
    capture: str | None = None
    """How still images were degraded to simulated passes, in words; None where they were not."""

    @property
    def mark(self) -> str | None:
        """What every chart and table of the study is marked with; None for real captures."""
        if self.simulated:
            return "Simulated"
        return "Simulated capture" if self.capture else None

    def content(self) -> dict[str, Any]:
        """Return what `study.json` holds."""
        return self.model_dump(mode="json")


def read_record(folder: Path) -> StudyRecord:
    """Read the record of a study folder.

    Raises
    ------
    StudyRecordError
        If the file is missing or not JSON, or a field is missing or of another type.
    """
    try:
        text = (folder / FILE).read_bytes()
    except OSError as error:
        said = "is missing" if isinstance(error, FileNotFoundError) else f"is {error.strerror}"
        raise StudyRecordError(
            f"{FILE} {said} in {folder}. Give the folder of a study; a study that did not finish "
            "goes on when it is run again."
        ) from None
    return to_record(text, f"{FILE} in {folder}")


def to_record(text: bytes | str, where: str) -> StudyRecord:
    """Return the record that a text holds.

    Parameters
    ----------
    text
        JSON.
    where
        Where it comes from, for the error.

    Raises
    ------
    StudyRecordError
        If the text is not JSON, or a field is missing or of another type.
    """
    try:
        return StudyRecord.model_validate_json(text)
    except ValidationError as error:
        raise StudyRecordError(
            f"{where} is not a valid study record: {problems_of(error)}. Run the study again, or "
            "read it with the version of lfr_eval that made it."
        ) from None
