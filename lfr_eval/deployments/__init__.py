"""Stage `deployments`: records of deployments in, checked table `deployments` out."""

from lfr_eval.deployments.records import (
    DECIDED,
    RECORD,
    SHORTEST,
    DeploymentError,
    read_deployments,
)

__all__ = ["DECIDED", "RECORD", "SHORTEST", "DeploymentError", "read_deployments"]
