"""A plan is frozen, and whatever is changed afterwards is caught and named."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from lfr_eval.cli import main as cli
from lfr_eval.contract.folder import STUDY, StudyFolder, write_json
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.tables import COHORT, EXCLUSIONS, FINDINGS
from lfr_eval.planning.freezing import check, freeze
from lfr_eval.report.brief import to_brief
from lfr_eval.report.reading import read_record, read_report
from lfr_eval.report.words import earlier_results
from lfr_eval.study.inputs import read_inputs
from lfr_eval.study.overrides import with_plan
from lfr_eval.study.registration import (
    RegistrationError,
    Standing,
    check_standing,
    overrides_of,
    read_plan,
    read_registration,
)
from lfr_eval.study.registration.record import registration_file
from lfr_eval.study.run import run_study
from tests.studies import configured

PEOPLE, THRESHOLDS = 16, (0.3, 0.5)


@dataclass(frozen=True)
class Registered:
    """A registered study of vendor's scores, in a folder of its own."""

    folder: Path
    name: str = "plan.yaml"

    @property
    def plan(self) -> Path:
        return self.folder / self.name

    @property
    def registration(self) -> Path:
        return registration_file(self.plan)

    @property
    def places(self) -> list[str]:
        """What the plan may not say: where things are."""
        return [f"dataset.path={self.folder}/people.csv", *self.scores]

    @property
    def scores(self) -> list[str]:
        given = "matcher=scores" in self.plan.read_text()
        return [f"matcher.path={self.folder}/scores.csv"] if given else []

    def edit(self, old: str, new: str) -> None:
        text = self.plan.read_text()
        assert old in text
        self.plan.write_text(text.replace(old, new))

    def run(self, *overrides: str) -> StudyFolder:
        said = [f"registration={self.registration}", *self.places, *overrides]
        return run_study(configured(self.folder / "studies", *with_plan(said)))

    def standing(self, *overrides: str) -> Standing:
        """How a study would stand, without running it."""
        said = with_plan([f"registration={self.registration}", *self.places, *overrides])
        config = configured(self.folder / "studies", *said)
        return check_standing(config, read_inputs(config))

    def refusal(self, *overrides: str) -> str:
        with pytest.raises(RegistrationError) as caught:
            self.standing(*overrides)
        return str(caught.value)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Manifest, images (any bytes: no face is read), scores and a plan, not yet registered."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(3)
    rows = []
    for person in range(PEOPLE):
        for image, role in enumerate(("reference", "probe")):
            name = f"i{person}_{image}"
            (folder / f"{name}.png").write_bytes(_picture(person, image))
            gender, ethnicity = ("female", "male")[person % 2], ("black", "white")[person // 2 % 2]
            rows.append((name, f"p{person}", f"{name}.png", role, gender, ethnicity))
    columns = ["image_id", "subject_id", "path", "role", "gender", "ethnicity"]
    manifest = pd.DataFrame(rows, columns=columns)
    manifest.to_csv(folder / "people.csv", index=False)
    references = manifest.loc[manifest["role"] == "reference", "image_id"]
    probes = manifest.loc[manifest["role"] == "probe", "image_id"]
    pairs = [(r, p, round(float(rng.uniform(-0.2, 0.6)), 3)) for r in references for p in probes]
    scores = pd.DataFrame(pairs, columns=["reference_id", "probe_id", "score"])
    scores.to_csv(folder / "scores.csv", index=False)
    (folder / "plan.yaml").write_text(yaml.safe_dump(plan_of_scores(), sort_keys=False))
    return folder


@pytest.fixture
def registered(made: Path, tmp_path: Path) -> Registered:
    return _registered(made, tmp_path / "study")


@pytest.fixture(scope="module")
def kept(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Registered, StudyFolder]:
    """A registered study, run as it was registered."""
    plan = _registered(made, tmp_path_factory.mktemp("kept") / "study")
    return plan, plan.run()


def _registered(made: Path, folder: Path, matcher: tuple[str, str] | None = None) -> Registered:
    shutil.copytree(made, folder)
    plan = folder / "plan.yaml"
    if matcher:
        plan.write_text(plan.read_text().replace(*matcher))
    registered = Registered(folder)
    freeze(plan, places=[f"paths.studies={folder / 'studies'}", *registered.places])
    return registered


def _picture(person: int, image: int) -> bytes:
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (24, 24), (person * 9, image * 99, 7)).save(stream, "PNG")
    return stream.getvalue()


