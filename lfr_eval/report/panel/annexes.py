"""Stage report: the study shaped for the two impact assessments (view model in, headings out)."""

from __future__ import annotations

from lfr_eval.contract.names import group_name
from lfr_eval.contract.words import several
from lfr_eval.report.model import Report
from lfr_eval.report.panel.conditions import (
    SEE_LIMITS,
    Heading,
    checked,
    false_alerts,
    held_to,
    promised,
    recognition,
    software,
    told_above,
    unknown_bias,
)
from lfr_eval.report.panel.reading import has_factor, silent, stated

ELSEWHERE = "What this study does not look at: it must come from whoever runs the system."
REST = "Everything else about it, which must come from whoever runs the system."


def equality(report: Report) -> tuple[Heading, ...]:
    """Return the annex for an Equality Impact Assessment."""
    return (
        _heading("What is assessed", (*software(report), *held_to(report)), (REST,)),
        _heading("Race (here: ethnicity)", *_characteristic(report, "ethnicity")),
        _heading("Sex (here: gender)", *_characteristic(report, "gender")),
        _heading("Age", *_characteristic(report, "age_band")),
        _heading(
            "Other protected characteristics",
            (),
            ("Groups were not compared by them, so nothing is known about them.",),
        ),
        _heading("Evidence of different treatment", told_above(report), unknown_bias(report)),
        _heading("Groups in which nothing happened", silent(report), ()),
        _heading("Gaps in the evidence", (), SEE_LIMITS),
        _heading(
            "Steps that lessen a difference",
            ("The rates along the threshold show what another threshold would change.",),
            ("Which step was taken, and whether it works in the street.",),
        ),
        _heading(
            "Monitoring", (), ("What happens after deployment. One study is not monitoring.",)
        ),
        _heading("Consultation", (), (ELSEWHERE,)),
    )


def data_protection(report: Report) -> tuple[Heading, ...]:
    """Return the annex for a Data Protection Impact Assessment."""
    return (
        _heading("Nature of the processing", software(report), (REST,)),
        _heading("Purpose, necessity and proportionality", false_alerts(report), (REST,)),
        _heading(
            "Accuracy",
            (*recognition(report), *false_alerts(report)),
            SEE_LIMITS,
        ),
        _heading("Fairness between groups", told_above(report), unknown_bias(report)),
        _heading("Data used by this study", _data(report), ()),
        _heading(
            "Biometric data of this study",
            (
                "This report holds no image, no template and no identifier of a person.",
                "Templates made for the study can be deleted with lfr-eval purge.",
            ),
            ("How long the engine that runs live keeps images and templates.",),
        ),
        _heading("Integrity", (*checked(report), *promised(report)), ()),
        _heading("Risks to people and measures against them", (), (ELSEWHERE,)),
        _heading("Consultation and advice", (), (ELSEWHERE,)),
    )


def _heading(title: str, gives: tuple[str, ...], lacks: tuple[str, ...]) -> Heading:
    return Heading(title, "", "", gives, lacks)


def _characteristic(report: Report, factor: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say who stood for a characteristic, and by whose word."""
    if not has_factor(report, factor):
        return (), ("Groups were not compared by this, so nothing is known about it.",)
    groups = ", ".join(
        f"{group_name(group.group)} (withheld)"
        if group.withheld
        else f"{group_name(group.group)} {several(group.people, 'person', 'people')}"
        for group in report.people.of(factor)
    )
    sources = tuple(
        f"In {label.dataset}, the label is {label.source.replace('_', ' ')} "
        f"(scheme: {label.scheme})."
        for label in report.labels
        if label.factor == factor
    )
    who = (f"People under test: {groups}.",) if groups else ()
    return (*who, *sources), (
        "People of groups that the labels do not name, or who would name themselves otherwise.",
    )


def _data(report: Report) -> tuple[str, ...]:
    return tuple(
        f"{dataset.title}. Origin: {stated(dataset.origin)}. Licence: {stated(dataset.licence)}. "
        f"Consent: {stated(dataset.consent)}. Lawful basis: {stated(dataset.lawful_basis)}."
        for dataset in report.record.datasets
    )
