"""Everything that determines a study: `conf/config.yaml` and its groups."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from lfr_eval.config.datasets import CaptureConfig, DatasetConfig
from lfr_eval.config.limits import FILLED, OneOf, Range
from lfr_eval.config.matchers import MatcherConfig
from lfr_eval.config.missing import MISSING
from lfr_eval.contract import defaults
from lfr_eval.contract.vocabulary import KINDS_OF_COMPARISON, METRICS, WATCHLIST_INFERENCE

SEARCHING = ("live", "operator", "retrospective")
KINDS = (*SEARCHING, "verification")
POLICIES = ("threshold", "rank", "threshold and rank")
SHARE = Range(above=0, below=1)
SEED = Range(least=0)


@dataclass
class DesignConfig:
    """How people are compared: `conf/design/`."""

    name: str = MISSING
    """Name of the design, as reports give it."""
    description: str = MISSING
    """What is compared with what, in a sentence of the report."""
    kinds: Annotated[list[str], OneOf(*KINDS), FILLED] = MISSING
    """What is done: one kind of watchlist search at most, verification, or both."""
    watchlist_sizes: Annotated[list[int], Range(least=1)] = field(default_factory=list)
    """Watchlist sizes to search, each a random part of the watchlist; empty: all of it, once."""
    watchlist_members: Annotated[str, OneOf("fillers", "everybody")] = "fillers"
    """Who is on the watchlist: the fillers alone, to whom a mated search adds the person's own
    references, or other people's references too."""
    watchlist_composition: Annotated[dict[str, float], Range(least=0)] = field(default_factory=dict)
    """Groups of any factor on the watchlist, as shares that add up to 1 or as numbers, such as
    {male x white: 450, female x white: 550}; empty: as `population` says."""
    watchlist_inference: Annotated[str, OneOf(*WATCHLIST_INFERENCE)] = "fixed"
    """Whether claims hold for this watchlist (fixed), or for watchlists like it (random), with
    wider intervals."""
    candidates: Annotated[int, Range(least=1)] = 1
    """Best references kept for each probe in each group of the watchlist (table candidates)."""
    policies: Annotated[list[str], OneOf(*POLICIES), FILLED] = field(
        default_factory=lambda: list(POLICIES)
    )
    """When a mate counts as found in a retrospective search."""
    ranks: Annotated[list[int], Range(least=1), FILLED] = field(
        default_factory=lambda: [1, 5, 10, 20, 50]
    )
    """Among how many candidates the mate of a retrospective search must be."""
    dont_care: str | None = None
    """File of people who are not compared with one another: subject_a, subject_b, reason."""
    seed: Annotated[int, SEED] = 1
    """Seed of the draws of watchlists."""


@dataclass
class PopulationConfig:
    """Whom a watchlist is made of: `conf/population/`. Write one of your own with `shares`."""

    name: str = "fillers"
    """Name of the population, as reports give it."""
    description: str = "The fillers as they come."
    """Who is on the watchlist, in a sentence of the report."""
    like: Annotated[str, OneOf("fillers", "balanced", "cohort", "shares")] = "fillers"
    """Which mixture of groups: the fillers as they come, equal groups, the people under test, or
    `shares`."""
    shares: Annotated[dict[str, float], Range(least=0)] = field(default_factory=dict)
    """Groups and their shares, which add up to 1, or their numbers."""
    source: str = ""
    """Where the shares come from."""
    evidence: str = ""
    """How the shares were seen: in the primary source, in a secondary one, or derived."""


@dataclass
class ThresholdsConfig:
    """Where the score is cut: `conf/thresholds/`. What is not given is the matcher's."""

    values: list[float] | None = None
    """All thresholds, one by one; goes before `sweep`."""
    sweep: list[float] | None = None
    """Thresholds as start, stop (included) and step."""
    operating: float | None = None
    """The threshold at which the matcher is meant to run."""
    origin: str | None = None
    """Where the operating threshold comes from, in a sentence of the report."""
    primary: list[float] | None = None
    """Thresholds at which findings are primary; default: the operating one."""


