"""What runs after a study: choosing a threshold, the gate, the live engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from lfr_eval.config.limits import FILLED, OneOf, Range, Written
from lfr_eval.config.missing import MISSING
from lfr_eval.config.study import PathsConfig, TrackingConfig

RATE = Range(above=0, below=1)
KEY = Written(
    r"[0-9a-fA-F]{16,64}", "the first 16 digits of a key's fingerprint, or all 64 of them"
)


@dataclass
class ConstraintsConfig:
    """What an operating threshold must keep to: `conf/constraints/`.

    Limits hold for the unwelcome end of an interval, not for the estimate. Null: no such limit.
    """

    watchlist_size: Annotated[int, Range(least=1)] | None = None
    """Size of the operating watchlist; null: the largest that the study searched."""
    factors: Annotated[list[str], FILLED] = field(
        default_factory=lambda: ["overall", "gender", "ethnicity"]
    )
    """Factors whose groups must keep to the limits."""
    max_fpir: Annotated[float, RATE] | None = None
    """Largest FPIR of every group; may be written as 1/1000."""
    max_fmr: Annotated[float, RATE] | None = None
    """Largest FMR of everybody; may be written as 1/1000. Needs comparisons of people."""
    max_fmr_worst_group: Annotated[float, RATE] | None = None
    """Largest FMR within every group of the factors; may be written as 1/1000."""
    max_ratio: Annotated[float, Range(above=1)] | None = None
    """Largest ratio of the FPIR of any two groups of one factor."""
    min_tpir: Annotated[float, RATE] | None = None
    """Smallest TPIR."""
    tpir_of: Annotated[str, OneOf("groups", "overall")] = "groups"
    """Whose TPIR that is: of every group of the factors, or of everybody."""
    max_alerts: Annotated[float, Range(above=0)] | None = None
    """False alerts a day; needs `crowd`."""
    crowd: Annotated[int, Range(least=1)] | None = None
    """Recognition opportunities a day of people who are not on the watchlist."""
    composition: Annotated[dict[str, float], Range(least=0)] = field(default_factory=dict)
    """Groups of the crowd and their shares; empty: as in the study."""
    objective: Annotated[str, OneOf("lowest", "cost")] = "lowest"
    """Which of the thresholds that keep to all limits: the lowest, or the one of least cost."""
    cost_false_alert: Annotated[float, Range(least=0)] | None = None
    """Cost of a false alert, in any unit."""
    cost_miss: Annotated[float, Range(least=0)] | None = None
    """Cost of missing a person on the watchlist, in the same unit."""
    prevalence: Annotated[float, Range(least=0, most=1)] | None = None
    """Share of recognition opportunities that are people on the watchlist."""
    drift: list[float] = field(default_factory=list)
    """Changes of all scores under which the choice is looked at; empty: 1, 2 and 5 steps."""
    share: Annotated[float, RATE] = 0.5
    """Share of people on whom the threshold is chosen; the others report."""
    splits: Annotated[int, Range(least=1)] = 50
    """Repetitions that show how stable the choice is."""
    seed: Annotated[int, Range(least=0)] = 1
    """Seed of the division of people."""


@dataclass
class PolicyConfig:
    """What a registered version must meet before it goes live: `conf/policy/`."""

    watchlist_size: Annotated[int, Range(least=1)] = 10_000
    """References on the operating watchlist."""
    threshold: float | None = None
    """Where the version will run; null: the threshold of the last approval."""
    factors: Annotated[list[str], FILLED] = field(
        default_factory=lambda: ["overall", "gender", "ethnicity"]
    )
    """Factors whose groups must keep to the limits."""
    max_fpir: Annotated[float, RATE] = 0.001
    """Largest upper end of the interval of FPIR, for every group of the factors."""
    max_ratio: Annotated[float, Range(above=1)] = 2.0
    """Largest upper end of the ratio of two groups' FPIR, either way round."""
    max_age_days: Annotated[int, Range(least=0)] = 365
    """Days since the study was finished."""
    registration: Annotated[str, OneOf("any", "as_registered")] = "any"
    """Whether findings must come from a plan that was frozen before the results."""
    parity: bool = True
    """Whether the endpoint must have been compared with what was tested."""
    parity_endpoint: str | None = None
    """Which endpoint; null: all that were compared."""
    parity_max_age_days: Annotated[int, Range(least=0)] = 365
    """Days since parity passed; a check that failed never grows old."""
    approval: bool = True
    """Whether an approval of the threshold must be in force."""
    roles: list[str] = field(default_factory=list)
    """Roles of which the approver must have one; empty: any."""
    signatures: Annotated[int, Range(least=0)] = 0
    """Approvers who must have signed, each with a key; 0: an unsigned approval counts where no key
    is registered."""
    signers: Annotated[list[str], KEY] = field(default_factory=list)
    """Fingerprints of the keys that count; empty: any registered key."""


LONGEST_RETENTION = 87_600
"""Hours in ten years; a longer time is taken for a mistake."""


@dataclass
class RetentionConfig:
    """What the live engine keeps of faces: `conf/retention/`."""

    alert_faces_hours: Annotated[float, Range(least=0, most=LONGEST_RETENTION)] = 0.0
    """Hours that the picture of a face that caused an alert is kept in the private folder of the
    deployment; 0: never written. Templates, and faces that cause no alert, are never kept."""


@dataclass
class EngineConfig:
    """A deployment of the live engine: `conf/engine.yaml`."""

    source: str = MISSING
    """Video file, folder of pictures, or stream (rtsp://...)."""
    watchlist: str = MISSING
    """Manifest whose references and fillers are searched for."""
    model: str = MISSING
    """Registered version: models:/NAME@ALIAS or models:/NAME/VERSION."""
    threshold: float = MISSING
    """A score at or above it is an alert."""
    name: str = "deployment"
    """Name of the deployment and of its folder."""
    card: str | None = None
    """Dataset card of the watchlist (YAML file)."""
    policy: str = "default"
    """Whose signatures an approval needs: a policy of conf/policy/, or a file."""
    unapproved: str | None = None
    """The sentence that starts the engine at a threshold that nobody approved."""
    cooldown: Annotated[float, Range(least=0)] = 60.0
    """Seconds in which a person on the watchlist causes one alert."""
    gap: Annotated[float, Range(least=0)] = 1.0
    """Seconds out of sight after which a face begins a new pass."""
    overlap: Annotated[float, Range(above=0, most=1)] = 0.3
    """Overlap of boxes from which a face is the one of the frame before."""
    pace: Annotated[str, OneOf("auto", "every", "live")] = "auto"
    """Which frames are looked at: every one, however long it takes; the newest (live); or as the
    source needs (auto)."""
    rate: Annotated[float, Range(above=0)] = 5.0
    """Pictures per second of a folder."""
    seconds: Annotated[float, Range(above=0)] | None = None
    """Seconds after which the deployment ends; null: with its source."""
    attempts: Annotated[int, Range(least=0)] = 5
    """Attempts to open a source again that broke off."""
    wait: Annotated[float, Range(least=0)] = 1.0
    """Seconds before each attempt."""
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)