def plan_of_scores() -> dict[str, object]:
    return {
        "title": "Scores of a vendor",
        "question": "Do groups differ?",
        "hypotheses": ["Female and male subjects differ."],
        "who": "an evaluator",
        "contact": "evaluator@example.org",
        "experiment": "rehearsal",
        "overrides": [
            "dataset=manifest",
            "matcher=scores",
            "design=verification",
            f"thresholds.values={list(THRESHOLDS)}".replace(" ", ""),
        ],
        "factors": ["gender", "ethnicity", "gender x ethnicity"],
        "reference_groups": {"gender": "male", "gender x ethnicity": "male x white"},
        "primary": {"metrics": ["FMR"], "thresholds": [0.5], "factors": ["gender"]},
        "margin": 1.5,
        "sample": {"recruitment": "given by the vendor"},
        "stopping": "the data are given",
        "exclusions": [{"subject_id": "p3", "reason": "withdrew consent"}],
    }


def test_a_plan_is_checked_before_it_is_registered(registered: Registered) -> None:
    registration_file(registered.plan).unlink()
    with pytest.raises(RegistrationError, match=r"can be read and run, but is not registered"):
        check(registered.plan, registered.places)
    registered.plan.write_text(registered.plan.read_text().replace("primary:", "primry:"))
    with pytest.raises(RegistrationError, match="'primry' is unknown; did you mean primary"):
        check(registered.plan, registered.places)


def test_kept_to_the_letter_it_is_as_registered(kept: tuple[Registered, StudyFolder]) -> None:
    registered, study = kept
    assert check(registered.plan, registered.places) == []
    findings = study.read(FINDINGS)
    assert set(findings["registered"]) == {"as registered"}
    primary = findings[findings["primary"].astype(bool)]
    assert set(primary["metric"]) == {"FMR"}
    assert set(primary["threshold"]) == {0.5}
    assert set(primary["factor"]) == {"gender"}
    record = read_record(study.path)
    assert record.registration is not None
    assert record.registration.state == "as registered"
    page = re.sub(r"\s+", " ", (study.path / "report.html").read_text())
    assert "As registered." in page
    # The scores were there before the plan, and no other folder was looked into.
    plan = dict(to_brief(read_report(study.path)).facts)["Plan"]
    unchecked = (
        "Only the folder of studies was checked for earlier results. The scores existed when the "
        "plan was registered, and the tool cannot know whether anybody had looked at them."
    )
    assert plan.endswith(f"before this study was run. The study kept to it. {unchecked}")
    assert unchecked in page
    assert "before the results" not in page
    promise = record.registration.model_copy(update={"data_registered": False})
    early = record.model_copy(update={"registration": promise})
    assert earlier_results(early).endswith("Whether the scores existed by then is not known.")
    assert study.verify() == []


def test_exclusions_are_applied_counted_and_reported(
    kept: tuple[Registered, StudyFolder],
) -> None:
    _, study = kept
    assert "p3" not in set(study.read(COHORT)["subject_id"])
    excluded = study.read(EXCLUSIONS)
    assert set(excluded["image_id"]) == {"i3_0", "i3_1"}
    about = read_json(study.path / STUDY)["registration"]["exclusions"]
    assert about == [{"reason": "withdrew consent", "images": 2, "people": 1}]
    page = re.sub(r"\s+", " ", (study.path / "report.html").read_text())
    assert "leaves out 2 images of 1 person (withdrew consent)" in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("thresholds.primary=[0.3]", "thresholds.primary: registered [0.5], now [0.3]"),
        ("thresholds.values=[0.3,0.4]", "thresholds.values: registered [0.3, 0.5], now [0.3, 0.4]"),
        ("inference.margin=2.0", "inference.margin: registered 1.5, now 2.0"),
        ("inference.reference_groups.gender=female", "inference.reference_groups: registered"),
        ("inference.primary_metrics=[FMR,FNMR]", "inference.primary_metrics: registered"),
    ],
)
def test_one_setting_changed_is_caught(registered: Registered, changed: str, said: str) -> None:
    assert said in registered.refusal(changed)


def test_one_exclusion_added_to_the_plan_is_caught(registered: Registered) -> None:
    registered.edit("exclusions:\n", "exclusions:\n- subject_id: p7\n  reason: inconvenient\n")
    said = registered.refusal()
    assert "plan, exclusions: registered" in said
    assert "inconvenient" in said


