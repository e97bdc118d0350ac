"""Odd words on the command line: every experiment says what is wrong, and the remedy."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.cli.main import main
from lfr_eval.cohort.simulated import simulate
from lfr_eval.config import ConfigError, SimulatedDatasetConfig, StudyConfig
from lfr_eval.config.grammar import parsed_override
from lfr_eval.config.overrides import understood
from lfr_eval.config.paths import conf_dir
from lfr_eval.contract.errors import MendableError
from lfr_eval.contract.reading import LARGEST, ReadingError, json_value
from lfr_eval.contract.yaml_reading import yaml_value
from lfr_eval.study import stages
from lfr_eval.study.overrides import composed
from lfr_eval.study.planned import check_plan
from lfr_eval.study.prepared import study_path
from lfr_eval.study.run import run_study

EXPERIMENTS = sorted(path.stem for path in (conf_dir() / "experiment").glob("*.yaml"))

ODD = {
    # Problems that are found together are named together.
    ("inference.margin=0.5", "inference.seed=-1", "design.seed=-1", "name=a/b"): (
        "inference.margin must be above 1 (got 0.5)",
        "inference.seed must be at least 0 (got -1)",
        "design.seed must be at least 0 (got -1)",
        "name is 'a/b', but it names a folder",
    ),
    ("inference.strata=[[gender]]", "design.watchlist_sizes=[[5]]"): (
        "inference.strata must be a list of texts; got [['gender']]",
        "design.watchlist_sizes must be a list of whole numbers",
    ),
    ("inference.primary_factors=[camera]",): ("Give inference.primary_factors=",),
    ("inference.seed=many",): ("could not be converted to Integer",),
    ("thresholds.sweep=[0.6,0.4,0.1]",): ("give [start, stop, step]",),
    ("matcher=nobody",): ("Available options in 'matcher'",),
    ("design.seed=${oc.env:HOME}",): ("could not be converted to Integer",),
}


def refusal(*words: str) -> str:
    """Return what is said of a configuration before anybody's face is looked at."""
    try:
        check_plan(composed(list(words)))
    except MendableError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_odd_overrides_of_every_experiment_get_the_remedy(experiment: str) -> None:
    said = {odd: refusal(f"experiment={experiment}", *odd) for odd in ODD}
    # The sweep of an experiment with thresholds of its own is never looked at.
    own = composed([f"experiment={experiment}"]).thresholds.values is not None
    passed = [("thresholds.sweep=[0.6,0.4,0.1]",)] if own else []
    missing = [odd for odd, words in ODD.items() if any(word not in said[odd] for word in words)]
    assert missing == passed, said


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_other_factors_than_the_experiment_has_reference_groups_for(experiment: str) -> None:
    for factors in ("[gender]", "[age_band]"):
        assert refusal(f"experiment={experiment}", f"inference.factors={factors}") == ""


SMALL = (
    *("dataset.people=40", "dataset.passes=2", "dataset.fillers=60"),
    *("design.watchlist_sizes=[30]", "thresholds.values=[0.4,0.5]", "tracking=none"),
)


