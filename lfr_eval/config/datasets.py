"""The people under test, and simulated capture: `conf/dataset/`, `conf/capture/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from lfr_eval.config.limits import FILLED, MOST_PEOPLE, OneOf, Range
from lfr_eval.config.missing import MISSING


@dataclass
class DatasetConfig:
    """The people under test: the base of `conf/dataset/`."""

    kind: str = MISSING
    """Kind of dataset. Choose it with dataset=NAME."""
    name: str = MISSING
    """Name of the dataset in reports."""
    purpose: str = "evaluation of bias and accuracy"
    """Purpose of the study. The dataset card may forbid it."""
    despite: Annotated[list[str], OneOf("expired", "forbidden")] = field(default_factory=list)
    """Objections of the dataset card to override. The report names them."""


@dataclass
class CardDatasetConfig(DatasetConfig):
    """A published dataset, described by its card in `datasets/`."""

    kind: str = "card"
    card: str = MISSING
    """Name of a shipped card, or a card file of your own (YAML)."""
    fillers: str | None = None
    """Card of a second dataset. Its faces are the fillers of the watchlist."""


@dataclass
class ManifestDatasetConfig(DatasetConfig):
    """Your own faces, described by a manifest (CSV, Excel or Parquet)."""

    kind: str = "manifest"
    path: str = MISSING
    """Manifest: one row per image, with person, role and labels."""
    card: str | None = None
    """Dataset card (YAML file): origin, licence and who assigned the labels."""
    fillers: str | None = None
    """Card of a dataset. Its faces are the fillers of the watchlist."""
    pass_log: str | None = None
    """Log of passes (CSV or Parquet: pass_id, subject_id, time, camera, acquired), for scores or
    alerts of another system. The manifest then says who is on the watchlist."""
    pass_columns: dict[str, str] = field(default_factory=dict)
    """Names of columns in the log of passes where they differ from ours: our name to the file's."""
    dates: Annotated[str | None, OneOf("day-first", "month-first")] = None
    """How the manifest and the log of passes write days in numbers; null: as their times show."""
    conditions: list[str] = field(default_factory=list)
    """Columns to read as conditions of passes, even if few people passed under more than one."""


@dataclass
class PairsDatasetConfig(DatasetConfig):
    """The people in a list of pairs (`matcher=pairs`), without images."""

    kind: str = "pairs"
    path: str = MISSING
    """List of pairs (CSV or Parquet), and the default of `matcher.path`."""


@dataclass
class SimulatedDatasetConfig(DatasetConfig):
    """A simulated walk-past study at template level, with known truth.

    conf/dataset/rehearsal.yaml says where the defaults that shape the scores come from.
    """

    kind: str = "simulated"
    card: str = "rehearsal"
    """Name of the dataset card."""
    people: Annotated[int, Range(least=2, most=MOST_PEOPLE)] = 400
    """People under test."""
    passes: Annotated[int, Range(least=1, most=10_000)] = 10
    """Passes of each person."""
    fillers: Annotated[int, Range(least=1, most=MOST_PEOPLE)] = 10_000
    """Fillers: other people, on the watchlist only."""
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
    """Cameras, each with its effect on image quality in log odds. Empty: one camera."""
    camera_shares: Annotated[dict[str, float], Range(least=0, most=1)] = field(default_factory=dict)
    """Groups, each with the share of its passes at the first camera; the other cameras share the
    rest. This confounds cameras with groups. Other groups pass all cameras equally often."""
    dimension: Annotated[int, Range(least=2, most=4_096)] = 36
    """Dimensions of a template. Fewer dimensions give more chance matches."""
    commonness_mean: float = 0.24
    """Mean similarity of a face to the mean face of its group."""
    commonness_spread: float = 0.15
    """How much this similarity varies between people."""
    same_gender: float = 0.3
    """Share of the likeness of two groups' mean faces that comes from the same gender."""
    same_ethnicity: float = 0.5
    """Share of the likeness of two groups' mean faces that comes from the same ethnicity."""
    reference_quality: float = 0.97
    """Share of the identity that a reference image keeps."""
    probe_quality: float = 0.85
    """Share of the identity that the image of a pass keeps."""
    quality_spread_people: float = 0.4
    """How much the quality of passes varies between people, in log odds."""
    quality_spread_passes: float = 0.8
    """How much the quality varies between the passes of one person, in log odds."""
    failure_to_acquire: Annotated[float, Range(least=0, most=1)] = 0.02
    """Share of passes that give no template."""
    false_positive_ratio: Annotated[dict[str, float], Range(above=0)] = field(default_factory=dict)
    """Groups, each with its false positive rate divided by that of the groups not named. A group
    has one factor (black) or several (female x black). If several entries apply, they multiply."""
    miss_ratio: Annotated[dict[str, float], Range(above=0)] = field(default_factory=dict)
    """Groups, each with its miss rate divided by that of the groups not named."""
    acquisition_ratio: Annotated[dict[str, float], Range(above=0)] = field(default_factory=dict)
    """Groups, each with its failure-to-acquire rate divided by that of the groups not named."""
    ratios_hold_at: float = 0.5
    """Threshold at which these ratios are exact."""
    seed: Annotated[int, Range(least=0)] = 1
    """Seed of the simulation."""


@dataclass
class CaptureConfig:
    """Degraded still images that simulate passes: `conf/capture/`."""

    name: str = "none"
    """Name of the capture in reports."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """Simulated conditions, each the strength by transform (motion_blur, eye_distance, scale,
    exposure, contrast, noise, jpeg, crop). Empty: images are compared as they are."""
    angle: float | None = 0.0
    """Direction of motion blur in degrees. Null: drawn at random for each picture."""
    repeats: Annotated[int, Range(least=1, most=1_000)] = 1
    """Pictures made of each image in each step that draws at random."""
    original: bool = True
    """Whether the original images are compared as well."""
    seed: Annotated[int, Range(least=0)] = 1
    """Seed of the random draws for each picture."""
