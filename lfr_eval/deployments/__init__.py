"""Stage `deployments`: records of deployments in, checked table `deployments` out."""

from lfr_eval.deployments.records import DECIDED, RECORD, DeploymentError, read_deployments

__all__ = ["DECIDED", "RECORD", "DeploymentError", "read_deployments"]
