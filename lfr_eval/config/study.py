"""Everything that determines a study: `conf/config.yaml` and its groups."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from lfr_eval.config.datasets import CaptureConfig, DatasetConfig
from lfr_eval.config.limits import FILLED, MOST_PEOPLE, OneOf, Range
from lfr_eval.config.matchers import MatcherConfig
from lfr_eval.config.missing import MISSING
from lfr_eval.contract import defaults
from lfr_eval.contract.vocabulary import KINDS_OF_COMPARISON, METRICS, SCORES, WATCHLIST_INFERENCE

SEARCHING = ("live", "operator", "retrospective")
KINDS = (*SEARCHING, "verification")
POLICIES = ("threshold", "rank", "threshold and rank")
BY_EVALUATOR = "The operating threshold was given by the evaluator."
"""Its origin, where somebody replaces the threshold of an experiment or a matcher."""
SHARE = Range(above=0, below=1)
SEED = Range(least=0)
PEOPLE = Range(least=1, most=MOST_PEOPLE)


@dataclass
class DesignConfig:
    """How people are compared: `conf/design/`."""

    name: str = MISSING
    """Name of the design in reports."""
    description: str = MISSING
    """What is compared with what: a sentence for the report."""
    kinds: Annotated[list[str], OneOf(*KINDS), FILLED] = MISSING
    """Kinds of comparison: at most one kind of watchlist search, verification (pairs), or both."""
    watchlist_sizes: Annotated[list[int], PEOPLE] = field(default_factory=list)
    """Watchlist sizes to search, each a random part of the watchlist. Empty: the whole
    watchlist."""
    watchlist_members: Annotated[str, OneOf("fillers", "everybody")] = "fillers"
    """Who is on the watchlist: only fillers, or everybody (fillers and all references). With
    fillers, a mated search adds the person's own references."""
    watchlist_composition: Annotated[dict[str, float], Range(least=0)] = field(default_factory=dict)
    """Groups on the watchlist, of any factor, as shares that add up to 1 or as numbers, for example
    {male x white: 450, female x white: 550}. Empty: as `population` says."""
    watchlist_inference: Annotated[str, OneOf(*WATCHLIST_INFERENCE)] = "fixed"
    """Whether claims hold for this watchlist (fixed) or for watchlists like it (random). Intervals
    are wider with random."""
    candidates: Annotated[int, Range(least=1, most=10_000)] = 1
    """Best references to keep for each probe in each group of the watchlist (table candidates)."""
    policies: Annotated[list[str], OneOf(*POLICIES), FILLED] = field(
        default_factory=lambda: list(POLICIES)
    )
    """Criteria by which a retrospective search counts the mate (own reference) as found."""
    ranks: Annotated[list[int], PEOPLE, FILLED] = field(default_factory=lambda: [1, 5, 10, 20, 50])
    """Ranks: the mate must be among this many candidates of a retrospective search."""
    dont_care: str | None = None
    """File of pairs of people not to compare, such as twins: subject_a, subject_b, reason."""
    seed: Annotated[int, SEED] = 1
    """Seed of the random draws of watchlists."""

    @property
    def searches(self) -> bool:
        """Whether a watchlist is searched."""
        return bool(set(self.kinds) - {"verification"})


@dataclass
class PopulationConfig:
    """Composition of the watchlist: `conf/population/`. Use `shares` for your own."""

    name: str = "fillers"
    """Name of the population in reports."""
    description: str = "The fillers as they come."
    """Who is on the watchlist: a sentence for the report."""
    like: Annotated[str, OneOf("fillers", "balanced", "cohort", "shares")] = "fillers"
    """Mixture of groups: that of the fillers, equal numbers (balanced), as among the people
    under test (cohort), or `shares`."""
    shares: Annotated[dict[str, float], Range(least=0)] = field(default_factory=dict)
    """Groups, each with its share (the shares add up to 1) or number."""
    source: str = ""
    """Where the shares come from."""
    evidence: str = ""
    """Evidence for the shares: read in the primary source, in a secondary source, or derived."""


