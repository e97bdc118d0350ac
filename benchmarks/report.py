"""Time the report of a study of fourteen groups and 200 thresholds: written, typeset and opened.

    python benchmarks/report.py
    python benchmarks/report.py --study STUDY --repetitions 5

Without --study a simulated study is run first, seven ethnicities by two genders, which takes
minutes. Each repetition is a process of its own, imports included, since that is what a person
waits for: once for the page, once for page and both PDFs. Its processor time, given beside, is
less disturbed by other programs. The page is then opened in headless Chromium, anew each time,
until its load event and until its slider has answered one key. Medians and ranges stand beside
the goals.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from all_pairs import device_name
from playwright.sync_api import Browser, sync_playwright

GROUPS = (
    "name=fourteen",
    "tracking=none",
    "report.pdf=false",
    "dataset.ethnicities=[asian,black,caribbean,chinese,mixed,other,white]",
    "dataset.people=840",
    "dataset.passes=4",
    "dataset.fillers=3000",
    "design.watchlist_sizes=[1000,3000]",
    "thresholds.sweep=[0.4,0.798,0.002]",
)
RENDER = """
import sys
from pathlib import Path
from lfr_eval.report import render
study, page, *papers = sys.argv[1:]
render(Path(study), Path(page), papers)
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ANSWERED = "document.getElementById('threshold-shown').textContent !== before"
GOALS = {"page and PDFs, s of processor": 10.0, "opened and answering, s": 2.0, "page, MB": 3.0}


def run_study(folder: Path) -> Path:
    """Run the study and return its folder."""
    command = [sys.executable, "-m", "lfr_eval.cli.main", "run", *GROUPS, f"paths.studies={folder}"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    (study,) = folder.glob("fourteen-*")
    return study


def render_seconds(study: Path, *files: Path | str) -> tuple[float, float]:
    """Return in which time a process writes the page, and the PDF where it is asked to.

    Seconds, and seconds of processor time.
    """
    before, start = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", RENDER, study, *files], check=True)
    after, passed = os.times(), time.perf_counter() - start
    user, system = after.children_user, after.children_system
    return passed, user + system - before.children_user - before.children_system


def open_seconds(browser: Browser, page: Path) -> tuple[float, float]:
    """Return the seconds until the page has loaded, and until its slider has answered a key."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.perf_counter()
    opened.goto(page.as_uri(), wait_until="load")
    loaded = time.perf_counter() - start
    opened.evaluate("before = document.getElementById('threshold-shown').textContent")
    opened.locator("#threshold").press("ArrowRight")
    opened.wait_for_function(ANSWERED)
    answered = time.perf_counter() - start
    opened.close()
    return loaded, answered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, help="a finished study; default: one is run")
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    measured: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        measured.setdefault(name, []).append(value)

    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        study = given.study or run_study(folder)
        page, pdf = folder / "report.html", folder / "report.pdf"
        load = os.getloadavg()[0]
        for _ in range(given.repetitions):
            for name, files in (("page", (page,)), ("page and PDFs", (page, "brief", "report"))):
                passed, busy = render_seconds(study, *files)
                note(f"{name}, s", passed)
                note(f"{name}, s of processor", busy)
        note("page, MB", page.stat().st_size / 1e6)
        note("PDF, MB", pdf.stat().st_size / 1e6)
        if chromium is not None:
            browser = playwright.chromium.launch(executable_path=chromium)
            for _ in range(given.repetitions):
                loaded, answered = open_seconds(browser, page)
                note("opened, s", loaded)
                note("opened and answering, s", answered)
            browser.close()
    print(f"{device_name()}; {given.repetitions} repetitions; load average {load:.1f} at the start")
    print("| measure | median | range | goal |")
    print("|---|---|---|---|")
    for name, values in measured.items():
        goal = f"at most {GOALS[name]:g}" if name in GOALS else ""
        span = f"{min(values):.2f}-{max(values):.2f}"
        print(f"| {name} | {statistics.median(values):.2f} | {span} | {goal} |")


if __name__ == "__main__":
    main()
