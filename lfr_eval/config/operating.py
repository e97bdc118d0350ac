"""What runs after a study: choosing a threshold, the gate, the live engine."""

from __future__ import annotations

from dataclasses import dataclass, field

from lfr_eval.config.missing import MISSING
from lfr_eval.config.study import PathsConfig, TrackingConfig


@dataclass
class ConstraintsConfig:
    """What an operating threshold must keep to: `conf/constraints/`.

    Limits hold for the unwelcome end of an interval, not for the estimate. Null: no such limit.
    """

    watchlist_size: int | None = None  # null: the largest that the study searched
    factors: list[str] = field(default_factory=lambda: ["overall", "gender", "ethnicity"])
    max_fpir: float | None = None  # of every group of the factors
    max_ratio: float | None = None  # of the FPIR of any two groups of one factor
    min_tpir: float | None = None
    tpir_of: str = "groups"  # every group of the factors, or overall
    max_alerts: float | None = None  # false alerts a day
    crowd: int | None = None  # recognition opportunities a day of people not on the watchlist
    composition: dict[str, float] = field(default_factory=dict)  # group -> share; empty: as studied
    objective: str = "lowest"  # threshold that keeps to all limits, or the one of least `cost`
    cost_false_alert: float | None = None
    cost_miss: float | None = None
    prevalence: float | None = None  # share of opportunities that are people on the watchlist
    drift: list[float] = field(default_factory=list)  # of scores; empty: 1, 2 and 5 steps
    share: float = 0.5  # of people who choose; the others report
    splits: int = 50  # repetitions that show how stable the choice is
    seed: int = 1


@dataclass
class PolicyConfig:
    """What a registered version must meet before it goes live: `conf/policy/`."""

    watchlist_size: int = 10_000  # references that are on the operating watchlist
    threshold: float | None = None  # where it will run; null: that of the last approval
    factors: list[str] = field(default_factory=lambda: ["overall", "gender", "ethnicity"])
    max_fpir: float = 0.001  # upper end of the interval, of every group of the factors
    max_ratio: float = 2.0  # of two groups' FPIR, upper end of the interval, either way round
    max_age_days: int = 365  # since the study was finished
    registration: str = "any"  # any | as_registered: findings of a plan frozen before the results
    parity: bool = True  # the endpoint must have been compared with what was tested
    parity_endpoint: str | None = None  # which one; null: all that were compared
    parity_max_age_days: int = 365  # since it passed; one that failed never grows old
    approval: bool = True  # somebody must have approved the threshold, and that must be in force
    roles: list[str] = field(default_factory=list)  # of the approver, one of these; empty: any
    # Approvers who must have signed, each with a key; 0: an unsigned approval will do where no key
    # is registered.
    signatures: int = 0
    signers: list[str] = field(default_factory=list)  # fingerprints of their keys; empty: any


LONGEST_RETENTION = 87_600
"""Hours in ten years; a longer time is taken for a mistake."""


@dataclass
class RetentionConfig:
    """What the live engine keeps of faces: `conf/retention/`."""

    # Hours that the picture of a face that caused an alert is kept, in the deployment's private
    # folder; 0: never written. Templates, and faces that cause no alert, are never kept.
    alert_faces_hours: float = 0.0


@dataclass
class EngineConfig:
    """A deployment of the live engine: `conf/engine.yaml`."""

    source: str = MISSING  # video file, folder of pictures, or stream (rtsp://...)
    watchlist: str = MISSING  # manifest; its references and fillers are enrolled
    model: str = MISSING  # models:/NAME@ALIAS or models:/NAME/VERSION
    threshold: float = MISSING  # a score at or above it is an alert
    name: str = "deployment"
    card: str | None = None  # dataset card of the watchlist
    policy: str = "default"  # whose signatures an approval needs: conf/policy/, or a file
    unapproved: str | None = None  # the sentence that starts it at a threshold nobody approved
    cooldown: float = 60.0  # seconds in which a watchlist person causes one alert
    gap: float = 1.0  # seconds unseen after which a face begins a new pass
    overlap: float = 0.3  # of boxes, from which a face is the one of the frame before
    pace: str = "auto"  # every (frame, however long it takes) | live (the newest) | auto
    rate: float = 5.0  # pictures a second of a folder
    seconds: float | None = None  # after which a deployment ends; null: with its source
    attempts: int = 5  # to open a source again that broke off
    wait: float = 1.0  # seconds before each
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)
