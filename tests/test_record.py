"""The study record: one typed object, written by a study and read by everything else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from lfr_eval.contract import record as records
from lfr_eval.contract.folder import StudyFolder, write_json
from lfr_eval.contract.record import Part, StudyRecord, StudyRecordError, read_record, to_record
from lfr_eval.contract.tables import FINDINGS, RATES
from tests.report.described import make_record
from tests.report.labels import PRIMARY, Labels

WRONG = {"type": ["an object where no field takes one"]}
PARTS = [kind for kind in vars(records).values() if isinstance(kind, type) and kind is not Part]
PARTS = [kind for kind in PARTS if issubclass(kind, Part)]


def content(**changes: object) -> dict[str, Any]:
    return {**make_record(False, Labels(), PRIMARY, 0.6, "Study"), **changes}


def places(value: object, place: str = "") -> list[str]:
    """Return the name of every field of a record."""
    if not isinstance(value, dict):
        return []
    own = [f"{place}{key}" for key in value]
    return own + [one for key in value for one in places(value[key], f"{place}{key}.")]


def put(record: dict[str, Any], place: str, value: object) -> None:
    *parents, last = place.split(".")
    for name in parents:
        record = record[name]
    record[last] = value


def test_what_a_study_wrote_is_read_and_written_again_to_the_byte(
    small: StudyFolder, tmp_path: Path
) -> None:
    again = tmp_path / "study.json"
    write_json(again, small.record().content())
    assert again.read_bytes() == (small.path / "study.json").read_bytes()


@pytest.mark.parametrize("kind", PARTS)
def test_every_field_says_what_it_means(kind: type[BaseModel]) -> None:
    assert [name for name, one in kind.model_fields.items() if not one.description] == []


@pytest.mark.parametrize("place", places(content()))
def test_a_field_of_another_type_is_refused_with_its_name_value_and_remedy(place: str) -> None:
    record = content()
    put(record, place, WRONG)
    with pytest.raises(StudyRecordError) as refused:
        to_record(json.dumps(record), "study.json in somewhere")
    said = str(refused.value)
    assert said.startswith(f"study.json in somewhere is not a valid study record: field '{place}")
    assert said.endswith("or read it with the version of lfr_eval that made it.")


def test_all_problems_are_named_at_once() -> None:
    record = content(simulated=1, started="yesterday", factors=None)
    del record["matcher"]["name"]
    record["thresholds"] = {**record["thresholds"], "values": [], "primary": [0.5, float("nan")]}
    record["datasets"][0]["limits"] = ["one", 2]
    with pytest.raises(StudyRecordError) as refused:
        to_record(json.dumps(record), "study.json")
    for part in (
        "field 'simulated' must be true or false, not 1",
        "field 'matcher.name' is missing",
        "field 'datasets[0].limits[1]' must be text, not 2",
        "field 'thresholds.values' must be a list that is not empty, not []",
        "field 'thresholds.primary[1]' must be a finite number, not NaN",
        "field 'factors' must be a list, not null",
        "field 'started' must be a date and time such as 2026-05-10T09:00:00+00:00, "
        'not "yesterday"',
    ):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "it is not valid JSON (EOF"),
        (b'{"title": "half', "it is not valid JSON (EOF"),
        (b"[" * 100_000, "it is not valid JSON (recursion limit exceeded"),
        (b"\xff\xfe", "it is not valid JSON ("),
        (b"[]", "the file must hold an object"),
    ],
)
def test_what_is_no_record_is_refused_in_a_sentence(text: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "study.json").write_bytes(text)
    with pytest.raises(StudyRecordError) as refused:
        read_record(tmp_path)
    assert str(refused.value).startswith(f"study.json in {tmp_path} is not a valid study record: ")
    assert said in str(refused.value)


def test_a_folder_without_a_record_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StudyRecordError, match=r"study\.json is missing in .*run again"):
        read_record(tmp_path)


def test_records_of_earlier_and_of_later_versions_are_read() -> None:
    first = content()
    # As the first version wrote it: no version, composition, registration, conditions or capture.
    assert not {"registration", "live_engine", "conditions", "capture"} & set(first)
    record = to_record(json.dumps({**first, "of_a_later_version": {"x": 1}}), "study.json")
    assert record.matcher.version is None
    assert record.registration is None
    assert record.conditions == ()
    assert "of_a_later_version" not in record.content()


def test_a_record_cannot_be_changed(small: StudyFolder) -> None:
    record = small.record()
    with pytest.raises(ValidationError, match="frozen"):
        record.title = "Another"  # type: ignore[misc]
    assert isinstance(record, StudyRecord)


def test_importing_the_package_does_not_import_pydantic() -> None:
    code = "import lfr_eval, lfr_eval.cli.main, sys; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_later_column_of_a_result_is_optional() -> None:
    """Studies of earlier versions lack it and are read, with nulls; these columns they all have."""
    columns = {
        RATES: "metric threshold watchlist_size rank factor group counterpart events trials "
        "subjects subjects_with_event rate lower upper level effective_trials interval",
        FINDINGS: "finding_id metric threshold watchlist_size factor group_a group_b rate_a rate_b "
        "ratio ratio_lower ratio_upper test statistic p_value p_adjusted adjustment margin "
        "p_equivalence detectable_ratio verdict primary registered statement",
    }
    for table, first in columns.items():
        assert [each.name for each in table.columns if not each.optional] == first.split()
