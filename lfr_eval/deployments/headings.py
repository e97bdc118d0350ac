"""Headings of a file of records in, the fields that they mean out; an unknown heading is refused.

Forces word their headings differently and change them from year to year. A heading is understood
by the words in it, after case, accents, footnote numbers and punctuation are taken off.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lfr_eval.contract.names import group_words
from lfr_eval.contract.tables import RECORDS

SKIP = "skip"
"""In a mapping: leave the column out."""

_MADE = ("source", "page", "row", "as_printed", "remark", "file_notes")
TIMES = ("start", "end")
"""Times of day between which a deployment lasted: its hours."""
FIELDS = (*(name for name in RECORDS.names if name not in _MADE), *TIMES)
"""The fields that a heading can mean."""

ENGAGED, GROUP = "engage", "false alerts of "
_OWN = ("record_id", "source_sha256", "false_by_group", "matcher_fingerprint")
OFFERED = (*(name for name in FIELDS if name not in _OWN), f"{GROUP}NAME")
"""Those that a published file can have, without columns that are made here or by the engine."""

_CODE = "id number no ref code count"
"""Words of a heading of numbers or names that are given to places, watchlists or models."""

# The first line whose words are all in the heading, and none of whose others is, decides.
_RULES: tuple[tuple[str, str, str], ...] = (
    ("record_id", "deployment id", ""),
    ("counting_rule", "counting rule", ""),
    ("false_alert_rate", "false rate", ""),
    ("false_alert_rate", "far", ""),
    ("false_engaged", "false engage", "no"),
    ("true_engaged", "true engage", "no"),
    ("false_unconfirmed", "false unconfirmed", ""),
    ("false_confirmed", "false confirmed", ""),
    ("true_unconfirmed", "true unconfirmed", ""),
    ("true_confirmed", "true confirmed", ""),
    ("false_alerts", "false alert", ""),
    ("false_alerts", "false positive", ""),
    ("true_alerts", "true alert", ""),
    ("true_alerts", "true positive", ""),
    ("arrests", "arrest", ""),
    ("no_action", "no further action", ""),
    ("no_action", "no action", ""),
    ("no_action", "nfa", ""),
    ("other_disposals", "other disposal", ""),
    ("other_disposals", "other outcome", ""),
    ("other_disposals", "disposal", ""),
    ("false_by_group", "false by group", ""),
    ("threshold", "threshold", "alerts faces"),
    ("threshold", "face match setting", ""),
    ("faces_seen", "face", ""),
    ("watchlist_size", "watchlist", "name ref watchlists"),
    ("watchlist_size", "watch list", "name ref lists"),
    ("faces_seen", "people seen", ""),
    ("faces_seen", "people scanned", ""),
    ("faces_seen", "persons seen", ""),
    ("faces_seen", "persons scanned", ""),
    ("start", "start", ""),
    ("start", "started", "by"),
    ("start", "began", ""),
    ("start", "commence", ""),
    ("end", "end", ""),
    ("end", "ended", ""),
    ("end", "finish", ""),
    ("hours", "duration", ""),
    ("hours", "deployment length", "per"),
    ("hours", "hour", "per alert police"),
    ("hours", "hrs", "per alert police"),
    ("matcher_fingerprint", "fingerprint", ""),
    ("model_version", "algorithm", ""),
    ("model_version", "model", _CODE),
    ("model_version", "software", ""),
    ("camera", "camera", ""),
    ("use_case", "use case", ""),
    ("use_case", "purpose", ""),
    ("alerts", "alert", "time per rate true false"),
    ("place", "location", _CODE),
    ("place", "place", _CODE),
    ("place", "site", _CODE),
    ("place", "borough", _CODE),
    ("place", "venue", _CODE),
    ("place", "station", f"police {_CODE}"),
    ("date", "date", "to"),
    ("date", "day", ""),
    ("place", "deployment", f"force name deployments {_CODE}"),
    ("force", "police force", "deployment number no reference ref"),
)
_NEUTRAL = frozenset(
    (
        *("the", "a", "an", "of", "for", "in", "on", "at", "to", "and", "or", "by", "as", "name"),
        *("no", "nos", "number", "numbers", "total", "totals", "count", "counts"),
        *("overall", "seen"),
        *("estimate", "estimated", "estimates", "est", "approx", "approximate", "used", "setting"),
        *("lfr", "frt", "facial", "recognition", "system", "police", "force", "reference", "ref"),
        *("deployment", "deployments", "operation", "operational", "dd", "mm", "yy", "yyyy"),
    )
)
"""Words that do not change what a heading means. Any other word beside those of a rule may: true
alerts *leading to arrest*, faces *per hour*, *next* date. Such a heading is not understood.
"""
_NEUTRAL_FOR = {
    "false_alert_rate": "alert positive face per min",
    "false_engaged": "alert positive engagement confirmed outcome",
    "true_engaged": "alert positive engagement confirmed outcome",
    **dict.fromkeys(
        ("true_confirmed", "true_unconfirmed", "false_confirmed", "false_unconfirmed"),
        "alert positive",
    ),
    **dict.fromkeys(("arrests", "other_disposals"), "engagement outcome disposal made"),
    **dict.fromkeys(("true_alerts", "false_alerts"), "positive"),
    "no_action": "engagement outcome disposal made taken nfa",
    "faces_seen": "scanned detected captured processed viewed observed people public",
    "watchlist_size": "size length people person individual image subject entry entries",
    "threshold": "min minimum match face score similarity value level operating",
    "alerts": "generated raised",
    "hours": "duration length hour hr minute min h hh time deployed",
    **dict.fromkeys(TIMES, "time hour hr 24 clock"),
    "model_version": "version algorithm software model",
    "camera": "type kind",
    "use_case": "use case purpose type category",
    "place": "area address street borough site town city venue",
    "date": "day",
}
_AGES = re.compile(
    r"\b(?:aged?|ages) \d\d?s? (?:(?:to )?\d\d? |(?:and|or) (?:over|under) )?"
    r"|\b(?:under|over) [1-9]\d?s? |\b\d\d?s? (?:(?:and|or) )?(?:over|under) "
)
_OF_PEOPLE = frozenset(
    (
        *("men", "women", "boy", "girl", "child", "children", "adult", "juvenile", "minor"),
        *("people", "person", "subject", "ethnic", "ethnicity", "heritage", "background", "group"),
        *("unknown", "not", "stated", "known", "or", "and", "any", "other", "gender", "sex"),
        *("non", "binary", "elderly", "young"),
    )
)
"""Words that stand in the name of a group, beside those that `contract.names` knows."""
_OF_NO_GROUP = frozenset(
    (
        *("not", "or", "and", "any", "other", "people", "ethnic", "ethnicity", "gender", "sex"),
        *("group", "background", "heritage"),
    )
)
"""Of these, words that name no group by themselves: false alerts *by ethnicity*."""
_OF_GENDER = frozenset(
    (
        *("men", "man", "women", "woman", "male", "female", "boy", "girl", "gender", "sex"),
        *("non", "binary"),
    )
)
_OF_AGE = frozenset(
    ("child", "children", "adult", "juvenile", "minor", "elderly", "young", "age", "ages", "aged")
)
_OF_NOBODY = frozenset(
    (
        *("people", "person", "persons", "subject", "subjects", "group", "groups", "of", "the"),
        *("unknown", "not", "stated", "known", "or", "and", "any", "other", "others"),
    )
)
"""Words of a group that do not say by what it is told apart from others."""
_OF_THE_DATE = re.compile(
    r"(calendar |financial |fiscal )?year|fy|(financial )?quarter|month"
    r"|week ?day|day of (the )?week"
)
"""A heading of a column that says again what the date says."""
_NUMBERING = re.compile(r"(lfr )?(deployment )?(no|number)|deployment ref(erence)?( no| number)?")
"""A heading of numbers or references of deployments."""
_EITHER = re.compile(
    r"\s*no\s(?!\s*(of|on|in|(further )?action)\b)|watch.?list (no\.?|number)$", re.I
)
"""No arrest, or the number of arrests; number of the watchlist, or of the people on it."""
_FOOTNOTE = re.compile(r"[1-9]")
_WHOLE_WORDS = frozenset(
    (
        *("end", "far", "nfa", "no", "per", "time", "id", "day", "site", "start", "place"),
        *("model", "by", "deployments", "watchlists", "lists"),
    )
)


@dataclass(frozen=True)
class Heading:
    """A column of a file: what it prints above it, and the field that it means (or `SKIP`)."""

    text: str
    field: str


def plain(text: object) -> str:
    r"""Return a heading's words in lower case: no accents, quotes, punctuation, footnote numbers.

    Examples
    --------
    >>> plain("True\nAlerts1"), plain("Faces seen (Estimate )"), plain("Min Threshold Setting")
    ('true alerts', 'faces seen estimate', 'min threshold setting')
    """
    folded = unicodedata.normalize("NFKD", str(text)).casefold()
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    bare = re.sub(r"[\u2018\u2019\u02bc']", "", bare)
    bare = re.sub(r"(?<=[a-z])\d+\b", "", bare)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", bare).split())


def understand(
    headings: Sequence[str], mapping: Mapping[str, str] | None = None
) -> tuple[list[Heading], list[str]]:
    """Return the meaning of each heading, and what is wrong with them.

    Parameters
    ----------
    headings
        As the file prints them.
    mapping
        Heading to field, or to `skip`, as the person says; it comes before the rules.

    Returns
    -------
    tuple of (list of Heading, list of str)
        Unknown headings are `SKIP` in the list, and named among the problems.
    """
    said = {_key(name): field for name, field in (mapping or {}).items()}
    problems: list[str] = []
    known: list[Heading] = []
    for text in headings:
        words, key = plain(text), _key(text)
        # A heading of signs or of letters of another script is not an empty one.
        field = said.get(key, SKIP if not key else _field(words))
        if "%" in text and key not in said and field != "false_alert_rate":
            field = None
        if _EITHER.match(text) and key not in said:
            field = None
        if field is None:
            shown = " ".join(text.split())
            group = f" ('{GROUP}NAME' for a group)" if words.startswith("false") else ""
            problems.append(
                f"the heading '{shown}' is not known; say what it means with "
                f"--map '{shown}=FIELD'{group}, or leave it out with FIELD '{SKIP}'"
            )
        elif field != SKIP and field not in FIELDS and not field.startswith(GROUP):
            problems.append(f"'{field}' is not a field")
            field = None
        known.append(Heading(text, field or SKIP))
    fields = Counter(heading.field for heading in known if heading.field != SKIP)
    for field, number in fields.items():
        if number > 1:
            twice = [f"'{' '.join(h.text.split())}'" for h in known if h.field == field]
            problems.append(
                f"the headings {' and '.join(twice)} could each mean {field}; leave the wrong one "
                f"out, for example with --map {twice[0][:-1]}={SKIP}'"
            )
    return known, problems


def _key(text: str) -> str:
    return plain(text) or "".join(str(text).split())


def _field(words: str) -> str | None:
    if why_left_out(words):
        return SKIP
    if words.replace(" ", "_") in FIELDS:
        return words.replace(" ", "_")
    group = re.fullmatch(r"false (?:alerts?|positives?) (?:of |among |by )?(.+)", words)
    if group and names_a_group(group.group(1)):
        return GROUP + group.group(1)
    other = _holds(words, ENGAGED) or _holds(words, "rate")
    if words.split().count("false") > 1 and not other:
        # "False Alert / Confirmed False Alerts": both, in one column.
        return "false_alerts"
    for field, needed, forbidden in _RULES:
        if all(_holds(words, word) for word in needed.split()) and not any(
            _holds(words, word) for word in forbidden.split()
        ):
            return field if _says_no_more(words, field, needed) else None
    return None


def why_left_out(text: str) -> str:
    """Return why a column is of no use: the date or the place of a row says it; else nothing."""
    words = plain(text)
    if _OF_THE_DATE.fullmatch(words):
        return "the date says it"
    return "it numbers the deployments" if _NUMBERING.fullmatch(words) else ""


def told_of_columns(
    headings: Sequence[Heading], mapping: Mapping[str, str] | None
) -> Iterator[str]:
    """Say which columns are left out, and which mean what a person says."""
    said = {_key(name) for name in mapping or {}}
    for each in headings:
        text = " ".join(each.text.split())
        if _key(text) in said:
            what = "left out" if each.field == SKIP else f"read as {each.field}"
            yield f"column '{text}' {what}, as stated"
        elif each.field == SKIP and (why := why_left_out(text)):
            yield f"column '{text}' left out: {why}"


def names_a_group(words: str) -> bool:
    """Whether words are of people of a sex, an ethnicity or an age, and of nothing else.

    Examples
    --------
    >>> [names_a_group(each) for each in ("black males", "aged 18 24", "target", "previous year")]
    [True, True, False, False]
    """
    rest = _AGES.sub("men ", f"{words} ").split()
    said = [word for word in rest if word not in _OF_NO_GROUP]
    return bool(said) and all(
        word in _OF_PEOPLE or word.removesuffix("s") in _OF_PEOPLE or _is_label(word)
        for word in rest
    )


def by_factor(groups: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return false alerts of groups by what tells these apart: each is in one group of a factor.

    Examples
    --------
    >>> by_factor({"black": 2, "women": 1, "white": 1})
    {'ethnicity': {'black': 2, 'white': 1}, 'gender': {'women': 1}}
    >>> by_factor({"black women": 1, "aged 18 24": 2, "unknown": 1})
    {'gender x ethnicity': {'black women': 1}, 'age': {'aged 18 24': 2}, 'group': {'unknown': 1}}
    >>> by_factor({"men": 3, "not stated": 1})
    {'gender': {'men': 3, 'not stated': 1}}
    """
    found: dict[str, dict[str, int]] = {}
    for group, number in groups.items():
        found.setdefault(_factor(group), {})[group] = number
    if "group" in found and len(found) == 2:
        # Unknown or other people, beside groups of one kind.
        (factor,) = found.keys() - {"group"}
        return {factor: found[factor] | found["group"]}
    return found


