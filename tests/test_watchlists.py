"""Studies of watchlists of a given composition, from the configuration to the tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lfr_eval.comparison import ComparisonError
from lfr_eval.config import ConfigError
from lfr_eval.contract.folder import STUDY, StudyFolder
from lfr_eval.contract.reading import read_json
from lfr_eval.contract.tables import COHORT, RATES, WATCHLIST, WATCHLIST_SIZES
from lfr_eval.study.overrides import composed
from lfr_eval.study.populations import (
    EVERYBODY_LISTED,
    check_watchlist,
    describe_mix,
    watchlist_mix,
    with_sizes,
)
from lfr_eval.study.sweep import read_sweep
from tests.studies import SMALL, configured, run, tables_of

MIXED = (
    *SMALL,
    "design.watchlist_sizes=[50,120]",
    "+design.watchlist_composition={black: 0.8, white: 0.2}",
    "inference.factors=[ethnicity]",
)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    return tables_of(tmp_path_factory.mktemp("studies"), *MIXED)


def test_the_watchlist_searched_has_the_composition(mixed: StudyFolder) -> None:
    who = mixed.read(COHORT).set_index("image_id")["ethnicity"]
    order = mixed.read(WATCHLIST)["reference_id"].map(who)
    assert len(order) == 300
    assert order[:50].value_counts().to_dict() == {"black": 40, "white": 10}
    assert order[:120].value_counts().to_dict() == {"black": 96, "white": 24}
    assert "black 80 %, white 20 %" in read_json(mixed.path / STUDY)["design"][
        "watchlist_composition"
    ]  # fmt: skip


def test_a_search_is_one_of_the_watchlists_that_are_averaged(mixed: StudyFolder) -> None:
    table, rates = mixed.read(WATCHLIST_SIZES), mixed.read(RATES)
    assert set(table["composition"]) == {"given", "fillers"}
    assert table.loc[table["composition"] == "given", "fillers"].unique().tolist() == [125]
    at = table[(table["watchlist_size"] == 120) & (table["factor"] == "overall")]
    given, plain = (
        at[(at["composition"] == name) & (at["way"] == "resampled")].iloc[0]
        for name in ("given", "fillers")
    )
    searched = rates[
        (rates["metric"] == "FPIR")
        & (rates["watchlist_size"] == 120)
        & (rates["threshold"] == given["threshold"])
        & (rates["factor"] == "overall")
    ].iloc[0]
    assert given["passes"] == searched["trials"]
    assert given["lower"] < searched["rate"] < given["upper"]
    # Five times as many false matches were planted among Black people.
    assert given["rate"] > plain["rate"]


def test_groups_that_do_not_exist_stop_a_study_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'green', but nobody who may be on the watchlist"):
        run(tmp_path, *SMALL, "+design.watchlist_composition={green: 1}")
    with pytest.raises(ComparisonError, match=r"needs 240 of black \(there are 100\)"):
        run(tmp_path, *MIXED, "design.watchlist_sizes=[300]")


def test_a_watchlist_of_everybody_is_not_called_one_of_fillers() -> None:
    config = composed([
        *("~experiment", "dataset=manifest", "dataset.path=x.csv", "matcher=null_matcher"),
        *("design=live", "design.watchlist_members=everybody"),
    ])  # fmt: skip
    images = pd.DataFrame({
        "image_id": ["a", "b"], "subject_id": ["a", "b"], "role": ["reference", "probe"],
        "gender": ["female", "male"],
    })  # fmt: skip
    assert describe_mix(config, watchlist_mix(config, images)) == EVERYBODY_LISTED


@pytest.mark.parametrize(
    ("there", "kept", "said"),
    [(20_000, [1000, 10_000], ""), (2076, [1000], "of 1,000."), (60, [], "of all 60.")],
)
def test_usual_sizes_refuse_no_list_that_is_shorter(
    there: int, kept: list[int], said: str, tmp_path: Path
) -> None:
    images = pd.DataFrame({"role": ["filler"] * there})
    config, notes = with_sizes(configured(tmp_path, "~experiment"), images)
    assert config.design.watchlist_sizes == kept
    assert said in " ".join(notes)
    assert len(notes) == bool(said)


def test_chosen_sizes_that_do_not_exist_are_not_left_out(tmp_path: Path) -> None:
    images = pd.DataFrame({"role": ["filler"] * 60, "subject_id": [f"x{i}" for i in range(60)]})
    chosen = configured(tmp_path, "~experiment", "design.watchlist_sizes=[50,100]")
    assert with_sizes(chosen, images) == (chosen, [])
    with pytest.raises(ConfigError, match=r"'design\.watchlist_sizes=\[\]'"):
        check_watchlist(chosen, images)


def test_a_whole_watchlist_is_searched_at_the_threshold_of_searches(tmp_path: Path) -> None:
    people = ("~experiment", "dataset=manifest", "dataset.path=x.csv", "matcher=facenet")
    whole = configured(tmp_path, *people, "design.watchlist_sizes=[]")
    pairs = configured(tmp_path, *people, "design=verification")
    assert read_sweep(whole).operating == whole.matcher.search_operating
    assert read_sweep(pairs).operating == whole.matcher.operating
