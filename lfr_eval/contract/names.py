"""Contract: what metrics and groups of people are called, the same everywhere in a study.

Numbers are written by `contract.words`. A label such as `female x east_asian` is for
tables of data; a reader meets "East Asian women".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lfr_eval.contract.tables import CAPTURE, CROSS, EVERYBODY, OVERALL, UNKNOWN
from lfr_eval.contract.words import joined


@dataclass(frozen=True)
class Metric:
    """An error rate as people speak of it.

    Attributes
    ----------
    code
        Name in the standards, ISO/IEC 2382-37 and 19795-1.
    name, plain
        The same written out, and a short everyday name.
    rate, event
        The rate and one event within a sentence.
    deed
        What people did who had an event.
    question
        What the rate answers.
    trial
        What trials are, in the plural.
    trial_deed
        What passes or comparisons did, where they and not people are the sides of a comparison.
    is_success
        Whether a higher rate is a success (TPIR) and not an error.
    """

    code: str
    name: str
    plain: str
    rate: str
    event: str
    deed: str
    question: str
    trial: str = "recognition opportunities"
    trial_deed: str = ""
    is_success: bool = False

    @property
    def events(self) -> str:
        """Several events within a sentence."""
        if self.event.startswith("failure"):
            return self.event.replace("failure", "failures", 1)
        return f"{self.event}{'es' if self.event.endswith('ch') else 's'}"

    @property
    def rates(self) -> str:
        """Rates of several groups within a sentence."""
        return f"{self.rate if self.event.startswith('failure') else self.event + ' rate'}s"

    @property
    def sides(self) -> str:
        """What trials are called where they are compared: passes, comparisons or trials."""
        return "passes" if self.trial == "recognition opportunities" else self.trial


METRICS = (
    Metric(
        "FPIR", "False positive identification rate", "False alerts",
        "false alert rate", "false alert", "had false alerts",
        "how often somebody who is not on the watchlist sets off an alert",
        trial_deed="set off false alerts",
    ),
    Metric(
        "TPIR", "True positive identification rate", "Recognition",
        "true positive identification rate", "correct identification", "were correctly identified",
        "how often somebody who is on the watchlist is recognised",
        trial_deed="led to a correct identification", is_success=True,
    ),
    Metric(
        "FNIR", "False negative identification rate", "Missed people",
        "rate of missed identifications", "missed identification",
        "were missed by the watchlist search",
        "how often somebody who is on the watchlist is missed (FNIR = 1 − TPIR)",
        trial_deed="were missed by the watchlist search",
    ),
    Metric(
        "misidentification", "Naming of a wrong person", "Wrong person named",
        "rate of wrong names", "wrong name", "were named as somebody else",
        "how often the best match of somebody who is on the watchlist is somebody else, and good "
        "enough for an alert",
    ),
    Metric(
        "FMR", "False match rate", "Wrong matches",
        "false match rate", "false match", "were falsely matched with one another",
        "how often images of two different people are taken for one person",
        "comparisons",
    ),
    Metric(
        "FNMR", "False non-match rate", "Missed matches",
        "false non-match rate", "false non-match", "were not matched with themselves",
        "how often two images of one person are not recognised as the same person",
        "comparisons", "did not match the person's own reference",
    ),
    Metric(
        "FTA", "Failure-to-acquire rate", "No usable face",
        "failure-to-acquire rate", "failure to acquire", "could not be acquired",
        "how often no usable face was found",
        trial_deed="gave no usable face",
    ),
    Metric(
        "FTE", "Failure-to-enrol rate", "No usable reference",
        "failure-to-enrol rate", "failure to enrol", "could not be enrolled",
        "how often no usable reference could be made of a person's image",
        "reference images",
    ),
    Metric(
        "event", "Event rate", "Events", "event rate", "event", "had events",
        "how often it happened", "trials", "had events",
    ),
)  # fmt: skip
"""In the order of a report; `event` is what the Python API is given without a name."""


def metric_named(code: str) -> Metric:
    """Return the metric with this code; an unknown code stands for itself."""
    for metric in METRICS:
        if metric.code == code:
            return metric
    return Metric(code, code, code, code, code, code, code, "trials")


_NOUNS = {
    "female": "women", "woman": "women", "women": "women",
    "male": "men", "man": "men", "men": "men",
    **dict.fromkeys(
        ("non-binary", "non_binary", "non binary", "nonbinary"), "non-binary people"
    ),
}  # fmt: skip
_GENDER_CODES = {"f": "female", "m": "male"}
_GENDERS = frozenset(("gender", "sex"))
"""Factors in which F and M are women and men; elsewhere M may be a code for mixed ethnicity."""
_CODE = re.compile(r"[A-Z]{1,3}\d{0,2}")
"""A closed code of a form or a police system: W, B2, IC3."""
_ETHNIC = frozenset((
    "african", "american", "arab", "asian", "bangladeshi", "black", "british", "brown", "caribbean",
    "caucasian", "central", "chinese", "east", "eastern", "european", "gypsy", "hispanic", "indian",
    "irish", "japanese", "korean", "latin", "latino", "middle", "mixed", "native", "north", "other",
    "pacific", "pakistani", "roma", "south", "southeast", "turkish", "west", "white",
))  # fmt: skip
_HOURS = re.compile(r"(?:night|morning|afternoon|evening) (\d\d)-(\d\d)")
_FAMILIES = frozenset(("white", "black", "asian"))
_AGES = re.compile(r"(\d+)\s*(?:[-–]|to|_)\s*(\d+)|(\d+)\s*\+|(?:over|under)[ _]\d+")


def group_words(group: str, factor: str = "") -> str:
    """Return the people of a group, within a sentence.

    Parameters
    ----------
    group
        As in the tables; labels of several factors are joined by `tables.CROSS`.
    factor
        By which the groups are told apart, if known: F and M are women and men by gender alone.

    Examples
    --------
    >>> group_words("female x east_asian"), group_words("black"), group_words("male")
    ('East Asian women', 'Black people', 'men')
    >>> group_words("male x east_asian/white"), group_words("rest"), group_words("20-29")
    ('mixed East Asian and White men', 'all other people', 'people aged 20–29')
    >>> group_words("a"), group_words("female x a"), group_words("Non-binary x black")
    ('people in group a', 'women in group a', 'Black non-binary people')
    >>> group_words("IC3"), group_words("F x W", "gender x ethnicity"), group_words("F")
    ('people recorded as IC3', 'women recorded as W', 'people recorded as F')
    >>> group_words("other"), group_words("people of two cities"), group_words("morning 06-12")
    ('people in group Other', 'people of two cities', 'people seen from 06:00 to 12:00')
    """
    if group == "rest":
        return "all other people"
    if group == EVERYBODY:
        return "all people"
    nouns, before, after = [], [], []
    for label in _labels(group, factor):
        plain = label.strip().lower()
        if plain in _NOUNS:
            nouns.append(_NOUNS[plain])
        elif plain == "other":
            after.append("in group Other")
        elif _is_ethnic(plain):
            before.append(_ethnic(plain, "mixed "))
        elif plain.startswith("people "):
            after.append(label.strip()[len("people ") :])
        elif hours := _HOURS.fullmatch(plain):
            after.append(f"seen from {hours[1]}:00 to {hours[2]}:00")
        elif _AGES.fullmatch(plain):
            after.append(f"aged {_age(plain)}")
        elif plain == UNKNOWN:
            after.append("without a label")
        elif plain in ("prefer_not_to_say", "prefer not to say"):
            after.append("who prefer not to say")
        elif _CODE.fullmatch(label):
            after.append(f"recorded as {label}")
        else:
            after.append(f"in group {label.replace('_', ' ')}")
    return " ".join([*before, " and ".join(nouns) or "people", " and ".join(after)]).strip()


def _labels(group: str, factor: str) -> list[str]:
    """Return the label of each factor, the gender codes F and M spelt out."""
    labels, factors = group.split(CROSS), factor.split(CROSS)
    if len(labels) != len(factors):
        return labels
    return [
        _GENDER_CODES.get(label.lower(), label) if name.lower() in _GENDERS else label
        for label, name in zip(labels, factors, strict=True)
    ]


def groups_words(groups: Sequence[str], last: str = "and", factor: str = "") -> str:
    """Return several groups within a sentence.

    Examples
    --------
    >>> groups_words(["black", "white"]), groups_words(["male", "black"], "or")
    ('Black and White people', 'men or Black people')
    """
    named = [group_words(group, factor) for group in groups]
    if all(name.endswith(" people") for name in named):
        named = [*(name.removesuffix(" people") for name in named[:-1]), named[-1]]
    return joined(named, last)


def group_name(group: str, factor: str = "") -> str:
    """Return the name of a group as it heads a row or labels a chart; `factor` as above.

    Examples
    --------
    >>> group_name("black"), group_name("male"), group_name("female x black"), group_name("a")
    ('Black', 'Men', 'Black women', 'a')
    >>> group_name("everybody"), group_name("unknown"), group_name("20-29")
    ('Everybody', 'No label', '20–29')
    >>> group_name("F", "sex"), group_name("IC3"), group_name("F x IC3", "gender x ethnicity")
    ('Women', 'IC3', 'Women recorded as IC3')
    """
    group = CROSS.join(_labels(group, factor))
    plain = group.strip().lower()
    if group == EVERYBODY or group == "rest":
        return {EVERYBODY: "Everybody"}.get(group, "All others")
    if plain == UNKNOWN:
        return "No label"
    if CROSS in group or plain in _NOUNS:
        parts = [group_name(part) for part in group.split(CROSS)] if CROSS in group else []
        spoken = group_words(group)
        if "in group" in spoken or "without a label" in spoken:
            return ", ".join(parts) or spoken
        return spoken[0].upper() + spoken[1:]
    if _is_ethnic(plain):
        return _ethnic(plain, "Mixed ")
    if _AGES.fullmatch(plain):
        return _age(plain)
    return group.replace("_", " ")


def factor_words(factor: str) -> str:
    """Return what groups are told apart by.

    Examples
    --------
    >>> factor_words("gender x ethnicity"), factor_words("age_band"), factor_words("overall")
    ('gender and ethnicity', 'age band', 'everybody')
    """
    if factor == OVERALL:
        return EVERYBODY
    return factor.replace(CROSS, " and ").replace("_", " ")


def condition_words(condition: str, value: str) -> str:
    """Return a condition of passes with its value.

    Examples
    --------
    >>> condition_words("camera_id", "north"), condition_words("capture", "motion blur 8 px")
    ('camera north', 'motion blur 8 px')
    """
    named = value if condition == CAPTURE else f"{condition.removesuffix('_id')} {value}"
    return named.replace("_", " ")


def compared_words(factor: str, group: str, conditions: Sequence[str]) -> str:
    """Return a group of a factor of which some parts may be conditions of passes.

    Examples
    --------
    >>> compared_words("camera x ethnicity", "north x white", ["camera"])
    'White people with camera north'
    >>> compared_words("camera", "north", ["camera"]), compared_words("gender", "male", [])
    ('passes with camera north', 'men')
    """
    parts = list(zip(factor.split(CROSS), group.split(CROSS), strict=True))
    people = CROSS.join(value for name, value in parts if name not in conditions)
    passes = [condition_words(name, value) for name, value in parts if name in conditions]
    names = CROSS.join(name for name, _ in parts if name not in conditions)
    who = group_words(people, names) if people else "passes"
    return f"{who} with {joined(passes)}" if passes else who


def _is_ethnic(label: str) -> bool:
    words = re.split(r"[\s_/&-]+", label)
    return all(word in _ETHNIC or word in ("and", "or") for word in words) and bool(words[0])


def _ethnic(label: str, mixed: str) -> str:
    """Return a label of ethnicity in words; `mixed` stands before one that joins two groups."""
    if label == "latino_hispanic":
        return "Latino or Hispanic"
    parts, families = [], []
    for part in re.split(r"\s*[/&]\s*|[_ ]and[_ ]", label):
        words = [word if word == "or" else word.capitalize() for word in re.split(r"[\s_]+", part)]
        parts.append(" ".join(words).replace("Southeast", "South-East"))
        families.append(_FAMILIES & {word.lower() for word in words})
    # "White/European" is one group in two words; "East Asian/White" joins two.
    joins = len(parts) > 1 and all(families) and len(set().union(*families)) > 1
    return f"{mixed if joins else ''}{' and '.join(parts)}"


def _age(label: str) -> str:
    return re.sub(r"(?<=\d)\s*(?:-|–|to|_)\s*(?=\d)", "–", label).replace("_", " ")
