"""Configuration: the dataclass schemas behind `conf/`.

Hydra composes the YAML groups of `conf/`, checks them against these schemas, and `read` turns the
result into plain dataclasses; after this file nobody sees a DictConfig. Hydra is imported only
where it is used.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lfr_eval.errors import MendableError

if TYPE_CHECKING:
    from hydra.core.config_store import ConfigStore
    from omegaconf import DictConfig

MISSING: Any = "???"  # what OmegaConf calls a value that must be given


class ConfigError(MendableError, ValueError):
    """The configuration asks for something that cannot be; the message says what and the remedy."""


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


@dataclass
class SimulatedDatasetConfig(DatasetConfig):
    """A simulated walk-past study at template level, with known truth."""

    kind: str = "simulated"
    people: int = 400
    passes: int = 10
    fillers: int = 10_000
    genders: list[str] = field(default_factory=lambda: ["female", "male"])
    ethnicities: list[str] = field(default_factory=lambda: ["asian", "black", "white"])
    age_bands: list[str] = field(default_factory=lambda: ["18-29", "30-49", "50-74"])
    cameras: dict[str, float] = field(default_factory=dict)  # camera -> its shift of image quality
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
class MatcherConfig:
    """What compares faces: the base of `conf/matcher/`."""

    kind: str = MISSING
    name: str = MISSING
    sweep: list[float] | None = None  # start, stop and step on this matcher's scale
    operating: float | None = None  # the threshold at which it is meant to run
    operating_origin: str = ""  # on which data, at which rate that threshold was set


@dataclass
class FacenetConfig(MatcherConfig):
    """MTCNN and InceptionResnetV1 of facenet-pytorch; cosine similarity."""

    kind: str = "facenet"
    weights: str = "facenet_vggface2"  # dataset card of the weights
    image_size: int = 160
    margin: int = 14
    min_face_size: int = 20
    multi_face: str = "largest"  # largest | most_probable | require_one
    batch_size: int = 32
    device: str = "auto"


@dataclass
class DlibConfig(MatcherConfig):
    """dlib's frontal face detector and ResNet; minus the Euclidean distance."""

    kind: str = "dlib"
    multi_face: str = "largest"
    upsample: int = 1
    batch_size: int = 16


@dataclass
class TemplatesConfig(MatcherConfig):
    """Templates from a file (.npz with image_id and template, or Parquet)."""

    kind: str = "templates"
    path: str = MISSING
    similarity: str = "cosine"  # cosine | euclidean


@dataclass
class ScoresConfig(MatcherConfig):
    """Scores from a file (CSV or Parquet with reference_id, probe_id, score)."""

    kind: str = "scores"
    path: str = MISSING
    higher_is_more_similar: bool = True


@dataclass
class SimulatedMatcherConfig(MatcherConfig):
    """Takes the templates that a simulated dataset made."""

    kind: str = "simulated"


@dataclass
class DesignConfig:
    """How people are compared: `conf/design/`."""

    name: str = MISSING
    description: str = MISSING
    verification: bool = MISSING  # FMR and FNMR over all mated and non-mated pairs
    identification: bool = MISSING  # FPIR, FNIR, TPIR over passes against a watchlist
    # Sizes to search, each a random part of the watchlist; empty: the whole watchlist once.
    watchlist_sizes: list[int] = field(default_factory=list)
    # fillers: the watchlist is the fillers (a mated search adds the person's own references);
    # everybody: other people's references are on it too.
    watchlist_members: str = "fillers"
    # fixed: claims hold for this watchlist; random: for watchlists like it (wider intervals).
    watchlist_inference: str = "fixed"
    # Best references kept for each probe in each group of the watchlist (table candidates).
    candidates: int = 1
    seed: int = 1


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

    factors: list[str] = field(
        default_factory=lambda: ["gender", "ethnicity", "gender x ethnicity"]
    )
    reference_groups: dict[str, str] = field(default_factory=dict)
    strata: list[str] = field(default_factory=list)
    level: float = 0.95
    alpha: float = 0.05
    margin: float = 1.5
    power: float = 0.8
    permutations: int = 9_999
    seed: int = 1


@dataclass
class ComputeConfig:
    """With what: `conf/compute/`."""

    executor: str = "local"  # local (threads, GPUs) | ray (a cluster)
    address: str | None = None  # of the Ray cluster; auto: the one this machine belongs to
    threads: int = 0  # 0: one a processor core
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