class Begun(Exception):
    """The study was not refused."""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inference.factors=[gender]"], None),
        (["inference.factors=[gender]", "inference.reference_groups.gender=men"], "(there are f"),
        (["inference.strata=[height]"], "control factor 'height'"),
        (["design.watchlist_sizes=[100000]"], "only 60 images can be on the watchlist"),
        (["+design.watchlist_composition={martian: 1}"], "martian"),
        (["dataset.people=0", "dataset.passes=0"], "dataset.passes must be at least 1"),
        (["dataset.fillers=0"], "dataset.fillers must be at least 1"),
        (["dataset.genders=[]"], "dataset.genders must have at least one entry"),
        (["dataset.ratios_hold_at=5"], "choose a ratio nearer to 1 or another dataset.ratios_hold"),
        (["+dataset.miss_ratio.martian=2"], "martian"),
        (["paths.studies=/proc/nothing"], "give another paths.studies=FOLDER"),
        (["dataset=manifest", "matcher=null_matcher", "dataset.path=no.csv"], "does not exist"),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_what_people_and_watchlist_cannot_give_is_refused_before_the_study_begins(
    words: list[str], said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(*_: object) -> None:
        raise Begun

    monkeypatch.setattr(stages, "_write_people", begin)
    own = [] if words[0].startswith("dataset=") else SMALL
    where = [f"paths.studies={tmp_path / 'studies'}", f"paths.cache={tmp_path / 'cache'}"]
    with pytest.raises(Begun if said is None else MendableError) as caught:
        run_study(composed([*own, *where, *words]))
    assert (said or "") in str(caught.value)


LONDON = ("experiment=london", "matcher=facenet")


@pytest.mark.parametrize(
    ("word", "groups"),
    [
        ('{"gender": "male"}', {"gender": "male"}),
        ("{'gender x ethnicity': 'male x white', ethnicity: black}",
         {"gender x ethnicity": "male x white", "ethnicity": "black"}),
        ('{"Ethnic group, as told": "Black, African", "Zoë\'s: a=b": "x"}',
         {"Ethnic group, as told": "Black, African", "Zoë's: a=b": "x"}),
    ],
)  # fmt: skip
def test_names_in_quotes_are_taken(word: str, groups: dict[str, str]) -> None:
    key = "inference.reference_groups"
    base = ["dataset=rehearsal"]
    assert composed([*base, f"{key}={word}"]).inference.reference_groups == groups
    assert composed([*base, f"++{key}={word}"]).inference.reference_groups == groups
    for name, group in groups.items():
        one = composed([*base, f"""{key}."{name}"='{group}'"""])
        assert one.inference.reference_groups == {name: group}


def test_a_mapping_given_whole_replaces_the_one_before() -> None:
    def groups(*words: str) -> dict[str, str]:
        return composed([*LONDON, *words]).inference.reference_groups

    assert set(groups()) == {"gender", "ethnicity", "gender x ethnicity"}
    assert groups("inference.reference_groups={}") == {}
    assert groups("~inference.reference_groups") == {}
    assert groups("inference.reference_groups={gender: female}") == {"gender": "female"}
    added = ("inference.reference_groups={}", "++inference.reference_groups.gender=female")
    assert groups(*added) == {"gender": "female"}
    # A plus adds to what is there.
    assert groups("++inference.reference_groups={gender: female}")["ethnicity"] == "white"
    assert "gender" not in groups("~inference.reference_groups.gender")
    assert composed(["~dataset.cameras"]).dataset.cameras == {}
    shares = composed(["+design.watchlist_composition={male: 0.5, female: 0.5}"])
    assert shares.design.watchlist_composition == {"male": 0.5, "female": 0.5}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["+desgin=live"], "'desgin' (did you mean 'design'?)"),
        (["+design.watchlist_sizs=[5]"], "did you mean 'design.watchlist_sizes'?"),
        (["margin=2"], "did you mean 'inference.margin'?"),
        (["seed.x=2", "dataset.peple=3"], "did you mean 'dataset.people'?"),
        (["dataset.people.many=2"], "dataset.people"),
        (["+zzzzz=1"], "This setting does not exist: 'zzzzz'. "),
        *(([f"{group}={'x' * 300}"], "xxx") for group in ("experiment", "dataset", "matcher")),
    ],
)
def test_unknown_settings_are_refused_with_the_nearest_known(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        composed(words)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        *("", " ", "x", "+", "-", "~", "~~x", "=", "+=", "=1", "~=1", "++=1"),
        *("@=1", "a@=1", "~a@", "~@=1", "matcher@=simulated", "~matcher=1"),
        *("hydra=1", "~hydra=1", "hydra/launcher=1"),
    ],
)
def test_words_that_name_no_setting_are_refused(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for other in ([], ["-m"], ["--cfg", "job"]):
        assert main(["run", word, *other]) == 2
        assert capsys.readouterr().err.startswith("lfr-eval: ")


@pytest.mark.parametrize("path", ["people (1).csv", "run=3/p.csv", "Zoë/p.csv", "it's.csv", "~/p"])
def test_paths_that_hydra_cannot_read_are_quoted_for_the_shell(path: str) -> None:
    own = ["dataset=manifest", "matcher=null_matcher", "thresholds.values=[0.5]"]
    with pytest.raises(ConfigError, match="quotes") as caught:
        composed([*own, f"dataset.path={path}"])
    (proposed,) = shlex.split(str(caught.value).split("for the shell: ")[1].removesuffix("."))
    assert composed([*own, proposed]).dataset.path == str(Path(path).expanduser())


def test_an_experiment_names_its_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def name(*words: str) -> str:
        config: StudyConfig = composed([f"paths.studies={tmp_path}", *words])
        return study_path(config).name

    assert name("experiment=capture_dose_response").startswith("capture_dose_response-facenet-")
    assert name("experiment=london").startswith("london-facenet-")
    assert name("experiment=london", "name=mine").startswith("mine-facenet-")
    own = tmp_path / "conf" / "experiment"
    own.mkdir(parents=True)
    (own / "ours.yaml").write_text("# @package _global_\nname: our_trial\n")
    monkeypatch.chdir(tmp_path)
    assert name("experiment=ours").startswith("our_trial-simulated-")


def test_a_group_of_one_person_has_no_true_rate_of_pairs() -> None:
    """Warnings are errors: nothing is divided by no trial."""
    simulation = simulate(SimulatedDatasetConfig(name="few", people=7, passes=2, fillers=40))
    people = simulation.cohort.people
    sizes = people[~people["filler"]].groupby(["gender", "ethnicity"]).size()
    truth = simulation.truth([0.4, 0.5], [40])
    crossed = truth[truth["factor"] == "gender x ethnicity"]
    untestable = crossed[crossed["rate"].isna()]
    alone = {f"{gender} x {ethnicity}" for (gender, ethnicity), n in sizes.items() if n == 1}
    assert alone
    assert set(untestable["group"]) == alone
    assert set(untestable["metric"]) == {"FMR"}
    assert truth.drop(untestable.index)["rate"].notna().all()
    assert isinstance(truth, pd.DataFrame)


def test_a_reference_group_of_nobody_is_named() -> None:
    with pytest.raises(ConfigError, match="names every group"):
        simulate(SimulatedDatasetConfig("x", "x", miss_ratio={"female": 2.0, "male": 2.0}))


def test_a_setting_that_was_removed_is_accepted_with_a_notice(caplog: pytest.LogCaptureFixture):
    config = composed(["inference.permutations=99", "inference.margin=2"])
    assert config.inference.margin == 2
    assert "The setting inference.permutations no longer exists." in caplog.text


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([], False),
        (["--cfg"], False),
        (["--cfg", "hydra"], False),
        (["dataset.people=40", "--cfg", "job"], True),
        (["-c", "job"], True),
        (["--cfg=job"], True),
        (["--cfg", "job", "-p", "matcher"], False),
    ],
)
def test_only_a_question_for_the_configuration_prints_it(words: list[str], asked: bool) -> None:
    from lfr_eval.cli.launch import _asks_configuration

    assert _asks_configuration(words) is asked


