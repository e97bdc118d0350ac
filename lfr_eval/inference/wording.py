"""Stage `inference`: what sentences say that people did, or that happened in trials, by metric.

How numbers and groups are written is in `contract.words`.
"""

from __future__ import annotations

DEEDS = {
    "FMR": "were falsely matched with one another",
    "FNMR": "were not matched with themselves",
    "FPIR": "had false alerts",
    "FNIR": "were missed by the watchlist search",
    "TPIR": "were correctly identified",
    "FTA": "could not be acquired",
    "FTE": "could not be enrolled",
    "event": "had events",
}
NOUNS = {
    "FMR": "false match",
    "FNMR": "false non-match",
    "FPIR": "false alert",
    "FNIR": "missed identification",
    "TPIR": "correct identification",
    "FTA": "failure to acquire",
    "FTE": "failure to enrol",
    "event": "event",
}

TRIAL_DEEDS = {
    "FNMR": "did not match the person's own reference",
    "FPIR": "set off false alerts",
    "FNIR": "were missed by the watchlist search",
    "TPIR": "led to a correct identification",
    "FTA": "gave no usable face",
    "event": "had events",
}
"""What is said of passes, where they and not people are the sides of a comparison."""

TRIAL_NOUNS = {"FNMR": "comparisons", "event": "trials"}


def trials_words(metric: str) -> str:
    """Name the trials of a metric: passes, or comparisons."""
    return TRIAL_NOUNS.get(metric, "passes")