@dataclass
class InferenceConfig:
    """What is claimed, and how sure one must be: `conf/inference/`."""

    factors: list[str] = field(default_factory=lambda: list(defaults.FACTORS))
    """Factors that rates are given by and groups are compared by; ` x ` joins two."""
    reference_groups: dict[str, str] = field(default_factory=dict)
    """Factor and the group that its other groups are compared with."""
    strata: list[str] = field(default_factory=list)
    """Factors within which groups are compared, so that they are alike in them."""
    adjust: list[str] = field(default_factory=list)
    """Covariates, such as age and camera, that the table of adjusted ratios holds alike."""
    level: Annotated[float, SHARE] = defaults.LEVEL
    """Confidence level of the printed intervals."""
    alpha: Annotated[float, SHARE] = defaults.ALPHA
    """Chance of a false claim over all primary comparisons together."""
    margin: Annotated[float, Range(above=1)] = defaults.MARGIN
    """Equivalence margin: rates within this factor of each other count as the same."""
    difference_margin: Annotated[float | None, SHARE] = None
    """Difference of two rates below which they are equivalent in absolute terms; default: no such
    verdict."""
    power: Annotated[float, SHARE] = defaults.POWER
    """Power that a plan asks for."""
    garbe_weight: Annotated[float, Range(least=0, most=1)] = defaults.GARBE_WEIGHT
    """Share of false positives in the equity measure GARBE; the rest is that of false negatives."""
    seed: Annotated[int, SEED] = defaults.SEED
    """Seed of every random draw of the inference."""
    primary_metrics: Annotated[list[str], OneOf(*METRICS)] = field(
        default_factory=lambda: list(defaults.PRIMARY_METRICS)
    )
    """Metrics of the primary comparisons; all other comparisons are exploratory."""
    primary_factors: list[str] = field(default_factory=list)
    """Factors of the primary comparisons; empty: all."""
    primary_watchlist_sizes: Annotated[list[int], Range(least=1)] = field(default_factory=list)
    """Watchlist sizes of the primary comparisons; empty: all."""
    primary_comparisons: Annotated[list[str], OneOf(*KINDS_OF_COMPARISON)] = field(
        default_factory=lambda: list(defaults.PRIMARY_COMPARISONS)
    )
    """Primary comparisons: all groups at once (omnibus), each group with the reference group, or
    each with the rest."""


@dataclass
class ComputeConfig:
    """With what: `conf/compute/`."""

    executor: Annotated[str, OneOf("local", "ray")] = "local"
    """Where scores are computed: by this machine's threads and GPUs, or by a Ray cluster."""
    address: str | None = None
    """Address of the Ray cluster; auto: the one that this machine belongs to."""
    threads: Annotated[int, Range(least=0)] = 0
    """Threads of lfr_eval and of the numerical libraries; 0: one per core."""
    device: str = "auto"
    """What multiplies templates: cpu, cuda (every GPU), cuda:1 (one of them) or auto."""
    tile: Annotated[int, Range(least=1)] = 4_096
    """Templates on each side that are multiplied at once."""
    precision: Annotated[str, OneOf("auto", "float32", "bfloat16")] = "auto"
    """Precision of the screening; auto takes the faster one. The results are the same."""
    tail_memory: Annotated[float, Range(above=0)] = 2e9
    """Bytes that the scores above the lowest threshold may take."""


@dataclass
class TrackingConfig:
    """Where results are logged: `conf/tracking/`."""

    enabled: bool = True
    """Whether results are sent to MLflow."""
    uri: str | None = None
    """Tracking URI; default: MLFLOW_TRACKING_URI, else an SQLite file beside the studies."""
    experiment: str = defaults.EXPERIMENT
    """Experiment of MLflow that runs belong to."""
    timeout: Annotated[int, Range(least=1)] = 20
    """Seconds that the tracking server may take to answer."""
    system_metrics: bool = False
    """Whether processor, memory, disk and network are sampled while the study runs."""


@dataclass
class ReportConfig:
    """The words on the first page: `conf/report/`."""

    title: str = MISSING
    """Title of the report."""
    question: str = MISSING
    """The question that the study answers."""
    notes: list[str] = field(default_factory=list)
    """Sentences that the evaluator adds to the report."""
    pdf: bool = True
    """Whether report.pdf is written beside report.html."""
    minimum_count: Annotated[int, Range(least=2)] = 5
    """A publication withholds counts from 1 to below this one."""


@dataclass
class PathsConfig:
    """Where things stand on this machine: `conf/paths/`."""

    studies: str = MISSING
    """Folder of all studies."""
    cache: str | None = None
    """Private folder of downloads and templates; default: in XDG_CACHE_HOME, else ~/.cache."""
    mirror: str | None = None
    """Folder that datasets and weights are taken from instead of the network."""
    deployments: str = "deployments"
    """Private folder of the live engine's deployments."""
    approvals: str | None = None
    """File of the decisions; default: approvals.jsonl beside the studies."""


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
    """File that `lfr-eval engine parity` wrote; default: what the registered version says."""
    paths: PathsConfig = field(default_factory=PathsConfig)
    registration: str | None = None
    """File that `lfr-eval plan register` wrote: the study is run as its plan says."""
    deviate: bool = False
    """Whether the study is run although it differs from its registration."""
    deviation: str | None = None
    """Why it differs; every finding is then marked."""

    def analysis(self) -> dict[str, Any]:
        """Return what determines the results.

        Paths, tracking, computing, registration, parity and the purpose do not.
        """
        values = asdict(self)
        promised = ("registration", "deviate", "deviation")
        for elsewhere in ("paths", "tracking", "compute", "parity", *promised):
            del values[elsewhere]
        del values["report"]["pdf"], values["report"]["minimum_count"]
        del values["dataset"]["purpose"], values["dataset"]["despite"]
        return values


REMOVED = {
    "inference.permutations": "People are no longer shuffled, so it has no effect.",
}
"""Settings of earlier versions that have no effect: accepted, with a notice."""
