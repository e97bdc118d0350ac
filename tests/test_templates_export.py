"""Templates leave a study only on demand, and whoever gets them counts the same."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.cli.main import main
from lfr_eval.contract.tables import RATES
from lfr_eval.finished.exporting import ExportError, export_templates
from tests.cohort.builders import noise
from tests.studies import SMALL, tables_of

STUDY = ("dataset=manifest", "design=verification", "thresholds.values=[0.1,0.2]")


def manifest(folder: Path) -> Path:
    """Two pictures of noise for each of twelve people, one of whom is named in two forms."""
    rows = []
    for at in range(12):
        for role in ("reference", "probe"):
            path = noise(folder / f"{at}-{role}.png", 2 * at + (role == "probe"))
            image = f"é{at}-{role}"
            labels = {"gender": "fm"[at % 2], "path": path.name}
            rows.append({"image_id": image, "subject_id": f"p{at}", "role": role, **labels})
    pd.DataFrame(rows).to_csv(folder / "people.csv", index=False)
    return folder / "people.csv"


def test_a_study_of_exported_templates_has_the_same_rates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = f"dataset.path={manifest(tmp_path)}"
    study = tables_of(tmp_path / "own", *STUDY, people, "matcher=null_matcher")
    file, cache = tmp_path / "templates.NPZ", tmp_path / "own" / "cache"
    asked = ["templates", "export", str(study.path), "--to", str(file), "--cache", str(cache)]
    assert main(asked) == 0
    said = capsys.readouterr()
    assert "24 images" in said.out
    assert "Warning: templates identify people for life" in said.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert study.verify() == []
    again = tables_of(
        tmp_path / "other", *STUDY, people, "matcher=templates", f"matcher.path={file}"
    )
    keys = ["metric", "threshold", "factor", "group", "counterpart"]
    both = study.read(RATES).merge(again.read(RATES), on=keys, suffixes=("", "_again"))
    assert {"FMR", "FNMR"} <= set(both["metric"])
    assert both["events"].sum() > 0
    assert (both["events"] == both["events_again"]).all()
    assert (both["trials"] == both["trials_again"]).all()
    assert main(asked) == 2
    assert "exists; give another name" in capsys.readouterr().err


def test_simulated_templates_are_made_anew(tmp_path: Path) -> None:
    study = tables_of(tmp_path, *SMALL, "design=verification", "inference.factors=[gender]")
    number = export_templates(study, tmp_path / "t.npz", tmp_path / "cache")
    with np.load(tmp_path / "t.npz") as arrays:
        assert len(arrays["image_id"]) == len(arrays["template"]) == number
        assert np.isfinite(arrays["template"]).all()


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    people = f"dataset.path={manifest(tmp_path)}"
    study = tables_of(tmp_path / "own", *STUDY, people, "matcher=null_matcher")
    for file, said in (
        (study.path / "t.npz", "a study never holds templates"),
        (tmp_path / "t.csv", "must name an .npz file"),
        (tmp_path / "none" / "t.npz", "there is no folder"),
    ):
        with pytest.raises(ExportError, match=said):
            export_templates(study, file, tmp_path / "own" / "cache")
    with pytest.raises(ExportError, match="no template of 24 images"):
        export_templates(study, tmp_path / "t.npz", tmp_path / "elsewhere")
    assert not list(tmp_path.glob("*.npz"))
