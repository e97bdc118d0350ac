"""Whose faces, and what is done to them: `conf/dataset/`, `conf/capture/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from lfr_eval.config.limits import FILLED, OneOf, Range
from lfr_eval.config.missing import MISSING


@dataclass
class DatasetConfig:
    """Whose faces: the base of `conf/dataset/`."""

    kind: str = MISSING
    """Which sort of dataset this is; chosen with dataset=NAME."""
    name: str = MISSING
    """Name of the dataset, as reports give it."""
    purpose: str = "evaluation of bias and accuracy"
    """What the faces are used for; a card may forbid purposes."""
    despite: Annotated[list[str], OneOf("expired", "forbidden")] = field(default_factory=list)
    """Objections of a card that the study is run despite; the report names them."""


@dataclass
class CardDatasetConfig(DatasetConfig):
    """A published dataset, described by its card in `datasets/`."""

    kind: str = "card"
    card: str = MISSING
    """Name of its card, or a card of one's own (YAML file)."""
    fillers: str | None = None
    """Card of a second dataset whose faces fill the watchlist."""


@dataclass
class ManifestDatasetConfig(DatasetConfig):
    """A person's own faces, described by a manifest (CSV or Parquet)."""

    kind: str = "manifest"
    path: str = MISSING
    """The manifest."""
    card: str | None = None
    """Card of the faces (YAML file): origin, licence and who assigned the labels."""
    fillers: str | None = None
    """Card of a dataset whose faces fill the watchlist."""
    pass_log: str | None = None
    """Log of recognition opportunities (CSV or Parquet: pass_id, subject_id, time, camera,
    acquired) of scores or alerts from elsewhere; the manifest then says who is on the watchlist."""
    conditions: list[str] = field(default_factory=list)
    """Columns that are conditions of passes although few people passed under several."""


@dataclass
class PairsDatasetConfig(DatasetConfig):
    """The people of a list of pairs (`matcher=pairs`), of whom there are no images."""

    kind: str = "pairs"
    path: str = MISSING
    """The list of pairs (CSV or Parquet); `matcher.path` defaults to it."""


@dataclass
class SimulatedDatasetConfig(DatasetConfig):
    """A simulated walk-past study at template level, with known truth.

    Where the defaults of the shape of the scores come from stands in conf/dataset/rehearsal.yaml.
    """

    kind: str = "simulated"
    card: str = "rehearsal"
    """Name of its card."""
    people: Annotated[int, Range(least=2)] = 400
    """People under test."""
    passes: Annotated[int, Range(least=1)] = 10
    """Times that each of them walks past."""
    fillers: Annotated[int, Range(least=1)] = 10_000
    """Other people, whose references fill the watchlist."""
    genders: Annotated[list[str], FILLED] = field(default_factory=lambda: ["female", "male"])
    """Genders, equally frequent."""
    ethnicities: Annotated[list[str], FILLED] = field(
        default_factory=lambda: ["asian", "black", "white"]
    )
    """Ethnicities, equally frequent."""
    age_bands: Annotated[list[str], FILLED] = field(
        default_factory=lambda: ["18-29", "30-49", "50-74"]
    )
    """Age bands, equally frequent."""
    cameras: dict[str, float] = field(default_factory=dict)
    """Camera and how much it moves the quality of its images, in log odds; empty: one camera."""
    camera_shares: Annotated[dict[str, float], Range(least=0, most=1)] = field(default_factory=dict)
    """Group and the share of its passes at the first camera, so that cameras are confounded with
    groups; the other cameras share the rest. Groups that are not named pass all equally often."""
    dimension: Annotated[int, Range(least=2)] = 36
    """Dimensions of a template: fewer give more chance matches."""
    commonness_mean: float = 0.24
    """How much a face has in common with the mean face of its group, on average."""
    commonness_spread: float = 0.15
    """How much that varies between people."""
    same_gender: float = 0.3
    """Share of what two mean faces have in common that comes from being of one gender."""
    same_ethnicity: float = 0.5
    """Share of it that comes from being of one ethnicity."""
    reference_quality: float = 0.97
    """Share of the identity that a reference image keeps."""
    probe_quality: float = 0.85
    """Share of the identity that the image of a pass keeps."""
    quality_spread_people: float = 0.4
    """How much the quality of passes varies between people, in log odds."""
    quality_spread_passes: float = 0.8
    """How much it varies between the passes of one person, in log odds."""
    failure_to_acquire: Annotated[float, Range(least=0, most=1)] = 0.02
    """Share of passes that give no template."""
    false_positive_ratio: Annotated[dict[str, float], Range(above=0)] = field(default_factory=dict)
    """Group and how many times as often it is wrongly matched as the groups that are not named. A
    group is of one factor (black) or of several (female x black); names that both hold multiply."""
    miss_ratio: Annotated[dict[str, float], Range(above=0)] = field(default_factory=dict)
    """Group and how many times as often it is missed as the groups that are not named."""
    acquisition_ratio: Annotated[dict[str, float], Range(above=0)] = field(default_factory=dict)
    """Group and how many times as often its passes give no template."""
    ratios_hold_at: float = 0.5
    """Threshold at which these ratios are exact."""
    seed: Annotated[int, Range(least=0)] = 1
    """Seed of the simulation."""


@dataclass
class CaptureConfig:
    """What still images are degraded to, as simulated passes: `conf/capture/`."""

    name: str = "none"
    """Name of the capture, as reports give it."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """One simulated condition each: strength by transform (motion_blur, eye_distance, scale,
    exposure, contrast, noise, jpeg, crop); empty: images are compared as they are."""
    angle: float | None = 0.0
    """Direction of motion blur in degrees; null: drawn for each picture."""
    repeats: Annotated[int, Range(least=1)] = 1
    """Pictures of each image in each step that has chance in it."""
    original: bool = True
    """Whether the images as captured stay beside the simulated passes."""
    seed: Annotated[int, Range(least=0)] = 1
    """Seed of what is drawn for each picture."""