@dataclass
class ReportConfig:
    """The words on the first page: `conf/report/`."""

    title: str = MISSING
    question: str = MISSING
    notes: list[str] = field(default_factory=list)


@dataclass
class PathsConfig:
    """Where things stand on this machine: `conf/paths/`."""

    studies: str = MISSING
    cache: str = MISSING
    mirror: str | None = None


@dataclass
class StudyConfig:
    """Everything that determines a study."""

    name: str = MISSING
    dataset: DatasetConfig = MISSING
    matcher: MatcherConfig = MISSING
    design: DesignConfig = MISSING
    thresholds: ThresholdsConfig = field(default_factory=ThresholdsConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    compute: ComputeConfig = field(default_factory=ComputeConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)

    def analysis(self) -> dict[str, Any]:
        """Return what determines the results: all but paths, tracking and computing."""
        values = asdict(self)
        for elsewhere in ("paths", "tracking", "compute"):
            del values[elsewhere]
        return values


def conf_dir() -> Path:
    """Return the shipped configuration groups: inside the wheel, or at the top of the checkout."""
    packaged = Path(__file__).parent / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "conf"


def register() -> None:
    """Tell Hydra the schemas and put a `conf/` of the working directory in front of ours."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    store = ConfigStore.instance()
    store.store(name="study_schema", node=StudyConfig)
    _store(store, "dataset", CardDatasetConfig, ManifestDatasetConfig, SimulatedDatasetConfig)
    _store(
        store,
        "matcher",
        FacenetConfig,
        DlibConfig,
        TemplatesConfig,
        ScoresConfig,
        SimulatedMatcherConfig,
    )
    store.store(group="design", name="schema", node=DesignConfig)
    Plugins.instance().register(_own_conf_first())


def _store(store: ConfigStore, group: str, *schemas: type) -> None:
    for schema in schemas:
        kind = next(entry.default for entry in fields(schema) if entry.name == "kind")
        store.store(group=group, name=f"schema_{kind}", node=schema)


def _own_conf_first() -> type:
    from hydra.core.config_search_path import ConfigSearchPath
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    class OwnConfFirst(SearchPathPlugin):
        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            own = Path.cwd() / "conf"
            if own.is_dir() and own.resolve() != conf_dir().resolve():
                search_path.prepend("working directory", f"file://{own}")

    return OwnConfFirst


def read(composed: DictConfig) -> StudyConfig:
    """Turn Hydra's composed configuration into plain dataclasses.

    Raises
    ------
    ConfigError
        If a value that must be given is missing, or a choice is not one of those that exist.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    missing = sorted(OmegaConf.missing_keys(composed))
    if missing:
        given = " ".join(f"{key}=..." for key in missing)
        raise ConfigError(f"The configuration lacks {', '.join(missing)}. Give: {given}")
    try:
        config = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise ConfigError(str(error)) from error
    assert isinstance(config, StudyConfig)
    _check(config)
    return config


CHOICES = {
    "matcher.multi_face": ("largest", "most_probable", "require_one"),
    "matcher.similarity": ("cosine", "euclidean"),
    "compute.executor": ("local", "ray"),
    "compute.precision": ("auto", "float32", "bfloat16"),
    "design.watchlist_members": ("fillers", "everybody"),
    "design.watchlist_inference": ("fixed", "random"),
}


def _check(config: StudyConfig) -> None:
    problems = []
    for key, choices in CHOICES.items():
        group, name = key.split(".")
        value = getattr(getattr(config, group), name, None)
        if value is not None and value not in choices:
            problems.append(f"{key} is '{value}'; choose one of {', '.join(choices)}")
    if not (config.design.verification or config.design.identification):
        problems.append(
            "the design makes no comparison; set design.verification=true or "
            "design.identification=true"
        )
    if config.design.candidates < 1:
        problems.append("design.candidates must be at least 1")
    if config.compute.tile < 1 or config.compute.threads < 0:
        problems.append("compute.tile must be at least 1, and compute.threads at least 0")
    if any(size < 1 for size in config.design.watchlist_sizes):
        problems.append("design.watchlist_sizes must be positive numbers")
    if (config.dataset.kind == "simulated") != (config.matcher.kind == "simulated"):
        problems.append(
            "a simulated dataset and the simulated matcher need each other: choose "
            "dataset=rehearsal matcher=simulated, or neither"
        )
    if problems:
        raise ConfigError("The configuration cannot be run: " + "; ".join(problems) + ".")
