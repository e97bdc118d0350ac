"""Score files and logs of alerts in random shapes, with and without faults, beside a loop.

    python benchmarks/fuzz_inputs.py [--files 300] [--seed 0]

Every file is written in a random shape (separator, decimal comma, byte order mark, blank lines, a
comma at the end of every row, other names of columns, order of rows, CSV, Parquet or JSON lines).
Half of them get one fault. An honest file must give the counts of a loop over its numbers; a
faulty one must be refused with a message that names the row. Anything else is a failure: a wrong
count, a fault that is read, a refusal without the row, or an exception of another kind.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from lfr_eval.comparison import Keep, LoggedAlerts, Sides, draw_gallery, pairs_of_scores
from lfr_eval.contract.tables import COHORT
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.alerts import AlertLog
from lfr_eval.matchers.scores import ScoreFile

THRESHOLDS = (0.3, 0.5, 0.7)
NAMES = {"reference_id": "gallery", "probe_id": "query", "pass_id": "event", "score": "sim"}
START = pd.Timestamp("2026-03-14T10:00:00")


def cohort(rng: np.random.Generator) -> pd.DataFrame:
    """Return references, fillers, and probes a minute apart at one camera."""
    people, fillers = int(rng.integers(2, 7)), int(rng.integers(1, 6))
    rows = [(f"r{at}", f"s{at}", "reference") for at in range(people)]
    rows += [(f"p{at}-{n}", f"s{at}", "probe") for at in range(people) for n in range(2)]
    rows += [(f"f{at}", f"x{at}", "filler") for at in range(fillers)]
    frame = pd.DataFrame(rows, columns=["image_id", "subject_id", "role"])
    times = [(START + pd.Timedelta(minutes=at)).isoformat() for at in range(len(frame))]
    frame = frame.assign(
        pass_id=frame["image_id"], captured_at=times, camera=["north", "south"][rng.integers(2)]
    )
    return COHORT.conform(frame.assign(**{n: None for n in COHORT.names if n not in frame}))


def write(
    rows: list[dict[str, str]], folder: Path, rng: np.random.Generator
) -> tuple[Path, dict[str, str], list[int]]:
    """Write rows in a random shape; return the file, its names of columns, the line of each."""
    columns = {name: NAMES[name] for name in rows[0] if name in NAMES and rng.random() < 0.5}
    kind = rng.choice(["csv", "csv", "csv", "jsonl", "parquet"])
    named = [{columns.get(name, name): value for name, value in row.items()} for row in rows]
    path = folder / f"file.{kind}"
    if kind == "parquet":
        pd.DataFrame(named).to_parquet(path)
        return path, columns, list(range(1, len(rows) + 1))
    lines, at = [], []
    separator = str(rng.choice([",", ";", "\t"]))
    end = separator if rng.random() < 0.3 else ""
    comma = separator == ";" and rng.random() < 0.5
    if kind == "csv":
        lines.append(separator.join(named[0]) + (end if rng.random() < 0.5 else ""))
    for row in named:
        lines += [""] * int(rng.integers(0, 3) if rng.random() < 0.2 else 0)
        at.append(len(lines) + 1)
        if kind == "jsonl":
            lines.append(json.dumps(row))
        else:
            cells = [v.replace(".", ",") if comma and _number(v) else v for v in row.values()]
            lines.append(separator.join(cells) + end)
    text = str(rng.choice(["\n", "\r\n"])).join(lines) + "\n"
    path.write_bytes(
        (b"\xef\xbb\xbf" if rng.random() < 0.3 and kind == "csv" else b"") + text.encode()
    )
    return path, columns, at


def _number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def score_file(seed: int) -> str:
    """Return how one score file went: `counted`, `refused`, or what is wrong."""
    rng = np.random.default_rng(seed)
    images = cohort(rng)
    role, person = images["role"].to_numpy(str), images["subject_id"].to_numpy(str)
    ids = images["image_id"].to_numpy(str)
    pairs = [
        (a, b) for a in np.flatnonzero(role == "reference") for b in np.flatnonzero(role == "probe")
    ]
    scores = [f"{value:.{rng.integers(1, 18)}f}" for value in rng.random(len(pairs))]
    rows = [
        {"reference_id": ids[a], "probe_id": ids[b], "score": score}
        for (a, b), score in zip(pairs, scores, strict=True)
    ]
    order = rng.permutation(len(rows))
    rows, pairs, scores = ([part[at] for at in order] for part in (rows, pairs, scores))
    fault = str(rng.choice(["unknown", "twice", "itself", "text", "infinite", "empty"]))
    faulty = rng.random() < 0.5
    if faulty:
        at = int(rng.integers(len(rows)))
        wrong = {
            "unknown": {"probe_id": "nobody"},
            "itself": {"probe_id": rows[at]["reference_id"]},
            "text": {"score": "high"},
            "infinite": {"score": "1e39"},
            "empty": {"score": ""},
        }
        if fault == "twice":
            rows.append(rows[at])
            at = len(rows) - 1
        else:
            rows[at] = {**rows[at], **wrong[fault]}
    with tempfile.TemporaryDirectory() as folder:
        path, columns, lines = write(rows, Path(folder), rng)
        try:
            table = ScoreFile(path, columns).scores(images)
        except MatcherError as error:
            if not faulty:
                return f"an honest file was refused: {error}"
            return "refused" if f"row {lines[at]} (" in str(error) else f"{fault}: {error}"
    if faulty:
        return f"a fault was read: {fault}"
    sides = Sides.of(images, np.ones(len(images), bool))
    made = pairs_of_scores(sides, table, THRESHOLDS[0], THRESHOLDS)
    for threshold in THRESHOLDS:
        hits = [float(s) >= threshold for s in scores]
        own = [person[a] == person[b] for a, b in pairs]
        expected = (sum(h and o for h, o in zip(hits, own, strict=True)),)
        expected += (sum(h and not o for h, o in zip(hits, own, strict=True)),)
        found = tuple(
            int((part["score"] >= np.float32(threshold)).sum())
            for part in (made.mated, made.non_mated)
        )
        if found != expected:
            return f"counted {found} and not {expected} at {threshold}"
    return "counted"


def alert_file(seed: int) -> str:
    """Return how one log of alerts went: `counted`, `refused`, or what is wrong."""
    rng = np.random.default_rng(seed)
    images = cohort(rng)
    floor, role = 0.3, images["role"].to_numpy(str)
    watched, probes = images[role != "probe"], images[role == "probe"]
    by_time = rng.random() < 0.5
    rows, told = [], []
    for probe in probes.itertuples():
        for reference in watched.itertuples():
            score = round(float(rng.random()), int(rng.integers(2, 16)))
            if score < floor:
                continue
            told.append((probe.pass_id, probe.subject_id, reference.subject_id, score))
            moment = pd.Timestamp(probe.captured_at) + pd.Timedelta(
                seconds=int(rng.integers(-9, 10))
            )
            where = {"time": moment.isoformat(), "camera": str(probe.camera)}
            row = where if by_time else {"pass_id": probe.pass_id}
            rows.append({**row, "reference_id": reference.image_id, "score": repr(score)})
    if not rows:
        return "counted"
    order = rng.permutation(len(rows))
    rows = [rows[at] for at in order]
    fault = str(rng.choice(["unknown", "below", "text", "no pass", "far"]))
    faulty, at = rng.random() < 0.5, int(rng.integers(len(rows)))
    if faulty:
        wrong = {
            "unknown": {"reference_id": "nobody"},
            "below": {"score": "0.2999999"},
            "text": {"score": "high"},
            "no pass": {"time": "soon"} if by_time else {"pass_id": "nowhere"},
            "far": {"time": "2020-01-01T00:00:00"} if by_time else {"pass_id": "elsewhere"},
        }
        rows[at] = {**rows[at], **wrong[fault]}
    with tempfile.TemporaryDirectory() as folder:
        path, columns, lines = write(rows, Path(folder), rng)
        try:
            log = AlertLog(path, floor, 0, columns).alerts(images)
        except MatcherError as error:
            if not faulty:
                return f"an honest log was refused: {error}"
            return "refused" if f"row {lines[at]} (" in str(error) else f"{fault}: {error}"
    lost = log[log["pass_id"].isna()]
    if faulty:
        listed = lost["row"].tolist() == [lines[at]] and fault in ("far", "no pass")
        return "listed" if listed else f"a fault was read: {fault}"
    if len(lost):
        return f"{len(lost)} alerts were lost"
    sides = Sides.of(images, np.ones(len(images), bool))
    gallery = draw_gallery(sides, "everybody", [], 1)
    found = LoggedAlerts(log, 0, THRESHOLDS).searches(sides, gallery, Keep()).searches
    for threshold in THRESHOLDS:
        reached = [(p, own == other) for p, own, other, score in told if score >= threshold]
        expected = tuple(len({p for p, own in reached if own is kind}) for kind in (True, False))
        counts = tuple(
            int((found[name] >= np.float32(threshold)).sum()) for name in ("mated_score", "score")
        )
        if counts != expected or len(found) != len(probes):
            return f"counted {counts} and not {expected} at {threshold}"
    return "counted"


FINE = ("counted", "refused", "listed")


def main() -> int:
    """Try all files; print how they went, and every failure with its seed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0, help="the first file's")
    chosen, failures = parser.parse_args(), 0
    for what, attempt in (("score files", score_file), ("logs of alerts", alert_file)):
        went = {seed: attempt(seed) for seed in range(chosen.seed, chosen.seed + chosen.files)}
        counts = Counter(end if end in FINE else "failed" for end in went.values())
        print(f"{chosen.files} {what}: " + ", ".join(f"{n} {end}" for end, n in counts.items()))
        wrong = {seed: end for seed, end in went.items() if end not in FINE}
        failures += len(wrong)
        for seed, end in wrong.items():
            print(f"  seed {seed}: {end}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
