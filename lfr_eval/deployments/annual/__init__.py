"""Checked records in, the annual report out: a page, a paper and its tables."""

from lfr_eval.deployments.annual.asked import Annual
from lfr_eval.deployments.annual.writing import write_annual

__all__ = ["Annual", "write_annual"]
