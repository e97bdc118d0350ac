"""A stage is computed again when code of its own rooms changes, and only then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lfr_eval.study import provenance
from lfr_eval.study.provenance import code_digest
from lfr_eval.study.stages import COMPARED, INFERRED, PEOPLE


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of one file in each room, which `code_digest` takes for ours."""
    for room in ("contract", "comparison", "inference", "report", "study"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "one.py").write_text("first = 1\n")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "study" / "provenance.py"))
    code_digest.cache_clear()
    yield tmp_path
    code_digest.cache_clear()


@pytest.mark.parametrize(
    ("room", "again"),
    [
        ("report", [False, False, False]),
        ("inference", [False, False, True]),
        ("comparison", [False, True, True]),
        ("contract", [True, True, True]),
    ],
)
def test_a_change_reaches_the_stages_that_run_through_its_room(
    source: Path, room: str, again: list[bool]
) -> None:
    stages = (PEOPLE, COMPARED, INFERRED)
    before = [code_digest(*rooms) for rooms in stages]
    (source / room / "one.py").write_text("first = 2\n")
    code_digest.cache_clear()
    assert [code_digest(*rooms) != old for rooms, old in zip(stages, before, strict=True)] == again


def test_provenance_covers_all_of_the_package(source: Path) -> None:
    before = code_digest()
    (source / "report" / "one.py").write_text("first = 2\n")
    code_digest.cache_clear()
    assert code_digest() != before
