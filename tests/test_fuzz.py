"""A reduced run of the fuzz of manifests and overrides (`python -m benchmarks.fuzz_own`)."""

from __future__ import annotations

import pytest

from benchmarks.fuzz_own import main


@pytest.mark.slow
def test_broken_manifests_and_overrides_are_read_whole_or_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--manifests", "60", "--overrides", "20", "--seed", "3"]) == 0
    said = capsys.readouterr().out
    assert "60 manifests: " in said
    assert "read" in said
    assert "refused" in said
