"""The registered model's code, copied beside its weights: MLflow runs it where it serves one."""

from mlflow.models import set_model

from lfr_eval.engine.serving import ServedMatcher

set_model(ServedMatcher())
