"""Results of the benchmark as the tables of `docs/calibration.md` and of the report.

`python -m benchmarks.acceptance.tables` reads `results.csv`, prints the tables, and writes the
figures that travel with the package.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).with_name("results.csv")
PACKAGE = Path(__file__).parents[2] / "lfr_eval" / "report" / "calibration.csv"
PEOPLE = 67
METHODS = (
    "ours", "chi-square on trials", "Fisher on people", "jackknife of people", "Koopman",
)  # fmt: skip
COVERAGE = ("first rate", "second rate", "ratio", "difference")


def summary(results: pd.DataFrame) -> str:
    """Type I errors of every method, by kind of population: mean, largest."""
    null = results[(results["kind"] == "null") & (results["expected"] >= 4)]
    lines = [
        "| populations | cells | " + " | ".join(METHODS) + " |",
        "| --- | --- |" + " --- |" * len(METHODS),
    ]
    for words, part in null.groupby(null["cell"].map(family), sort=False):
        shares = [
            f"{100 * part[name].mean():.1f} / {100 * part[name].max():.1f}"
            if part[name].notna().all()
            else "–"
            for name in METHODS
        ]
        lines.append(f"| {words} | {len(part)} | " + " | ".join(shares) + " |")
    return "\n".join(lines)


def family(cell: str) -> str:
    """Kind of population of a cell."""
    if cell.startswith("six groups"):
        return "six groups at once"
    kind = cell.split(" ")[0]
    for word in ("constant", "unequal passes", "Pareto", "heavy lambs", "lambs"):
        if word in cell:
            return f"{kind}, {word}"
    return f"{kind}, beta"


def coverage(results: pd.DataFrame) -> str:
    """Coverage of nominal 95 % intervals, mean and least, without the Pareto populations."""
    shown = results[(results["expected"] >= 4) & ~results["cell"].str.contains("Pareto 1.[58]")]
    lines = ["| interval | cells | mean | least |", "| --- | --- | --- | --- |"]
    for name in COVERAGE:
        values = 100 * shown[f"coverage of the {name}"].dropna()
        lines.append(f"| {name} | {len(values)} | {values.mean():.1f} | {values.min():.1f} |")
    return "\n".join(lines)


def power(results: pd.DataFrame) -> str:
    """Power beside the other methods."""
    lines = ["| population | " + " | ".join(METHODS) + " |", "| --- |" + " --- |" * len(METHODS)]
    for _, row in results[results["kind"] == "power"].iterrows():
        lines.append(
            f"| {row['cell']} | " + " | ".join(f"{100 * row[name]:.1f}" for name in METHODS) + " |"
        )
    return "\n".join(lines)


def margins(results: pd.DataFrame) -> str:
    """Share called equivalent where the ratio or difference lies exactly at the margin."""
    part = results[results["kind"].isin(("margin", "difference"))]
    return "| population | called equivalent |\n| --- | --- |\n" + "\n".join(
        f"| {row['cell']} | {100 * row['equivalent']:.1f} |" for _, row in part.iterrows()
    )


def of_package(results: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """Figures of two groups of the same size, for the report's chart."""
    chosen = results[results["cell"].str.startswith(f"comparisons {PEOPLE} v {PEOPLE},")]
    chosen = chosen[chosen["kind"] == "null"]
    words = chosen["cell"].str.split(", ").str[2]
    rates = chosen[["coverage of the first rate", "coverage of the second rate"]].mean(axis=1)
    frame = pd.DataFrame(
        {
            "population": words,
            "people": PEOPLE,
            "events": chosen["expected"].round().astype(int),
            "repetitions": chosen["studies"],
            "false_alarms": (100 * chosen["ours"]).round(1),
            "false_alarms_of_pairs": (100 * chosen["chi-square on trials"]).round(1),
            "false_equivalence": "",
            "coverage": (100 * rates).round(1),
            "coverage_ratio": (100 * chosen["coverage of the ratio"]).round(1),
        }
    )
    header = "| population | people | events | I ours | I pairs chi2 | cover | cover ratio |"
    lines = [header, "| --- | --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row.population} | {row.people} | {row.events} | {row.false_alarms} | "
        f"{row.false_alarms_of_pairs} | {row.coverage} | {row.coverage_ratio} |"
        for row in frame.itertuples()
    ]
    return "\n".join(lines), frame


def main() -> None:
    """Print the tables and write the package's figures."""
    results = pd.read_csv(RESULTS, keep_default_na=False, na_values=[""])
    results["expected"] = results["events expected in the smaller group"]
    table, frame = of_package(results)
    frame.to_csv(PACKAGE, index=False, lineterminator="\n")
    for text in (summary(results), coverage(results), power(results), margins(results), table):
        print(text, end="\n\n")


if __name__ == "__main__":
    main()