@dataclass
class ThresholdsConfig:
    """Thresholds: `conf/thresholds/`. Values that are not given come from the matcher."""

    values: list[float] | None = None
    """All thresholds, listed. They take precedence over `sweep`."""
    sweep: list[float] | None = None
    """Thresholds as start, stop (included) and step."""
    operating: float | None = None
    """The threshold at which the matcher is meant to run."""
    origin: str | None = None
    """Where the operating threshold comes from: a sentence for the report."""
    primary: list[float] | None = None
    """Thresholds at which findings are primary. Default: the operating threshold."""


@dataclass
class InferenceConfig:
    """The claims of a study and the evidence that they need: `conf/inference/`."""

    factors: list[str] = field(default_factory=lambda: list(defaults.FACTORS))
    """Factors by which rates are given and groups compared. ` x ` joins two: gender x ethnicity."""
    reference_groups: dict[str, str] = field(default_factory=dict)
    """Factors, each with the group that its other groups are compared with."""
    strata: list[str] = field(default_factory=list)
    """Factors to hold constant: groups are compared only within each level of them."""
    adjust: list[str] = field(default_factory=list)
    """Covariates to hold constant in the table of adjusted ratios, such as age and camera."""
    level: Annotated[float, SHARE] = defaults.LEVEL
    """Confidence level of the printed intervals."""
    alpha: Annotated[float, SHARE] = defaults.ALPHA
    """Largest chance of a false claim in all primary comparisons together."""
    margin: Annotated[float, Range(above=1)] = defaults.MARGIN
    """Equivalence margin: rates within this factor of each other count as equivalent."""
    difference_margin: Annotated[float | None, SHARE] = None
    """Absolute margin: rates that differ by less than this count as equivalent. Null: no such
    verdict."""
    power: Annotated[float, SHARE] = defaults.POWER
    """Power that a plan aims for: the chance of detecting the planned difference."""
    garbe_weight: Annotated[float, Range(least=0, most=1)] = defaults.GARBE_WEIGHT
    """Weight of false positives in the equity measure GARBE; false negatives have the rest."""
    stated_scores: list[float] = field(default_factory=list)
    """Scores at which tails are compared: the share of each group's scores at or above them."""
    seed: Annotated[int, SEED] = defaults.SEED
    """Seed of every random draw of the inference."""
    primary_metrics: Annotated[list[str], OneOf(*METRICS, SCORES)] = field(default_factory=list)
    """Metrics of the primary comparisons; all other comparisons are exploratory. `scores`: mean
    scores, which then have an equal share of alpha. Empty: FPIR and FNIR if a watchlist is
    searched, otherwise FMR and FNMR."""
    primary_factors: list[str] = field(default_factory=list)
    """Factors of the primary comparisons. Empty: all."""
    primary_watchlist_sizes: Annotated[list[int], PEOPLE] = field(default_factory=list)
    """Watchlist sizes of the primary comparisons. Empty: the largest."""
    primary_comparisons: Annotated[list[str], OneOf(*KINDS_OF_COMPARISON)] = field(
        default_factory=lambda: list(defaults.PRIMARY_COMPARISONS)
    )
    """Primary comparisons: all groups at once (omnibus), each group with the reference group, or
    each group with the rest."""


@dataclass
class ComputeConfig:
    """Processors, threads and precision: `conf/compute/`."""

    executor: Annotated[str, OneOf("local", "ray")] = "local"
    """Where scores are computed: on this machine's threads and GPUs, or on a Ray cluster."""
    address: str | None = None
    """Address of the Ray cluster. Auto: the cluster that this machine belongs to."""
    threads: Annotated[int, Range(least=0, most=4_096)] = 0
    """Threads of lfr_eval and of the numerical libraries. 0: one per core."""
    device: str = "auto"
    """Device that compares templates: cpu, cuda (every GPU), cuda:1 (one GPU) or auto."""
    tile: Annotated[int, Range(least=1, most=65_536)] = 4_096
    """Templates on each side of one matrix product."""
    precision: Annotated[str, OneOf("auto", "float32", "bfloat16")] = "auto"
    """Precision of the first screening. Auto takes the faster one; the results are the same."""
    tail_memory: Annotated[float, Range(above=0)] = 2e9
    """Bytes of memory for comparisons at or above the lowest threshold."""