def test_an_entry_of_a_mapping_may_be_new() -> None:
    words = understood(["inference.reference_groups.gender='男性'"])
    assert words == ["++inference.reference_groups.gender='男性'"]
    base = ["dataset=rehearsal", "experiment=none"]
    groups = composed([*base, "inference.reference_groups.gender=male"]).inference.reference_groups
    assert groups["gender"] == "male"


@pytest.mark.parametrize(
    "number", ["9" * 40, "-" + "9" * 3_900, "-" + "9" * 5_000, "0x" + "f" * 6_000]
)
def test_a_number_that_nothing_can_hold_is_refused_wherever_it_stands(number: str) -> None:
    with pytest.raises(ReadingError, match="holds a whole number above"):
        yaml_value(f"a: [{{b: {number}}}]")
    if number.lstrip("-").isdecimal():
        with pytest.raises(ReadingError, match="holds a whole number above"):
            json_value(f'[{{"a": {number}}}]')
        with pytest.raises(ConfigError, match=r"holds a whole number above|is longer than 4,000"):
            parsed_override(f"a=[{{b: {number}}}]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1:30", "90"), ("-1:30.5", "-90.5"), ("017", "15"), ("0x1f", "31"), ("0b11", "3")),
        *(("1_000", "1000"), ("1_0.5", "10.5"), ("on", "true"), ("No", "false")),
    ],
)
def test_what_yaml_takes_for_another_value_is_refused(text: str, value: str) -> None:
    said = f"In line 2, YAML reads {re.escape(text)} as {re.escape(value)}. Write what you mean"
    for place in ("a: {}", "{}: a", "a: [b, {}]"):
        with pytest.raises(ReadingError, match=said):
            yaml_value("b: 1\n" + place.format(text))
    assert yaml_value(f"a: '{text}'") == {"a": text}
    assert yaml_value("[true, False, 0, -12, 1.5, 1.0e-3, 0o17]")[2:] == [0, -12, 1.5, 1e-3, "0o17"]


