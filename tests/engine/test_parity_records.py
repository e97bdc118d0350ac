"""Records of parity checks, as tags and files: what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lfr_eval.config import ConfigError
from lfr_eval.registry.parity_records import ParityError, ParityRecord, newest_checks, read_parity

RECORD = ParityRecord(
    holds=True,
    model="models:/lfr-null/1",
    fingerprint="0" * 64,
    endpoint="http://127.0.0.1:5000/invocations",
    served_fingerprint="0" * 64,
    tolerance=1e-5,
    probes=24,
    templates=24,
    probes_sha256="1" * 64,
    largest_difference=0.0,
    least_cosine=1.0,
    differences=(),
    at="2026-05-20T10:00:00+00:00",
)


@pytest.mark.parametrize(
    "change",
    [
        {"holds": "yes"},
        {"at": "2026-05-20T10:00:00"},
        {"at": "yesterday"},
        {"differences": [1]},
        {"differences": "none"},
        {"endpoint": None},
        {"served_fingerprint": 1},
        {"more": 1},
        {"model": "m@live"},
        {"model": "models:/m@live"},
        {"largest_difference": "big"},
        {"largest_difference": float("nan")},
        {"tolerance": None},
        {"probes": True},
        {"probes": 1.5},
        {"templates": 10**6},
        # What nothing was compared for, or differs, cannot hold.
        {"probes": 0, "templates": 0},
        {"templates": 0},
        {"largest_difference": None},
        {"largest_difference": 1.0},
        {"differences": ["in what runs, margin is 0 instead of 14"]},
    ],
)
def test_a_tag_that_is_no_record_is_refused(change: dict[str, Any]) -> None:
    values = {**RECORD.to_json(), **change}
    key = "parity_0123456789ab"
    with pytest.raises(
        ParityError, match=f"'{key}' is not a valid record of a parity check .*Delete it"
    ):
        newest_checks({RECORD.tag: RECORD.as_tag(), key: json.dumps(values)})
    assert newest_checks({RECORD.tag: RECORD.as_tag(), "parity_note": "by hand"}) == [RECORD]


def test_what_is_no_parity_record_is_refused(tmp_path: Path) -> None:
    for text in ("{}", "[]", "nonsense", '{"holds": true}', "[" * 100_000):
        (tmp_path / "parity.json").write_text(text)
        with pytest.raises(ConfigError, match="is not a parity record"):
            read_parity(tmp_path / "parity.json")
