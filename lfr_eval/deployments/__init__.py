"""Records of deployments: published files in, checked table `records`, rates and reports out."""

from lfr_eval.deployments.checks import check_records
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.importing import RECORD, import_records
from lfr_eval.deployments.records import DECIDED, read_deployments
from lfr_eval.deployments.storage import read_records, write_records

__all__ = [
    "DECIDED",
    "RECORD",
    "DeploymentError",
    "check_records",
    "import_records",
    "read_deployments",
    "read_records",
    "write_records",
]
