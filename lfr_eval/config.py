"""Configuration: the dataclass schemas behind `conf/`.

`composition` has Hydra fill them; here and below nobody sees a DictConfig.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from lfr_eval.errors import MendableError

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


@dataclass
class MatcherConfig:
    """What compares faces: the base of `conf/matcher/`."""

    kind: str = MISSING
    name: str = MISSING
    sweep: list[float] | None = None  # start, stop and step on this matcher's scale
    operating: float | None = None  # the threshold at which it is meant to run
    operating_origin: str = ""  # on which data, at which rate that threshold was set
    # Templates on disk: float16 takes half the room, moves scores, and the study says how far.
    storage: str = "float32"


@dataclass
class FacenetConfig(MatcherConfig):
    """MTCNN and InceptionResnetV1 of facenet-pytorch; cosine similarity."""

    kind: str = "facenet"
    weights: str = "facenet_vggface2"  # card of the weights (facenet_casia_webface), or a .pt file
    image_size: int = 160
    margin: int = 14
    min_face_size: int = 20
    multi_face: str = "largest"  # most_central | most_probable | require_one | all
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
class MlflowConfig(MatcherConfig):
    """A version of a registered matcher: what `lfr-eval engine register` made."""

    kind: str = "mlflow"
    uri: str = MISSING  # models:/NAME/VERSION or models:/NAME@ALIAS
    registry: str | None = None  # tracking URI of the registry; default: where runs are logged


@dataclass
class HttpConfig(MatcherConfig):
    """A live engine behind HTTP: `mlflow models serve`, or what answers like it."""

    kind: str = "http"
    url: str = MISSING  # http://HOST:PORT/invocations
    model: str | None = None  # models:/NAME@ALIAS that it is said to serve; parity is looked up
    registry: str | None = None  # tracking URI of the registry; default: where runs are logged
    batch_size: int = 0  # pictures a request; 0: as many as the engine works on at once
    timeout: float = 120.0  # seconds until the whole answer must be here
    retries: int = 2
    answer_megabytes: float = 64.0  # a longer answer is not read


@dataclass
class OnnxConfig(MatcherConfig):
    """Any embedding network as an ONNX graph, in one file."""

    kind: str = "onnx"
    path: str = MISSING
    detector: str = "mtcnn"  # mtcnn | dlib | none (pictures are cut faces)
    alignment: str = "box"  # box | five_points (mtcnn only)
    image_size: int = 112
    margin: int = 0  # pixels of the cut face outside of the detected box
    min_face_size: int = 20
    points: list[list[float]] | None = None  # eyes, nose, mouth in the cut face, for five_points
    mean: list[float] = field(default_factory=lambda: [127.5])  # one, or one a channel
    std: list[float] = field(default_factory=lambda: [128.0])
    channels: str = "rgb"  # rgb | bgr
    layout: str = "nchw"  # nchw | nhwc
    normalise: bool = True
    similarity: str = "cosine"  # cosine | euclidean
    multi_face: str = "largest"
    batch_size: int = 32


@dataclass
class NullConfig(MatcherConfig):
    """No matcher: templates drawn from the pictures' hashes, to try everything else."""

    kind: str = "null"
    size: int = 64
    salt: str = ""
    batch_size: int = 32


@dataclass
class SimulatedMatcherConfig(MatcherConfig):
    """Takes the templates that a simulated dataset made."""

    kind: str = "simulated"


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
    # What is primary, beside thresholds.primary; the rest is exploratory. Empty: all.
    primary_metrics: list[str] = field(default_factory=lambda: ["FMR", "FNMR", "FPIR", "FNIR"])
    primary_factors: list[str] = field(default_factory=list)
    primary_watchlist_sizes: list[int] = field(default_factory=list)
    primary_comparisons: list[str] = field(default_factory=lambda: ["omnibus", "reference"])


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


@dataclass
class PathsConfig:
    """Where things stand on this machine: `conf/paths/`."""

    studies: str = MISSING
    cache: str = MISSING
    mirror: str | None = None
    deployments: str = "deployments"  # of the live engine; private, they name watchlist references
    approvals: str | None = None  # the ledger; default: approvals.jsonl beside the studies


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
        del values["report"]["pdf"]
        return values


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


@dataclass
class PolicyConfig:
    """What a registered version must meet before it goes live: `conf/policy/`."""

    watchlist_size: int = 10_000  # references that are on the operating watchlist
    threshold: float | None = None  # where it will run; null: that of the last approval
    factors: list[str] = field(default_factory=lambda: ["overall", "gender", "ethnicity"])
    max_fpir: float = 0.001  # upper end of the interval, of every group of the factors
    max_ratio: float = 2.0  # of two groups' FPIR, upper end of the interval, either way round
    max_detectable_ratio: float = 2.0  # smallest ratio that the study would have found
    max_age_days: int = 365  # since the study was finished
    parity: bool = True  # the endpoint must have been compared with what was tested
    approval: bool = True  # somebody must have approved the threshold, and that must be in force
    roles: list[str] = field(default_factory=list)  # of the approver, one of these; empty: any