def test_one_image_left_out_of_the_data_is_caught(registered: Registered) -> None:
    manifest = registered.folder / "people.csv"
    frame = pd.read_csv(manifest)
    frame[frame["image_id"] != "i5_1"].to_csv(manifest, index=False)
    scores = pd.read_csv(registered.folder / "scores.csv")
    scores[scores["probe_id"] != "i5_1"].to_csv(registered.folder / "scores.csv", index=False)
    said = registered.refusal()
    assert "image i5_1: registered in the data, now removed" in said
    assert "no exclusion of the plan names it" in said
    assert "matcher fingerprint" in said


def test_one_images_bytes_changed_are_caught(made: Path, tmp_path: Path) -> None:
    # A matcher that looks at images; of scores from a file, the file is what is registered.
    looks = ("matcher=scores", "matcher=null_matcher")
    registered = _registered(made, tmp_path / "study", looks)
    (registered.folder / "i2_0.png").write_bytes(_picture(25, 1))
    said = registered.refusal()
    assert "image i2_0: registered the file it was, now another file" in said
    assert "i2_1" not in said


def test_one_label_changed_and_one_image_added_are_caught(registered: Registered) -> None:
    manifest = registered.folder / "people.csv"
    frame = pd.read_csv(manifest)
    frame.loc[frame["subject_id"] == "p4", "ethnicity"] = "white"
    (registered.folder / "i99.png").write_bytes(_picture(20, 1))
    new = frame.iloc[:1].assign(image_id="i99", subject_id="p99", path="i99.png")
    pd.concat([frame, new]).to_csv(manifest, index=False)
    said = registered.refusal()
    assert "image i4_0: registered its labels and role, now others" in said
    assert "image i99: registered not in the data, now added" in said


def test_the_plan_edited_is_caught_even_in_a_comment(registered: Registered) -> None:
    registered.edit("title:", "# reworded\ntitle:")
    assert "text of plan.yaml" in registered.refusal()
    registered.edit("Do groups differ?", "Are groups alike?")
    assert "plan, question: registered Do groups differ?, now Are groups alike?" in (
        registered.refusal()
    )


@pytest.mark.parametrize("deviate", [(), ("deviate=true", "deviation=because")])
def test_the_registration_edited_is_evidence_of_nothing(
    registered: Registered, deviate: Sequence[str]
) -> None:
    content = read_json(registered.registration)
    content["settings"]["inference.margin"] = 2.0
    write_json(registered.registration, content)
    assert "was edited after it was registered" in registered.refusal(*deviate)


def test_every_field_of_a_registration_that_is_none_is_named(registered: Registered) -> None:
    content = read_json(registered.registration)
    content |= {"plan_file": "../plan.yaml", "settings": [], "note": "mine"}
    del content["matcher"]["name"]
    write_json(registered.registration, content)
    refusal = registered.refusal()
    for said in (
        "field 'plan_file' must be the name of a file beside it",
        "field 'settings' must be an object",
        "field 'matcher.name' is missing",
        "field 'note' is unknown",
    ):
        assert said in refusal


def test_the_list_of_images_edited_is_caught(registered: Registered) -> None:
    listed = registered.folder / "plan.images.csv"
    listed.write_text(listed.read_text().replace("i2_0", "i2_9"))
    assert "plan.images.csv was edited after it was registered" in registered.refusal()


def test_a_deviation_needs_a_reason_and_marks_every_finding(registered: Registered) -> None:
    registered.edit("exclusions:\n", "exclusions:\n- subject_id: p7\n  reason: fell ill\n")
    changed = ("thresholds.primary=[0.3]", "deviate=true")
    assert "needs the reason" in registered.refusal(*changed)
    study = registered.run(*changed, "deviation=one person fell ill")
    findings = study.read(FINDINGS)
    assert set(findings["registered"]) == {"deviating"}
    assert findings["statement"].str.contains("deviates from its registered plan").all()
    promise = read_record(study.path).registration
    assert promise is not None
    assert promise.reason == "one person fell ill"
    assert any("thresholds.primary" in text for text in promise.differences)
    page = (study.path / "report.html").read_text()
    first_page = page[: page.index('id="cannot-tell"')]
    said = r"This study differs from its plan in \d points?\. The reason given: one person fell ill"
    assert re.search(said, first_page)
    assert "Deviating." in page
    assert "thresholds.primary: registered [0.5], now [0.3]" in page
    assert {item.reason for item in promise.exclusions} == {"withdrew consent", "fell ill"}


