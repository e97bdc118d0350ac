"""Solve the parameters of conf/dataset/npl_2023*.yaml from the published headline figures.

    python experiments/npl_2023/calibrate.py

Prints, for every variant, the lines of the configuration and the true figures that they give.
Figures of the 2023 study, as read in secondary pages: TPIR 89 % at 0.60, FPIR 1 in 6,000 at 10,000,
7 false positive cases. That the cases are people is our reading.
"""

from __future__ import annotations

from calibrating import Headline, calibrate, true_fpir, true_people, true_tpir
from hydra import compose, initialize_config_dir

from lfr_eval.cohort.planting import population
from lfr_eval.config import SimulatedDatasetConfig
from lfr_eval.config.composition import read, register
from lfr_eval.config.paths import conf_dir

PUBLISHED = Headline(threshold=0.60, tpir=0.89, watchlist_size=10_000, fpir=1 / 6_000, people=7)
VARIANTS = ("npl_2023", "npl_2023_unequal")
SOLVED = ("probe_quality", "commonness_mean", "quality_spread_people", "quality_spread_passes")


def shipped(variant: str) -> SimulatedDatasetConfig:
    """Return the dataset of a shipped experiment."""
    register()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        dataset = read(compose("config", overrides=[f"experiment={variant}"])).dataset
    assert isinstance(dataset, SimulatedDatasetConfig)
    return dataset


def main() -> None:
    """Solve and print every variant."""
    for variant in VARIANTS:
        solved = calibrate(shipped(variant), PUBLISHED)
        people = population(solved)
        print(f"# conf/dataset/{variant}.yaml")
        for name in SOLVED:
            print(f"{name}: {getattr(solved, name):.4f}")
        print(f"# TPIR at 0.60: {true_tpir(people, 0.60):.4f}")
        for size in (1_000, 10_000, solved.fillers):
            print(f"# FPIR at 0.60 and {size:,}: 1 in {1 / true_fpir(people, 0.60, size):,.0f}")
        for threshold in (0.56, 0.58, 0.60, 0.62, 0.64):
            print(f"# people at {threshold:.2f}: {true_people(people, threshold):.2f}")


if __name__ == "__main__":
    main()
