"""Stage tracking: adds files that were made after a study to the study's run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lfr_eval.contract.addresses import masked
from lfr_eval.contract.defaults import TIMEOUT
from lfr_eval.tracking.runs import known_run
from lfr_eval.tracking.store import TrackingError, impatient, local_file


def attach(
    study_hash: str, files: Sequence[Path], uri: str, experiment: str, timeout: int = TIMEOUT
) -> str | None:
    """Add files to the run of a study, and return the run's id; None if it has no run.

    Parameters
    ----------
    timeout
        Seconds that a server may take to answer.

    Raises
    ------
    TrackingError
        If the server is down, too slow, or refuses.
    """
    database = local_file(uri)
    if database is not None and not database.is_file():
        return None
    try:
        from mlflow import MlflowClient

        with impatient(timeout):
            client = MlflowClient(tracking_uri=uri)
            found = client.get_experiment_by_name(experiment)
            run = found and known_run(client, str(found.experiment_id), study_hash)
            if not run:
                return None
            for file in files:
                client.log_artifact(run, str(file), "thresholds")
            return run
    except Exception as error:
        # MLflow raises its own, SQLAlchemy's and requests' errors.
        raise TrackingError(
            f"The files could not be sent to MLflow at {masked(uri)}: "
            f"{masked(str(error))}\nThey are safe in {files[0].parent}."
        ) from error
