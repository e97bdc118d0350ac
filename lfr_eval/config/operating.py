"""Settings of what follows a study: choosing a threshold, the gate, the live engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from lfr_eval.config.limits import FILLED, MOST_PEOPLE, OneOf, Range, Written
from lfr_eval.config.missing import MISSING
from lfr_eval.config.study import PathsConfig, TrackingConfig

RATE = Range(above=0, below=1)
KEY = Written(
    r"[0-9a-fA-F]{16,64}", "the first 16 digits of a key's fingerprint, or all 64 of them"
)


@dataclass
class ConstraintsConfig:
    """Limits for an operating threshold: `conf/constraints/`.

    A limit applies to the worse end of the confidence interval, not to the estimate. Null: no
    limit.
    """

    watchlist_size: Annotated[int, Range(least=1, most=MOST_PEOPLE)] | None = None
    """Size of the operating watchlist. Null: the largest size in the study."""
    factors: Annotated[list[str], FILLED] = field(
        default_factory=lambda: ["overall", "gender", "ethnicity"]
    )
    """Factors whose groups must all meet the limits. If you choose none, those that the study
    compares."""
    max_fpir: Annotated[float, RATE] | None = None
    """Largest FPIR (share of non-mated searches with an alert) of every group; 1/1000 is
    allowed."""
    max_fmr: Annotated[float, RATE] | None = None
    """Largest overall FMR (share of non-mated pairs that match). It needs a study of pairs."""
    max_fmr_worst_group: Annotated[float, RATE] | None = None
    """Largest FMR within each group of the factors."""
    max_ratio: Annotated[float, Range(above=1)] | None = None
    """Largest ratio of FPIR between any two groups of one factor."""
    min_tpir: Annotated[float, RATE] | None = None
    """Smallest TPIR (share of mated searches that find the person)."""
    tpir_of: Annotated[str, OneOf("groups", "overall")] = "groups"
    """Whether min_tpir applies to every group of the factors, or overall."""
    max_alerts: Annotated[float, Range(above=0)] | None = None
    """Largest number of false alerts per day. It needs `crowd`."""
    crowd: Annotated[int, Range(least=1, most=MOST_PEOPLE)] | None = None
    """Recognition opportunities per day of people who are not on the watchlist."""
    composition: Annotated[dict[str, float], Range(least=0)] = field(default_factory=dict)
    """Groups of the crowd, each with its share. Empty: as in the study."""
    objective: Annotated[str, OneOf("lowest", "cost")] = "lowest"
    """Which threshold to choose among those that meet all limits: the lowest or the least
    costly."""
    cost_false_alert: Annotated[float, Range(least=0)] | None = None
    """Cost of a false alert, in any unit."""
    cost_miss: Annotated[float, Range(least=0)] | None = None
    """Cost of missing a person on the watchlist, in the same unit."""
    prevalence: Annotated[float, Range(least=0, most=1)] | None = None
    """Share of recognition opportunities that are people on the watchlist."""
    drift: list[float] = field(default_factory=list)
    """Shifts of all scores for which the choice is checked. Empty: 1, 2 and 5 steps."""
    share: Annotated[float, RATE] = 0.5
    """Share of people used to choose the threshold. The others are used to report its rates."""
    splits: Annotated[int, Range(least=1, most=10_000)] = 50
    """Number of random divisions of people that show how stable the choice is."""
    seed: Annotated[int, Range(least=0)] = 1
    """Seed of the divisions."""


@dataclass
class PolicyConfig:
    """What a registered version must meet before it goes live: `conf/policy/`."""

    watchlist_size: Annotated[int, Range(least=1, most=MOST_PEOPLE)] = 10_000
    """References on the operating watchlist."""
    threshold: float | None = None
    """Threshold at which the version will run. Null: that of the last approval."""
    factors: Annotated[list[str], FILLED] = field(
        default_factory=lambda: ["overall", "gender", "ethnicity"]
    )
    """Factors whose groups must all meet the limits."""
    max_fpir: Annotated[float, RATE] = 0.001
    """Largest upper end of the FPIR interval, for every group of the factors."""
    max_ratio: Annotated[float, Range(above=1)] = 2.0
    """Largest upper end of the interval of the ratio of two groups' FPIR, in either direction."""
    max_age_days: Annotated[int, Range(least=0, most=36_500)] = 365
    """Largest age of the study in days."""
    registration: Annotated[str, OneOf("any", "as_registered")] = "any"
    """Whether findings must come from a plan that was frozen before there were results."""
    parity: bool = True
    """Whether the endpoint must have passed a parity check against the tested version."""
    parity_endpoint: str | None = None
    """Endpoint that must have passed. Null: every endpoint that was checked."""
    parity_max_age_days: Annotated[int, Range(least=0, most=36_500)] = 365
    """Largest age in days of a passed parity check. A failed check counts whatever its age."""
    approval: bool = True
    """Whether the threshold must have an approval in force."""
    roles: list[str] = field(default_factory=list)
    """Roles, one of which the approver must have. Empty: any role."""
    signatures: Annotated[int, Range(least=0, most=100)] = 0
    """Number of approvers who must have signed with a key. 0: an unsigned approval counts if no key
    is registered."""
    signers: Annotated[list[str], KEY] = field(default_factory=list)
    """Fingerprints of the keys that count. Empty: any registered key."""


