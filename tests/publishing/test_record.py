"""What a publication says of a study in words, and what it keeps to itself."""

from __future__ import annotations

import pytest

from lfr_eval.cohort.card import NEVERTHELESS
from lfr_eval.contract.record import LiveEngine
from lfr_eval.finished.publishing.record import OVERRIDDEN, published_record
from tests.report.described import record_of
from tests.report.labels import PRIMARY

ADDRESS = "http://10.1.2.3:5000/invocations?token=secret"


@pytest.mark.parametrize(
    ("said", "published"),
    [
        ("runs at {}: it gave", "runs at (address not published): it gave"),
        ("with {} on 2026-11-20", "with (address not published) on 2026-11-20"),
        ("(lfr/1 and {}).", "(lfr/1 and (address not published))."),
        ("is at {}.", "is at (address not published)."),
    ],
)
def test_where_an_engine_answers_is_not_published(said: str, published: str) -> None:
    live = {"described": True, "statement": said.format(ADDRESS), "endpoint": ADDRESS}
    record = published_record(record_of(live_engine=live), PRIMARY)
    assert record.live_engine == LiveEngine(described=True, statement=published)
    assert "10.1.2.3" not in record.model_dump_json()
    assert published_record(record_of(), PRIMARY).live_engine is None


def test_that_an_objection_of_a_card_was_overridden_is_published() -> None:
    record = record_of()
    objection = (
        "The pictures of 'ours' were allowed to be kept until 2026-01-05. That day has passed. "
        f"{NEVERTHELESS}"
    )
    card = record.datasets[0].model_copy(update={"limits": (objection,)})
    published = published_record(record.model_copy(update={"datasets": (card,)}), PRIMARY)
    assert published.datasets[0].limits == (OVERRIDDEN,)


def test_that_the_evidence_was_lists_and_ranks_is_published() -> None:
    record = record_of()
    matcher = record.matcher.model_copy(update={"ranks": True})
    design = record.design.model_copy(update={"list_length": 10})
    changed = record.model_copy(update={"matcher": matcher, "design": design})
    shown = published_record(changed, PRIMARY)
    assert (shown.matcher.ranks, shown.design.list_length) == (True, 10)