@dataclass
class TrackingConfig:
    """Where results are logged: `conf/tracking/`."""

    enabled: bool = True
    """Whether results are sent to MLflow."""
    uri: str | None = None
    """Tracking URI. Default: MLFLOW_TRACKING_URI, else a SQLite file beside the studies."""
    experiment: str = defaults.EXPERIMENT
    """MLflow experiment of the runs."""
    timeout: Annotated[int, Range(least=1, most=86_400)] = defaults.TIMEOUT
    """Seconds to wait for the tracking server."""
    system_metrics: bool = False
    """Whether to log the use of processor, memory, disk and network during the study."""


@dataclass
class ReportConfig:
    """The report: `conf/report/`."""

    title: str = MISSING
    """Title of the report."""
    question: str = MISSING
    """The question that the study answers."""
    system: str | None = None
    """Name of the system under test, such as a vendor's product and its version."""
    notes: list[str] = field(default_factory=list)
    """Sentences that the evaluator adds to the report."""
    pdf: bool = True
    """Whether to write PDFs beside report.html."""
    minimum_count: Annotated[int, Range(least=2, most=1_000)] = 5
    """`lfr-eval report --publish` withholds counts from 1 to below this number."""


@dataclass
class PathsConfig:
    """Folders and files on this machine: `conf/paths/`."""

    studies: str = MISSING
    """Folder of all studies."""
    cache: str | None = None
    """Private folder of downloads and templates. Default: in XDG_CACHE_HOME, else ~/.cache."""
    mirror: str | None = None
    """Folder to read datasets and weights from instead of downloading them."""
    deployments: str = "deployments"
    """Private folder of the live engine's deployments."""
    approvals: str | None = None
    """File of the approvals. Default: approvals.jsonl beside the studies."""


@dataclass
class StudyConfig:
    """Everything that determines a study."""

    name: str = MISSING
    """Name of the study and of its folder."""
    dataset: DatasetConfig = MISSING
    matcher: MatcherConfig = MISSING
    capture: CaptureConfig = field(default_factory=lambda: CaptureConfig("none"))
    design: DesignConfig = MISSING
    population: PopulationConfig = field(default_factory=PopulationConfig)
    thresholds: ThresholdsConfig = field(default_factory=ThresholdsConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    compute: ComputeConfig = field(default_factory=ComputeConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    parity: str | None = None
    """Result file of `lfr-eval engine parity`. Default: the result recorded with the version."""
    paths: PathsConfig = field(default_factory=PathsConfig)
    registration: str | None = None
    """File written by `lfr-eval plan register`. The study follows the plan in it."""
    deviate: bool = False
    """Whether to run a study that differs from its registration."""
    deviation: str | None = None
    """Reason for the difference. Every finding is then marked."""

    def analysis(self) -> dict[str, Any]:
        """Return what determines the results.

        Paths, tracking, computing, registration, parity and the purpose are left out.
        """
        values = asdict(self)
        promised = ("registration", "deviate", "deviation")
        for elsewhere in ("paths", "tracking", "compute", "parity", *promised):
            del values[elsewhere]
        for words in ("pdf", "minimum_count", "system"):
            del values["report"][words]
        del values["dataset"]["purpose"], values["dataset"]["despite"]
        return values


REMOVED = {
    "inference.permutations": "People are no longer shuffled, so it has no effect.",
}
"""Settings of earlier versions that have no effect: accepted, with a notice."""
