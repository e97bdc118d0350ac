"""What compares faces: `conf/matcher/`."""

from __future__ import annotations

from dataclasses import dataclass, field

from lfr_eval.config.missing import MISSING


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
    score_slope: float = 1.0  # a score is slope x similarity + offset
    score_offset: float = 0.0  # 0.5 and 0.5 put cosines on a scale from 0 to 1


@dataclass
class ScoresConfig(MatcherConfig):
    """Scores from a file (CSV or Parquet with reference_id, probe_id, score)."""

    kind: str = "scores"
    path: str = MISSING
    higher_is_more_similar: bool = True


@dataclass
class AlertsConfig(MatcherConfig):
    """A live system that is a black box, by its log of alerts (CSV, Parquet or JSON lines).

    Or candidate lists of retrospective searches. The log has reference_id, score, and pass_id or
    time and camera.
    """

    kind: str = "alerts"
    path: str = MISSING
    floor: float = MISSING  # the score at which the system alerts, or below which it tells nothing
    # How many references the log tells of one pass at most; 0: all that reach the floor.
    at_most: int = 1
    columns: dict[str, str] = field(default_factory=dict)  # our name: what the file calls it
    within: float = 10.0  # seconds between an alert that names no pass and its pass
    higher_is: str = "better"  # better | worse (distances: the score is minus the distance)


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
    score_slope: float = 1.0  # a score is slope x similarity + offset
    score_offset: float = 0.0  # 0.5 and 0.5 put cosines on a scale from 0 to 1
    multi_face: str = "largest"
    batch_size: int = 32


@dataclass
class NullConfig(MatcherConfig):
    """No matcher: templates drawn from the pictures' pixels, to try everything else."""

    kind: str = "null"
    size: int = 64
    salt: str = ""
    batch_size: int = 32


@dataclass
class SimulatedMatcherConfig(MatcherConfig):
    """Takes the templates that a simulated dataset made."""

    kind: str = "simulated"
