"""Every shipped configuration composes; what cannot be is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from lfr_eval.cli.launch import _prepared
from lfr_eval.cohort import load_card
from lfr_eval.config import ConfigError, ManifestDatasetConfig, PairsDatasetConfig, StudyConfig
from lfr_eval.config.composing import compose_words as compose_settings
from lfr_eval.config.composition import read, register
from lfr_eval.config.paths import conf_dir
from lfr_eval.config.plugins import allow_object
from lfr_eval.study.overrides import composed as compose_words
from lfr_eval.study.prepared import study_path
from lfr_eval.study.sweep import read_sweep

GROUPS = (
    "experiment",
    "dataset",
    "matcher",
    "capture",
    "design",
    "population",
    "thresholds",
    "inference",
    "compute",
    "tracking",
    "report",
    "paths",
)
LIVE = ("retention", "policy", "constraints")
"""Groups of the live engine, the gate and the choice of thresholds, which no study has."""

OPTIONS = [
    f"{group}={path.stem}"
    for group in GROUPS
    for path in sorted((conf_dir() / group).glob("*.yaml"))
]
GIVEN = {
    "dataset=manifest": ["dataset.path=people.csv", "matcher=facenet"],
    "dataset=london": ["matcher=facenet"],
    "dataset=fairface": ["matcher=facenet"],
    "capture=motion_blur": ["dataset=london", "matcher=facenet"],
    "capture=distance": ["dataset=london", "matcher=facenet"],
    "capture=street": ["dataset=london", "matcher=facenet"],
    "matcher=facenet": ["dataset=london"],
    "matcher=dlib": ["dataset=london"],
    "matcher=templates": ["matcher.path=t.npz", "dataset=london", "thresholds.values=[0.5]"],
    "matcher=mlflow": ["matcher.uri=models:/m@live", "dataset=london", "thresholds.values=[0.5]"],
    "matcher=http": ["matcher.url=http://h/i", "dataset=london", "thresholds.values=[0.5]"],
    "matcher=onnx": ["matcher.path=m.onnx", "dataset=london", "thresholds.values=[0.5]"],
    "matcher=null_matcher": ["dataset=london"],
    "matcher=alerts": [
        *("matcher.path=a.csv", "matcher.floor=0.6", "dataset=manifest", "dataset.path=w.csv"),
        *("dataset.pass_log=p.csv", "design=live"),
    ],
    "matcher=python": [
        *("dataset=london", "thresholds.values=[0.5]"),
        "matcher.object=lfr_eval.matchers.null:NullMatcher",
    ],
    "matcher=pairs": [
        *("dataset=pairs", "dataset.path=p.csv", "design=verification", "thresholds.values=[0.5]"),
    ],
    "dataset=pairs": [
        *("matcher=pairs", "dataset.path=p.csv", "design=verification", "thresholds.values=[0.5]"),
    ],
    "matcher=scores": ["matcher.path=s.csv", "dataset=london", "thresholds.values=[0.5]"],
}


@contextmanager
def hydra() -> Iterator[None]:
    GlobalHydra.instance().clear()
    register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield


def composed(*overrides: str) -> StudyConfig:
    allow_object(overrides)
    with hydra():
        return read(compose("config", overrides=list(overrides)))


@pytest.mark.parametrize("option", OPTIONS)
def test_every_shipped_option_composes(option: str) -> None:
    config = composed(option, *GIVEN.get(option, []))
    sweep = read_sweep(config)
    assert sweep.primary
    assert set(sweep.primary) <= set(sweep.values)
    assert list(sweep.values) == sorted(sweep.values)


@pytest.mark.parametrize(
    "words",
    [
        ["experiment=rehearsal", "dataset.people=60", "thresholds.sweep=[0.4,0.6,0.05]"],
        ["experiment=rehearsal", "thresholds.values=[0.5]", "design=live", "name=mine"],
        ["experiment=london", "matcher=facenet", "matcher.batch_size=2", "paths.cache=/c"],
        ["dataset.path=p.csv", "~experiment", "dataset=manifest", "matcher=null_matcher"],
        ["experiment=none", "+design.watchlist_composition={green: 1}", "dataset.people=7"],
        ["experiment=rehearsal", "inference={level: 0.9}", "inference.level=0.8"],
        ["inference.level=0.8", "experiment=rehearsal", "inference={level: 0.9}"],
    ],
)
def test_settings_on_top_of_what_is_composed_are_what_hydra_composes(words: list[str]) -> None:
    with hydra():
        whole = compose("config", overrides=words)
        again = [compose_settings("config", words) for _ in range(2)]
        compose_settings("config", [*words, "report.title=another"])
        again.append(compose_settings("config", words))
    for one in again:
        assert OmegaConf.to_yaml(one) == OmegaConf.to_yaml(whole)
        assert one._metadata.flags == whole._metadata.flags


def test_a_folder_of_ones_own_is_read_whenever_something_is_composed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["experiment=rehearsal", "dataset.passes=3"]
    people = [compose_words(words).dataset.people]
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "conf" / "experiment"
    own.mkdir(parents=True)
    for number in (7, 9):
        (own / "rehearsal.yaml").write_text(f"# @package _global_\ndataset:\n  people: {number}\n")
        people.append(compose_words(words).dataset.people)
    assert people == [600, 7, 9]


def test_every_group_of_the_design_exists() -> None:
    assert {path.name for path in conf_dir().iterdir() if path.is_dir()} == {*GROUPS, *LIVE}


@pytest.mark.parametrize(
    "path", sorted((conf_dir() / "dataset").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_dataset_has_a_card(path: Path) -> None:
    option = f"dataset={path.stem}"
    dataset = composed(option, *GIVEN.get(option, [])).dataset
    if not isinstance(dataset, ManifestDatasetConfig | PairsDatasetConfig):
        assert load_card(dataset.card).name == dataset.card
        assert dataset.name == path.stem


def test_without_override_it_is_the_rehearsal() -> None:
    with_words = compose_words([])
    assert with_words == composed("experiment=rehearsal")
    assert with_words.name == "rehearsal"


@pytest.mark.parametrize("word", ["experiment=null", "~experiment", "dataset=rehearsal"])
def test_no_experiment_enters_where_something_is_chosen(word: str) -> None:
    """Its reference groups are of other people, and its inference is of other watchlists."""
    inference = compose_words([word]).inference
    assert inference.reference_groups == {}
    assert compose_words([word]).design.watchlist_inference == "fixed"
    assert compose_words(["matcher=simulated"]).inference.reference_groups["gender"] == "male"


def test_missing_values_are_all_named_with_how_to_give_them() -> None:
    with pytest.raises(ConfigError, match=r"dataset\.path=\.\.\. matcher\.path=\.\.\."):
        composed("dataset=manifest", "matcher=templates")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["matcher=facenet"], "a simulated dataset and the simulated matcher only work together"),
        (["design.watchlist_members=all"], "must be fillers or everybody .got 'all'"),
        (["design.kinds=[]"], "design.kinds must have at least one entry"),
        (["design.kinds=[live,operator]"], "only one of live, operator, retrospective"),
        (["design.policies=[luck]"], "policies must be threshold, rank or threshold and rank"),
        (["design.ranks=[0]"], "design.ranks must be at least 1"),
        (["design.kinds=[alive]"], "retrospective or verification; did you mean 'live'"),
        (
            ["design.watchlist_sizes=[0]"],
            "watchlist_sizes must be at least 1 and at most 100,000,000 .got 0",
        ),
        (["capture=motion_blur"], "a simulated dataset has none"),
        (
            ["dataset=london", "matcher=facenet", "matcher.multi_face=any"],
            "must be largest, most_central",
        ),
    ],
)
def test_what_cannot_run_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        composed(*overrides)


def test_a_sweep_of_too_many_steps_is_refused() -> None:
    with pytest.raises(ConfigError, match="There are 1,000,000,000,001 thresholds"):
        read_sweep(composed("thresholds.sweep=[0,1,1e-12]"))


def test_a_matcher_without_thresholds_asks_for_them() -> None:
    config = composed("dataset=london", "matcher=templates", "matcher.path=t.npz")
    with pytest.raises(ConfigError, match=r"give thresholds\.values="):
        read_sweep(config)


def test_given_thresholds_are_all_primary_unless_one_is_operating() -> None:
    given = ["dataset=london", "matcher=templates", "matcher.path=t.npz"]
    sweep = read_sweep(composed(*given, "thresholds.values=[0.5,0.3,0.4]"))
    assert sweep.values == sweep.primary == (0.3, 0.4, 0.5)
    assert sweep.operating is None
    sweep = read_sweep(composed(*given, "thresholds.values=[0.3,0.5]", "thresholds.operating=0.45"))
    assert sweep.values == (0.3, 0.45, 0.5)
    assert sweep.primary == (0.45,)


def test_a_sweep_includes_both_ends() -> None:
    sweep = read_sweep(composed("thresholds.sweep=[0.5,0.7,0.05]"))
    assert sweep.values == pytest.approx((0.5, 0.55, 0.6, 0.65, 0.7))
    with pytest.raises(ConfigError, match="with a positive step"):
        read_sweep(composed("thresholds.sweep=[0.5,0.7,0]"))


def test_the_study_folder_depends_on_the_analysis_alone(tmp_path: Path) -> None:
    paths = f"paths.studies={tmp_path}"
    plain = study_path(composed(paths))
    assert plain == study_path(composed(paths, "compute.tile=7", "tracking=none"))
    assert plain != study_path(composed(paths, "inference.seed=2"))
    assert plain.parent == tmp_path


def test_a_conf_folder_of_ones_own_stands_in_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf" / "design").mkdir(parents=True)
    (tmp_path / "conf" / "design" / "live.yaml").write_text(
        "defaults: [schema]\nname: ours\ndescription: ours\nkinds: [live]\n"
    )
    monkeypatch.chdir(tmp_path)
    assert composed("design=live").design.name == "ours"
    assert composed("design=verification").design.name == "verification"


def test_a_study_of_scores_is_not_titled_after_a_matcher() -> None:
    given = ["dataset=manifest", "dataset.path=p.csv", "matcher=scores", "matcher.path=s.csv"]
    assert composed(*given).report.title == "Error rates by group: from a vendor's scores"
    assert composed(*given, "report.title=Ours").report.title == "Ours"
    pairs = composed(
        "dataset=pairs", "dataset.path=p.csv", "matcher=pairs", "design=verification"
    ).report.title
    assert pairs == "Error rates by group: from a list of pairs"
    own = ["dataset=manifest", "dataset.path=/ours/door trial.csv", "matcher=facenet"]
    assert composed(*own).report.title == "Error rates by group: people of door trial.csv, facenet"
    named = composed(*own, "name=spring").report.title
    assert named == "Error rates by group: spring study, facenet matcher"
    assert composed().report.title == "Error rates by group: rehearsal study, simulated matcher"


def test_a_sweep_of_one_study_is_that_study() -> None:
    """It has no parent in MLflow with a single child."""
    GlobalHydra.instance().clear()
    swept = ["-m", "dataset.people=choice(60)", "name=one"]
    assert _prepared(swept) == ["dataset.people=60", "name=one", "experiment=rehearsal"]