@pytest.mark.parametrize(
    "word", ["experiment=[0.4,0.6]", "experiment={a: 1}", "matcher=[[a]]", "dataset=null"]
)
def test_a_choice_is_a_name(word: str) -> None:
    with pytest.raises(ConfigError, match="takes the name of a file in conf/"):
        understood([word])
    assert understood(["matcher='2026'", "design=[complete]", "dataset={people: 5}"])


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("config.yaml", "lr: 0.1", "belongs to another program"),
        ("experiment/own.yaml", "name: own", "begins with the line '# @package _global_'"),
        ("experiment/own.yaml", "# @package _global_\nfoo: 1", "There is no setting 'foo'"),
        ("experiment/own.yaml", "# @package _global_\nname: 1:30", "In line 2, YAML reads 1:30"),
        ("dataset/own.yaml", "[1, 2]", "must hold KEY: VALUE lines"),
        ("dataset/own.yaml", "people: 5", "no setting 'dataset.people'. A file in conf/dataset/"),
    ],
)
def test_a_broken_conf_folder_is_named(
    file: str, text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "conf" / file).parent.mkdir(parents=True)
    (tmp_path / "conf" / file).write_text(text)
    monkeypatch.chdir(tmp_path)
    group = file.rpartition("/")[0]
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        composed([f"{group}=own"] if group else [])
    assert file.removesuffix(".yaml") in str(caught.value)
    assert "StudyConfig" not in str(caught.value)


def test_numbers_up_to_the_largest_are_read() -> None:
    assert yaml_value(f"[{LARGEST}, -{LARGEST}]") == [LARGEST, -LARGEST]
    assert json_value(f"[{LARGEST}, -{LARGEST}]") == [LARGEST, -LARGEST]


def test_a_key_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ReadingError, match="'score' is given twice"):
        json_value('[{"a": {"score": 0.1, "score": 0.9}}]')


@pytest.mark.parametrize("setting", ["dataset.path", "matcher.path", "paths.studies"])
def test_a_name_that_is_too_long_for_a_file_is_refused(setting: str) -> None:
    chosen = ["dataset=manifest", "dataset.path=a.csv", "matcher=templates", "matcher.path=a.npz"]
    with pytest.raises(ConfigError, match="longer than 255 bytes"):
        composed([*chosen, f"{setting}='{'é' * 128}/people'"])
    composed([*chosen, f"{setting}='{'é' * 127}/people'"])