def people_of(group: str) -> str:
    """Return the people of a group, within a sentence.

    Examples
    --------
    >>> people_of("black"), people_of("women"), people_of("Black women")
    ('Black people', 'women', 'Black women')
    """
    said = group_words(group)
    last = plain(group).split()[-1:]
    named = bool(last) and last[0].removesuffix("s") in _OF_GENDER
    return group if named and "in group" in said else said


def _factor(group: str) -> str:
    words = plain(group)
    bare = _AGES.sub(" ", f"{words} ").split()
    gender = [word for word in bare if word.removesuffix("s") in _OF_GENDER]
    age = [word for word in bare if word.removesuffix("s") in _OF_AGE]
    said = {"gender": gender, "ethnicity": set(bare) - {*gender, *age} - _OF_NOBODY}
    factors = [factor for factor, found in said.items() if found]
    if age or len(bare) < len(words.split()):
        factors.append("age")
    return " x ".join(factors) or "group"


def _is_label(word: str) -> bool:
    spoken = group_words(word.removesuffix("s"))
    return not re.search(r"in group|recorded as", spoken)


def _says_no_more(words: str, field: str, needed: str) -> bool:
    """Whether a heading has no word that may change what the words of its rule mean."""
    neutral = _NEUTRAL.union(_NEUTRAL_FOR.get(field, "").split())
    return all(
        {word, word.removesuffix("s")} & neutral
        or _FOOTNOTE.fullmatch(word)
        or any(_holds(word, each) for each in needed.split())
        for word in words.split()
    )


def _holds(words: str, word: str) -> bool:
    """Whether a word stands in a heading: whole, or as the beginning of one of its words."""
    if word == "confirmed" or word in _WHOLE_WORDS:
        return word in words.split()
    return any(each.startswith(word) for each in words.split())
