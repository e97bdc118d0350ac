"""Records of deployments: published files in, checked table `records`, rates and reports out."""

from lfr_eval.deployments.checks import check_records
from lfr_eval.deployments.grid import DeploymentError
from lfr_eval.deployments.importing import RECORD, import_records
from lfr_eval.deployments.records import DECIDED, read_deployments
from lfr_eval.deployments.storage import read_records, write_records
