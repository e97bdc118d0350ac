"""Whose faces, and what is done to them: `conf/dataset/`, `conf/capture/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lfr_eval.config.missing import MISSING


@dataclass
class DatasetConfig:
    """Whose faces: the base of `conf/dataset/`."""

    kind: str = MISSING
    name: str = MISSING


@dataclass
class CardDatasetConfig(DatasetConfig):
    """A published dataset, described by its card in `datasets/`."""

    kind: str = "card"
    card: str = MISSING
    fillers: str | None = None  # card of a second dataset whose faces fill the watchlist


@dataclass
class ManifestDatasetConfig(DatasetConfig):
    """A person's own faces, described by a manifest (CSV or Parquet)."""

    kind: str = "manifest"
    path: str = MISSING
    card: str | None = None  # a card of their own (YAML file), for origin, licence, label source
    fillers: str | None = None  # card of a dataset whose faces fill the watchlist
    # Log of recognition opportunities (CSV or Parquet: pass_id, subject_id, time, camera, acquired)
    # of scores or alerts from elsewhere; the manifest then says who is on the watchlist.
    pass_log: str | None = None
    # Columns that are conditions of passes although few people passed under several.
    conditions: list[str] = field(default_factory=list)


@dataclass
class SimulatedDatasetConfig(DatasetConfig):
    """A simulated walk-past study at template level, with known truth."""

    kind: str = "simulated"
    card: str = "rehearsal"
    people: int = 400
    passes: int = 10
    fillers: int = 10_000
    genders: list[str] = field(default_factory=lambda: ["female", "male"])
    ethnicities: list[str] = field(default_factory=lambda: ["asian", "black", "white"])
    age_bands: list[str] = field(default_factory=lambda: ["18-29", "30-49", "50-74"])
    cameras: dict[str, float] = field(default_factory=dict)  # camera -> its shift of image quality
    # Group -> share of its passes at the first camera; the other cameras share the rest. Groups
    # that are not named pass every camera equally often. Confounds cameras with groups.
    camera_shares: dict[str, float] = field(default_factory=dict)
    # Score shape; where the defaults come from stands in conf/dataset/rehearsal.yaml.
    dimension: int = 36
    commonness_mean: float = 0.24
    commonness_spread: float = 0.15
    same_gender: float = 0.3
    same_ethnicity: float = 0.5
    reference_quality: float = 0.97
    probe_quality: float = 0.85
    quality_spread_people: float = 0.4
    quality_spread_passes: float = 0.8
    failure_to_acquire: float = 0.02
    # True differences: group -> ratio to the mean of the groups that are not named. A name is a
    # group of one factor (black) or of several (female x black); names that both hold multiply.
    false_positive_ratio: dict[str, float] = field(default_factory=dict)
    miss_ratio: dict[str, float] = field(default_factory=dict)
    acquisition_ratio: dict[str, float] = field(default_factory=dict)
    ratios_hold_at: float = 0.5  # the threshold at which the ratios above are exact
    seed: int = 1


@dataclass
class CaptureConfig:
    """What still images are degraded to, as simulated passes: `conf/capture/`."""

    name: str = "none"
    # One simulated condition each: strength by transform (motion_blur, eye_distance, scale,
    # exposure, contrast, noise, jpeg, crop). None: images are compared as they are.
    steps: list[dict[str, Any]] = field(default_factory=list)
    angle: float | None = 0.0  # of motion blur, in degrees; null: drawn for each picture
    repeats: int = 1  # pictures of each image in each step that has chance in it
    original: bool = True  # whether the images as captured stay beside the simulated passes
    seed: int = 1
