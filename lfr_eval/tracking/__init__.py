"""Stage `tracking`: a finished study folder in, an MLflow run out."""

from lfr_eval.tracking.artifacts import attach
from lfr_eval.tracking.metrics import STEP
from lfr_eval.tracking.runs import track
from lfr_eval.tracking.store import TrackingError, connect, default_uri, impatient

__all__ = [
    "STEP",
    "TrackingError",
    "attach",
    "connect",
    "default_uri",
    "impatient",
    "track",
]
