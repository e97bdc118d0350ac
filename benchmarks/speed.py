"""Time what takes long in inference, and a whole study the size of Labeled Faces in the Wild.

    python benchmarks/speed.py findings
    python benchmarks/speed.py study
    python benchmarks/speed.py pairs

`findings`: 2,000 people, 14 groups of one factor, 100 thresholds, 20,000 passes. `study`: 5,749
people with 7,429 simulated templates of 512 numbers, verification, from templates to sealed tables.
`pairs`: a million pairs of unknown people in four groups, from a CSV file to the report.
Seconds of CPU are printed beside those of the clock, since a shared machine's clock tells little.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import lfr_eval
from lfr_eval.contract.trials import PersonTrials
from lfr_eval.inference import Plan, finding_table

PEOPLE, GROUPS, THRESHOLDS, PASSES = 2_000, 14, 100, 10
LFW_PEOPLE, LFW_IMAGES, SIZE = 5_749, 7_429, 512
PAIRS = 1_000_000


def findings() -> str:
    """Make the findings of false alerts of many groups at many thresholds."""
    rng = np.random.default_rng(1)
    labels = pd.DataFrame({"group": rng.integers(GROUPS, size=PEOPLE).astype(str)})
    person = np.repeat(np.arange(PEOPLE), PASSES)
    score = rng.normal(0, 0.7, PEOPLE)[person] + rng.normal(0, 1, len(person))
    trials = PersonTrials("FPIR", PEOPLE, person, score.astype(np.float32), True, 1_000)
    thresholds = np.linspace(0.5, 4.0, THRESHOLDS)
    plan = Plan(factors=("group",), primary_thresholds=(float(thresholds[50]),))
    return f"{len(finding_table([trials], labels, thresholds, plan)):,} findings"


def study() -> str:
    """Run a study of simulated templates, and return what it made."""
    rng = np.random.default_rng(1)
    more = rng.integers(LFW_PEOPLE, size=LFW_IMAGES - LFW_PEOPLE)
    subject = np.sort(np.concatenate([np.arange(LFW_PEOPLE), more]))
    face = rng.normal(size=(LFW_PEOPLE, SIZE)) + 0.2 * rng.normal(size=SIZE)
    templates = face[subject] + 0.6 * rng.normal(size=(LFW_IMAGES, SIZE))
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    gender = np.where(rng.random(LFW_PEOPLE) < 0.75, "male", "female")
    ethnicity = rng.choice(["white", "black", "asian", "other"], LFW_PEOPLE, p=[0.7, 0.1, 0.1, 0.1])
    people = pd.DataFrame(
        {
            "image_id": [f"i{number}" for number in range(LFW_IMAGES)],
            "subject_id": [f"s{number}" for number in subject],
            "role": "both",
            "gender": gender[subject],
            "ethnicity": ethnicity[subject],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        made = lfr_eval.run(
            f"paths.studies={folder}",
            f"paths.cache={Path(folder) / 'cache'}",
            "tracking=none",
            "report.pdf=false",
            people=people,
            templates=pd.DataFrame(
                {"image_id": people["image_id"], "template": list(templates.astype(np.float32))}
            ),
            thresholds=[0.15, 0.2, 0.25],
            design="verification",
        )
        return f"{len(made.findings):,} findings"


def pairs() -> str:
    """Run a study of a list of pairs, and return what it made."""
    rng = np.random.default_rng(0)
    genuine = rng.random(PAIRS) < 0.3
    score = np.where(genuine, rng.normal(0.6, 0.12, PAIRS), rng.normal(0.2, 0.1, PAIRS))
    group = rng.choice(["African", "Asian", "Caucasian", "Indian"], PAIRS)
    table = pd.DataFrame({"score": score.round(5), "genuine": genuine.astype(int), "group": group})
    with tempfile.TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "pairs.csv", index=False)
        del table, genuine, score, group
        made = lfr_eval.run(
            f"paths.studies={folder}",
            f"paths.cache={Path(folder) / 'cache'}",
            *("tracking=none", "report.pdf=false", "dataset=pairs", "matcher=pairs"),
            f"dataset.path={Path(folder) / 'pairs.csv'}",
            *("design=verification", "thresholds.values=[0.3,0.4,0.5]"),
        )
        return f"{len(made.rates):,} rates"


def main() -> None:
    """Time one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choices: dict[str, Callable[[], str]] = {
        "findings": findings,
        "study": study,
        "pairs": pairs,
    }
    parser.add_argument("what", choices=choices)
    what = parser.parse_args().what
    wall, cpu = time.perf_counter(), time.process_time()
    made = choices[what]()
    print(
        f"{what}: {made}; {time.process_time() - cpu:.1f} s of CPU, "
        f"{time.perf_counter() - wall:.1f} s by the clock, "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB at most"
    )


if __name__ == "__main__":
    main()
