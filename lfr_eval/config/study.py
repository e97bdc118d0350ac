"""Everything that determines a study: `conf/config.yaml` and its groups."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from lfr_eval.config.datasets import CaptureConfig, DatasetConfig
from lfr_eval.config.matchers import MatcherConfig
from lfr_eval.config.missing import MISSING
from lfr_eval.contract import defaults


@dataclass
class DesignConfig:
    """How people are compared: `conf/design/`."""

    name: str = MISSING
    description: str = MISSING
    # live, operator or retrospective (searches of a watchlist), verification, or one of each sort.
    kinds: list[str] = MISSING
    # Sizes to search, each a random part of the watchlist; empty: the whole watchlist once.
    watchlist_sizes: list[int] = field(default_factory=list)
    # fillers: the watchlist is the fillers (a mated search adds the person's own references);
    # everybody: other people's references are on it too.
    watchlist_members: str = "fillers"
    # Of whom: shares (adding up to 1) or numbers by group of any factor, such as
    # {male x white: 450, female x white: 550}; empty: as `population` says.
    watchlist_composition: dict[str, float] = field(default_factory=dict)
    # fixed: claims hold for this watchlist; random: for watchlists like it (wider intervals).
    watchlist_inference: str = "fixed"
    # Best references kept for each probe in each group of the watchlist (table candidates).
    candidates: int = 1
    # Retrospective: when a mate counts as found, and among how many candidates it must be.
    policies: list[str] = field(default_factory=lambda: ["threshold", "rank", "threshold and rank"])
    ranks: list[int] = field(default_factory=lambda: [1, 5, 10, 20, 50])
    # File of people who are not compared with one another: subject_a, subject_b, reason.
    dont_care: str | None = None
    seed: int = 1


@dataclass
class PopulationConfig:
    """Whom a watchlist is made of: `conf/population/`. Write one of your own with `shares`."""

    name: str = "fillers"
    description: str = "The fillers as they come."
    like: str = "fillers"  # fillers (as they come) | balanced | cohort (people under test) | shares
    shares: dict[str, float] = field(default_factory=dict)  # group -> share, or number
    source: str = ""  # where the shares come from
    evidence: str = ""  # how they were seen: in the primary source, a secondary one, derived


@dataclass
class ThresholdsConfig:
    """Where the score is cut: `conf/thresholds/`. What is not given is the matcher's."""

    values: list[float] | None = None
    sweep: list[float] | None = None  # start, stop (included) and step
    operating: float | None = None
    origin: str | None = None
    primary: list[float] | None = None  # where findings are primary; default: operating


@dataclass
class InferenceConfig:
    """What is claimed, and how sure one must be: `conf/inference/`."""

    factors: list[str] = field(default_factory=lambda: list(defaults.FACTORS))
    reference_groups: dict[str, str] = field(default_factory=dict)
    strata: list[str] = field(default_factory=list)
    level: float = defaults.LEVEL
    alpha: float = defaults.ALPHA
    margin: float = defaults.MARGIN
    power: float = defaults.POWER
    permutations: int = defaults.PERMUTATIONS
    seed: int = defaults.SEED
    # What is primary, beside thresholds.primary; the rest is exploratory. Empty: all.
    primary_metrics: list[str] = field(default_factory=lambda: list(defaults.PRIMARY_METRICS))
    primary_factors: list[str] = field(default_factory=list)
    primary_watchlist_sizes: list[int] = field(default_factory=list)
    primary_comparisons: list[str] = field(
        default_factory=lambda: list(defaults.PRIMARY_COMPARISONS)
    )


@dataclass
class ComputeConfig:
    """With what: `conf/compute/`."""

    executor: str = "local"  # local (threads, GPUs) | ray (a cluster)
    address: str | None = None  # of the Ray cluster; auto: the one this machine belongs to
    threads: int = 0  # of ours and of the numerical libraries; 0: one a core
    device: str = "auto"  # cpu | cuda (every GPU) | cuda:1 (one) | auto
    tile: int = 4_096  # templates a side that are multiplied at once
    precision: str = "auto"  # of screening: float32 | bfloat16 | auto (timed); same results
    tail_memory: float = 2e9  # bytes that the scores above the lowest threshold may take


@dataclass
class TrackingConfig:
    """Where results are logged: `conf/tracking/`."""

    enabled: bool = True
    uri: str | None = None  # default: MLFLOW_TRACKING_URI, else a SQLite file beside the studies
    experiment: str = "lfr_eval"
    timeout: int = 20  # seconds that a server may take to answer
    system_metrics: bool = False  # processor, memory, disk and network while the study runs


@dataclass
class ReportConfig:
    """The words on the first page: `conf/report/`."""

    title: str = MISSING
    question: str = MISSING
    notes: list[str] = field(default_factory=list)
    pdf: bool = True  # report.pdf beside report.html
    minimum_count: int = 5  # a publication withholds counts from 1 to below it


@dataclass
class PathsConfig:
    """Where things stand on this machine: `conf/paths/`."""

    studies: str = MISSING
    cache: str = MISSING
    mirror: str | None = None
    deployments: str = "deployments"  # of the live engine; private, they name watchlist references
    approvals: str | None = None  # the ledger; default: approvals.jsonl beside the studies


@dataclass
class StudyConfig:
    """Everything that determines a study."""

    name: str = MISSING
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
    parity: str | None = None  # what `lfr-eval engine parity` wrote; default: the version's own
    paths: PathsConfig = field(default_factory=PathsConfig)
    registration: str | None = None  # the registration file of a plan: lfr-eval plan register
    deviate: bool = False  # run although plan, analysis or data differ from the registered ones
    deviation: str | None = None  # why; every finding is then marked

    def analysis(self) -> dict[str, Any]:
        """Return what determines the results.

        Paths, tracking, computing, registration and parity do not.
        """
        values = asdict(self)
        promised = ("registration", "deviate", "deviation")
        for elsewhere in ("paths", "tracking", "compute", "parity", *promised):
            del values[elsewhere]
        del values["report"]["pdf"], values["report"]["minimum_count"]
        return values