LONGEST_RETENTION = 87_600
"""Hours in ten years. A longer retention time is refused as a mistake."""


@dataclass
class RetentionConfig:
    """Retention of face pictures by the live engine: `conf/retention/`."""

    alert_faces_hours: Annotated[float, Range(least=0, most=LONGEST_RETENTION)] = 0.0
    """Hours for which the face picture of an alert is kept in the deployment's private folder. 0:
    no picture is written. Templates, and faces without an alert, are never kept."""


@dataclass
class EngineConfig:
    """A deployment of the live engine: `conf/engine.yaml`."""

    source: str = MISSING
    """Video file, folder of pictures or stream (rtsp://...)."""
    watchlist: str = MISSING
    """Manifest of the watchlist: its references and fillers are enrolled."""
    model: str = MISSING
    """Registered version: models:/NAME@ALIAS or models:/NAME/VERSION."""
    threshold: float = MISSING
    """Scores at or above this threshold raise an alert."""
    name: str = "deployment"
    """Name of the deployment and of its folder."""
    card: str | None = None
    """Dataset card of the watchlist (YAML file)."""
    policy: str = "default"
    """Policy that says whose signatures an approval needs: a name in conf/policy/, or a file."""
    unapproved: str | None = None
    """Sentence that starts the engine at a threshold without an approval."""
    cooldown: Annotated[float, Range(least=0)] = 60.0
    """Seconds after an alert during which the same person raises no other alert."""
    gap: Annotated[float, Range(least=0)] = 1.0
    """Seconds out of sight after which a face counts as a new pass."""
    overlap: Annotated[float, Range(above=0, most=1)] = 0.3
    """Smallest overlap of boxes (intersection over union) that joins a face to the frame before."""
    pace: Annotated[str, OneOf("auto", "every", "live")] = "auto"
    """Frames to process: every frame, however long it takes; the newest frame (live); or what suits
    the source (auto)."""
    rate: Annotated[float, Range(above=0)] = 5.0
    """Frame rate of a folder of pictures, per second."""
    seconds: Annotated[float, Range(above=0)] | None = None
    """Seconds after which the deployment ends. Null: when its source ends."""
    attempts: Annotated[int, Range(least=0, most=1_000_000)] = 5
    """Attempts to reopen an interrupted source."""
    wait: Annotated[float, Range(least=0)] = 1.0
    """Seconds before each attempt."""
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)
