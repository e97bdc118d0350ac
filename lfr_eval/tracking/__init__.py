"""Stage `tracking`: a finished study folder in, an MLflow run out."""

from lfr_eval.tracking.artifacts import attach
from lfr_eval.tracking.metrics import STEP
from lfr_eval.tracking.names import name
from lfr_eval.tracking.runs import track
from lfr_eval.tracking.store import (
    TrackingError,
    begin,
    connect,
    default_uri,
    impatient,
    make_ready,
    one_at_a_time,
    put,
)
