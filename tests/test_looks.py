"""A registered study that looks more than once spends what its plan says, and no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from lfr_eval.contract.ledger import Ledger
from lfr_eval.finished.finished import read_finished
from lfr_eval.inference.sequential import levels
from lfr_eval.planning.freezing import freeze
from lfr_eval.study.registration import RegistrationError, read_plan
from lfr_eval.study.registration.looks import look_at, looks_file
from tests.test_registration import PEOPLE, Registered, made, plan_of_scores

__all__ = ["made"]

SHARES = [0.5, 1.0]
LOOKS = {"people": [PEOPLE // 2, PEOPLE], "spending": "Pocock"}


def planned(folder: Path, looks: object = LOOKS) -> Path:
    """A plan that names looks."""
    plan = folder / "plan.yaml"
    plan.write_text(yaml.safe_dump(plan_of_scores() | {"looks": looks}, sort_keys=False))
    return plan


def manifest_of(source: Path, folder: Path, people: int) -> None:
    """Put a manifest of the first people into the folder."""
    table = pd.read_csv(source / "people.csv")
    keep = table["subject_id"].isin([f"p{one}" for one in range(people)])
    table[keep].to_csv(folder / "people.csv", index=False)
    images, scores = set(table.loc[keep, "image_id"]), pd.read_csv(source / "scores.csv")
    known = scores["reference_id"].isin(images) & scores["probe_id"].isin(images)
    scores[known].to_csv(folder / "scores.csv", index=False)


@pytest.fixture
def registered(made: Path, tmp_path: Path) -> Registered:
    """A plan that was registered before there were people."""
    folder = tmp_path / "study"
    shutil.copytree(made, folder)
    (folder / "people.csv").unlink()
    found = Registered(folder)
    freeze(planned(folder), places=[f"paths.studies={folder / 'studies'}", *found.places])
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("unreported")
def test_each_look_spends_its_share_and_there_is_no_third(
    registered: Registered, made: Path
) -> None:
    shares = levels(SHARES, "Pocock", 0.05)
    for place, people in enumerate((PEOPLE // 2, PEOPLE)):
        manifest_of(made, registered.folder, people)
        folder = registered.run()
        record = folder.record()
        assert record.inference.alpha == pytest.approx(shares[place])
        assert read_finished(folder.path).plan.alpha == record.inference.alpha
        assert any(f"This is look {place + 1} of 2" in note for note in record.notes)
        # The same people again are the same look.
        again = registered.run().record()
        assert again.inference.alpha == record.inference.alpha
    entries = Ledger(looks_file(registered.registration)).entries()
    assert [entry.values["look"] for entry in entries] == [1, 2]
    assert sum(entry.values["alpha"] for entry in entries) == pytest.approx(0.05)
    table = pd.read_csv(registered.folder / "people.csv")
    table["gender"] = table["gender"].replace("female", "woman")
    table.to_csv(registered.folder / "people.csv", index=False)
    assert "allows 2 looks" in registered.refusal()


def test_a_look_waits_for_its_people(registered: Registered) -> None:
    looks = read_plan(registered.plan).looks
    assert looks is not None
    with pytest.raises(RegistrationError, match="comes at 8 people, and the study has 7"):
        look_at(looks, 0.05, registered.registration, "data", 7)


def test_looks_at_data_that_are_there_are_refused(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(made, folder)
    with pytest.raises(RegistrationError, match="its data are there already"):
        freeze(planned(folder), places=Registered(folder).places)


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ({"people": [10]}, "2 to 20 increasing numbers"),
        ({"people": [20, 10]}, "2 to 20 increasing numbers"),
        ({"people": [10, 20], "spending": "Haybittle"}, "must be one of O'Brien-Fleming, Pocock"),
        ({"people": "often"}, "'looks.people' must be a list"),
    ],
)
def test_looks_that_mean_nothing_are_refused(looks: object, said: str, tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match=said):
        read_plan(planned(tmp_path, looks))
