"""Planning: the command line of `lfr-eval plan` (words in, exit status and text out).

This file imports nothing of weight, so that help answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lfr_eval.planning.answer import Answer
    from lfr_eval.planning.question import Question

Command = Callable[[argparse.Namespace], int]

EPILOG = """examples:
  lfr-eval plan --rate 1/6000 --ratio 2 3 5
  lfr-eval plan --rate 0.5% --people 133 --ratio 3 5 10
  lfr-eval plan --rate 0.017% --watchlist 10000 --fillers 178000 --people 400 --passes 10
  lfr-eval plan --metric FMR --rate 1/1000 --ratio 3 --power 0.8 0.9 0.95
  lfr-eval plan --people people.csv --metric FMR --rate 1/1000 --ratio 3
  lfr-eval plan --pilot studies/STUDY --metric FPIR --threshold 0.6 --factor ethnicity --ratio 2
"""


def add_question(plan: argparse.ArgumentParser) -> None:
    """Add the options of a question."""
    plan.formatter_class = argparse.RawDescriptionHelpFormatter
    plan.epilog = EPILOG
    expected = plan.add_argument_group("what is expected")
    expected.add_argument("--rate", help="rate of the lower group: 1/6000, 0.017%% or 0.00017")
    expected.add_argument("--pilot", type=Path, help="a pilot study's folder, instead of --rate")
    expected.add_argument("--metric", default="FPIR",
                          help="of the rate or the pilot; default FPIR. FMR: all pairs of people "
                          "of a group")  # fmt: skip
    expected.add_argument("--threshold", type=float, help="of the pilot")
    expected.add_argument("--factor", default="ethnicity", help="of the pilot; default ethnicity")
    sought = plan.add_argument_group("what is to be found")
    sought.add_argument("--ratio", type=float, nargs="+", default=[], help="true ratios to find")
    sought.add_argument("--equivalence", type=float, metavar="D", help="equal within a ratio of D")
    sought.add_argument("--people", help="people per group, or a CSV with a row per person: "
                        "what can this design show?")  # fmt: skip
    sought.add_argument("--factors", nargs="+", default=[],
                        help="of the CSV; default gender, ethnicity and both")  # fmt: skip
    sought.add_argument("--power", type=float, nargs="+", default=[0.8],
                        help="one or several, such as 0.8 0.9 0.95; default 0.8")  # fmt: skip
    sought.add_argument("--alpha", type=float, default=0.05, help="default 0.05")
    design = plan.add_argument_group("the design")
    design.add_argument("--groups", type=int, help="groups of equal size; default 2")
    design.add_argument(
        "--passes", type=float, help="recognition opportunities a person; default 1"
    )
    design.add_argument("--correlation", type=float, help="of events within a person, 0 to 1")
    design.add_argument("--spread", type=float,
                        help="for FMR: people differ by this coefficient of variation")  # fmt: skip
    design.add_argument("--design-effect", type=float, help="passes worth one independent pass")
    design.add_argument("--watchlist", type=int, help="size that rates are stated at")
    design.add_argument("--fillers", type=int, help="larger set that the study searches")
    design.add_argument("--scaling", default="linear", help="between sizes: linear or closed")
    shown = plan.add_argument_group("how it is shown")
    shown.add_argument("--simulate", type=int, default=0, metavar="N",
                       help="also run the study's own test on N simulated studies")  # fmt: skip
    shown.add_argument("--seed", type=int, default=1, help="of simulation and bootstrap")
    shown.add_argument("--json", action="store_true", help="print JSON")
    shown.add_argument("--csv", action="store_true", help="print CSV")
    shown.add_argument("--write", type=Path, metavar="PLAN.yaml",
                       help="write a plan to fill in and register")  # fmt: skip
    shown.add_argument("--figure", type=Path, help="draw curves into a .svg, .png or .pdf file")


def add_actions(plan: argparse.ArgumentParser) -> None:
    """Add what `plan` does beside answering a question."""
    actions = plan.add_subparsers(metavar="ACTION")

    def add(name: str, meaning: str, command: Command, file: str) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=meaning, description=f"{meaning.capitalize()}.")
        added.set_defaults(command=command)
        added.add_argument("file", metavar=file, type=Path)
        return added

    add("new", "write a plan to fill in", new_plan, "PLAN.yaml")
    frozen = add("register", "freeze a plan before results exist", register_plan, "PLAN.yaml")
    frozen.add_argument("--after-results", action="store_true",
                        help="although results exist; this is recorded and shown")  # fmt: skip
    checked = add("check", "is everything as it was registered?", check_plan, "PLAN.yaml")
    for action in (frozen, checked):
        action.add_argument("places", nargs="*", metavar="SETTING=PLACE",
                            help="where things are, such as dataset.path=people.csv")  # fmt: skip
    shown = actions.add_parser("published", help="what planning tells about the 2023 study")
    shown.set_defaults(command=published)


def new_plan(parsed: argparse.Namespace) -> int:
    """Write a plan to fill in."""
    from lfr_eval.planning.drafting import draft

    draft(parsed.file)
    print(f"Fill in {parsed.file}, then: lfr-eval plan register {parsed.file}")
    return 0


def register_plan(parsed: argparse.Namespace) -> int:
    """Freeze a plan."""
    from lfr_eval.config.plugins import allow_object
    from lfr_eval.planning.freezing import freeze
    from lfr_eval.study.registration.record import registration_file

    allow_object(parsed.places)
    frozen = freeze(parsed.file, parsed.after_results, parsed.places)
    file = registration_file(parsed.file)
    print(f"Registered at {frozen.registered_at}: {file}")
    if frozen.data is None:
        print("There were no data yet, so the registration says nothing about them.")
    if frozen.after_results:
        print(f"Registered after results: {len(frozen.after_results)} studies existed.")
    print(f"Seal {frozen.seal}")
    print("Deposit the seal where nobody can change it: an ethics panel's minutes, a commit.")
    print(" ".join(["Run it: lfr-eval run", f"registration={file}", *parsed.places]))
    return 0


def check_plan(parsed: argparse.Namespace) -> int:
    """Say whether everything is as it was registered."""
    from lfr_eval.config.plugins import allow_object
    from lfr_eval.planning.freezing import check

    allow_object(parsed.places)
    found = check(parsed.file, parsed.places)
    for difference in found:
        print(difference)
    print("Not as registered." if found else "Everything is as it was registered.")
    return 1 if found else 0


def published(parsed: argparse.Namespace) -> int:  # noqa: ARG001
    """Print the planning figures of the 2023 study beside those derived before."""
    from lfr_eval.planning.published import as_text

    print(as_text())
    return 0


def ask(parsed: argparse.Namespace) -> int:
    """Answer a question and print it."""
    from lfr_eval.planning.words import as_csv, as_json, as_text

    if parsed.people is not None and not str(parsed.people).isdigit():
        return _ask_of_cohort(parsed)

    found = _answered(parsed)
    if parsed.figure:
        from lfr_eval.planning.curves import draw

        draw(found, parsed.figure)
    if parsed.write:
        from lfr_eval.contract.folder import StudyFolder
        from lfr_eval.planning.drafting import draft

        pilot = StudyFolder.open(parsed.pilot) if parsed.pilot else None
        draft(parsed.write, found, pilot)
        print(f"Plan to fill in: {parsed.write}", file=sys.stderr)
    show = as_json if parsed.json else as_csv if parsed.csv else as_text
    print(show(found))
    return 0


def _answered(parsed: argparse.Namespace) -> Answer:
    from lfr_eval.planning.answer import Case, answer, cases_of
    from lfr_eval.planning.question import PlanningError, read_rate

    if parsed.pilot and parsed.rate:
        raise PlanningError("Give --rate or --pilot, not both.")
    if not parsed.pilot:
        rate = read_rate(parsed.rate) if parsed.rate else None
        cases = cases_of(*_questions(parsed, rate, 2, 1))
        return answer(cases, parsed.simulate, parsed.seed)
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.planning.pilot import named, read_pilot, readings
    from lfr_eval.planning.words import pilot_words

    study = StudyFolder.open(parsed.pilot)
    searched = parsed.fillers or parsed.watchlist
    pilot = read_pilot(study, parsed.metric, parsed.threshold, parsed.factor, searched, parsed.seed)
    cases = [
        Case(reading.question, dependence)
        for question in _questions(parsed, pilot.upper, pilot.groups, pilot.passes)
        for reading in readings(pilot, question)
        for dependence in named(reading)
    ]
    return answer(cases, parsed.simulate, parsed.seed, pilot_words(pilot))


def _ask_of_cohort(parsed: argparse.Namespace) -> int:
    from lfr_eval.contract.columns import aligned
    from lfr_eval.planning.answer import cases_of
    from lfr_eval.planning.cohort import as_table, read_people, shown_by
    from lfr_eval.planning.question import PlanningError, read_rate

    if not parsed.rate or parsed.pilot:
        raise PlanningError("A cohort needs the expected rate: give --rate, and no --pilot.")
    file = Path(parsed.people)
    people, factors = read_people(file, parsed.factors)
    parsed.people = "2"
    questions = _questions(parsed, read_rate(parsed.rate), 2, 1)
    for question in questions:
        rows = shown_by(people, factors, cases_of(question))
        head, *cells = as_table(rows, question.ratios, question.power)
        print("\n".join(aligned(head, cells)))
    return 0


def _questions(
    parsed: argparse.Namespace, rate: float | None, groups: int, passes: float
) -> list[Question]:
    """Return the question once for every power that is wanted."""
    return [_question(parsed, rate, groups, passes, power) for power in parsed.power]


def _question(
    parsed: argparse.Namespace, rate: float | None, groups: int, passes: float, power: float
) -> Question:
    from lfr_eval.planning.question import Question

    return Question(
        rate=rate,
        ratios=tuple(parsed.ratio),
        margin=parsed.equivalence,
        people=None if parsed.people is None else int(parsed.people),
        metric=parsed.metric,
        spread=parsed.spread,
        groups=parsed.groups or groups,
        passes=parsed.passes or passes,
        correlation=parsed.correlation,
        design_effect=parsed.design_effect,
        watchlist=parsed.watchlist,
        fillers=parsed.fillers,
        scaling=parsed.scaling,
        power=power,
        alpha=parsed.alpha,
    )
