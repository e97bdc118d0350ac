"""What a claim says in addition to groups: a cause, a prediction, a share, the law.

In: a sentence in plain lower case. Out: a reason for each of these that stands in it, and the
command that answers what no study holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from lfr_eval.finished.claims.learned import ACCURACY, BEYOND, SHARE, STUDY
from lfr_eval.finished.claims.lexicon import families, word
from lfr_eval.finished.claims.reason import Reason

_BESIDE = {kind: word(pattern) for kind, pattern in families("beside").items()}
_TOLD = {
    "cause": (
        BEYOND,
        "It also gives a reason or a cause (“{word}”). The study counts errors; it does not show "
        "causes.",
    ),
    "future": (
        BEYOND,
        "It is also a prediction (“{word}”). The study says what was counted in its own trials.",
    ),
    "elsewhere": (
        BEYOND,
        "It is also about the law or about other systems or versions (“{word}”). The study tested "
        "one system and says nothing about the law.",
    ),
    "accuracy": (
        ACCURACY,
        "It is also about accuracy in general (“{word}”), which is not a single rate. The study "
        "counts false alerts and missed people separately.",
    ),
    "study": (
        STUDY,
        "It also says that something is not known, or is about the size of a study (“{word}”). "
        "For each comparison, this study says how large a difference could still be.",
    ),
    "share": (
        SHARE,
        "It also gives a share of the alerts (“{word}”), which depends on who walked past. The "
        "study has rates per person and per pass.",
    ),
}

_COMMANDS = {
    "choice": "It is about which threshold is right or safe. The study says how often each error "
    "happened at each threshold, and approves none of them. Quote the rates at the threshold, or "
    "list the thresholds that keep to limits that you set: `lfr-eval thresholds STUDY`.",
    "decision": "It is about an approval. A study approves nothing. `lfr-eval approvals` lists the "
    "decisions of panels, and `lfr-eval gate` says whether a version meets a policy.",
    "street": "It is about deployments. The study counts its own trials, and nothing that happened "
    "at other deployments. `lfr-eval deployments report` counts alerts, false alerts and arrests "
    "in published records of deployments.",
}
_ANSWERED = {name: word(pattern) for name, pattern in families("commands").items()}


def answered(plain: str) -> Reason | None:
    """Return which command answers a sentence that no study can; None if none is known."""
    for name, pattern in _ANSWERED.items():
        if pattern.search(plain):
            return Reason(BEYOND, _COMMANDS[name])
    return None


def asides(plain: str) -> Iterator[Reason]:
    """Yield a reason for each other thing that a sentence says."""
    for name, pattern in _BESIDE.items():
        if found := pattern.search(plain):
            kind, told = _TOLD[name]
            yield Reason(kind, told.format(word=found.group()))