def test_results_that_exist_already_are_not_planned(
    kept: tuple[Registered, StudyFolder], capsys: pytest.CaptureFixture[str]
) -> None:
    registered, _ = kept
    later = registered.folder / "later.yaml"
    shutil.copyfile(registered.plan, later)
    places = [f"paths.studies={registered.folder / 'studies'}", *registered.places]
    assert cli.main(["plan", "register", str(later), *places]) == cli.UNUSABLE
    assert "exist already" in capsys.readouterr().err
    assert cli.main(["plan", "register", str(later), *places, "--after-results"]) == cli.OK
    standing = Registered(registered.folder, "later.yaml").standing()
    assert standing.state == "registered after results"
    described = standing.described()
    assert described is not None
    assert described.after_results


def test_a_plan_is_registered_once(registered: Registered) -> None:
    with pytest.raises(RegistrationError, match="A changed plan is another plan"):
        freeze(registered.plan)


def test_a_plan_may_come_before_the_data(registered: Registered) -> None:
    early = registered.folder / "early.yaml"
    shutil.copyfile(registered.plan, early)
    later = [place.replace("people.csv", "later.csv") for place in registered.places]
    assert freeze(early, places=later).data is None
    described = Registered(registered.folder, "early.yaml").standing().described()
    assert described is not None
    assert described.data_registered is False


def test_a_setting_of_a_later_version_breaks_nothing_at_its_default(
    registered: Registered,
) -> None:

    from lfr_eval.study.registration import write_registration

    record = read_registration(registered.registration)
    settings = {k: v for k, v in record.settings.items() if k != "inference.power"}
    write_registration(registered.registration, record.model_copy(update={"settings": settings}))
    assert check(registered.plan, registered.places) == []
    assert "inference.power: registered nothing (its default is 0.8), now 0.9" in (
        registered.refusal("inference.power=0.9")
    )


def test_the_plan_is_what_hydra_composes(registered: Registered) -> None:
    plan = read_plan(registered.plan)
    config = configured(registered.folder, *overrides_of(plan), *registered.places)
    assert config.inference.reference_groups["gender x ethnicity"] == "male x white"
    assert config.inference.primary_factors == ["gender"]
    assert json.loads(registered.registration.read_text())["settings"]["inference.margin"] == 1.5


def test_the_shipped_registration_still_checks_out() -> None:
    file = Path(__file__).parents[1] / "experiments" / "rehearsal" / "plan.yaml"
    assert check(file) == [], (
        "Settings of the shipped rehearsal changed. If they were meant to, the plan is another: "
        "remove plan.registration.json and register it again before renewing its results."
    )


def test_a_refused_study_leaves_nothing_behind(registered: Registered) -> None:
    with pytest.raises(RegistrationError):
        registered.run("inference.margin=2.0")
    studies = registered.folder / "studies"
    assert [path.name for path in studies.iterdir() if path.name != "cache"] == []


def test_deviate_without_a_registration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistrationError, match="need a registration"):
        run_study(configured(tmp_path, "dataset.people=12", "deviate=true"))


def test_the_command_to_run_a_plan_is_what_a_shell_takes(
    registered: Registered, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = registered.folder / "our plan.yaml"
    shutil.copyfile(registered.plan, plan)
    places = [*registered.places, "matcher.columns={probe_id: probe_id, score: score}"]
    assert cli.main(["plan", "register", str(plan), *places]) == cli.OK
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("Run it: "))
    said = shlex.split(line.removeprefix("Run it: "))
    assert said == ["lfr-eval", "run", f"registration='{registration_file(plan)}'", *places]
    assert [*with_plan(said[2:])][-len(places) :] == places


@pytest.mark.parametrize("groups", ["{gender: male}", "{gender: male, ethnicity: white}"])
def test_an_override_with_braces_is_to_be_quoted(registered: Registered, groups: str) -> None:
    word = f"inference.reference_groups={groups}"
    registered.edit("- matcher=scores\n", f"- matcher=scores\n- {word}\n")
    with pytest.raises(RegistrationError) as refused:
        read_plan(registered.plan)
    said = str(refused.value)
    assert str(registered.plan) in said
    assert "in quotes" in said
    assert f": - '{word}'" in said or "'overrides[" in said
    registered.edit(f"- {word}", f"- '{word}'")
    assert word in read_plan(registered.plan).overrides
