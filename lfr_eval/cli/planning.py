"""`lfr-eval plan`: how large a study must be; plans written, frozen and checked."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from lfr_eval.cli.options import FAILED, OK, Roots, Several, commands
from lfr_eval.contract.defaults import ALPHA, POWER, SEED

if TYPE_CHECKING:
    import pandas as pd

    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.planning.answer import Answer
    from lfr_eval.planning.question import Question

app = commands(
    "plan",
    "Ask how large a study must be, and write, register and check plans.",
    help_epilogue="""\
Examples:
  lfr-eval plan --rate 1/6000 --ratio 2 3 5
  lfr-eval plan --rate 0.5% --people 133 --ratio 3 5 10 --factors gender ethnicity
  lfr-eval plan --rate 0.017% --watchlist 10000 --fillers 178000 --people 400 --passes 10
  lfr-eval plan --metric FMR --rate 1/1000 --ratio 3 --power 0.8 0.9 0.95
  lfr-eval plan --people people.csv --metric FMR --rate 1/1000 --ratio 3
  lfr-eval plan --pilot studies/STUDY --metric FPIR --threshold 0.6 --factor ethnicity --ratio 2
""",
)


@Parameter(name="*", group=Group("What is expected", sort_key=1))
@dataclass(frozen=True)
class Expected:
    """What is known before."""

    rate: str | None = None
    """Rate of the lower group: 1/6000, 0.017% or 0.00017."""
    pilot: Path | None = None
    """Folder of a pilot study, instead of --rate."""
    metric: str = "FPIR"
    """Metric of the rate or the pilot. FMR: all pairs of people of a group."""
    threshold: float | None = None
    """Threshold of the pilot, or of the plan to be written."""
    factor: str | None = None
    """Factor of the pilot; default: ethnicity, or else the first that the pilot compared."""


@Parameter(name="*", group=Group("What is to be found", sort_key=2))
@dataclass(frozen=True)
class Sought:
    """What the study must be able to show."""

    ratio: Annotated[tuple[float, ...], Several] = ()
    """True ratios to find."""
    equivalence: Annotated[float | None, Parameter(metavar="D")] = None
    """Show that rates are equal within a ratio of D."""
    people: str | None = None
    """People per group, or a table with a row per person: what can this design show?"""
    factors: Annotated[tuple[str, ...], Several] = ()
    """Factors that share the level. Default: one; with a table, gender, ethnicity and both."""
    power: Annotated[tuple[float, ...], Several] = (POWER,)
    """One power or several, such as 0.8 0.9 0.95."""
    alpha: float = ALPHA
    """Level of all tests of the family together."""


@Parameter(name="*", group=Group("The design", sort_key=3))
@dataclass(frozen=True)
class Design:
    """How the study is designed."""

    groups: int | None = None
    """Groups of equal size; default: 2, or those of the pilot."""
    passes: float | None = None
    """Recognition opportunities per person; default: 1, or those of the pilot."""
    correlation: float | None = None
    """Correlation of events within a person, 0 to 1."""
    spread: float | None = None
    """For FMR: people differ by this coefficient of variation."""
    design_effect: float | None = None
    """Passes that are worth one independent pass."""
    watchlist: int | None = None
    """Size that rates are stated at."""
    fillers: int | None = None
    """Larger set that the study searches."""
    scaling: str = "linear"
    """Between sizes: linear or closed."""


@Parameter(name="*", group=Group("How it is shown", sort_key=4))
@dataclass(frozen=True)
class Shown:
    """What is printed and written."""

    simulate: Annotated[int, Parameter(metavar="N")] = 0
    """Also run the study's own test on N simulated studies."""
    seed: int = SEED
    """Seed of simulation and bootstrap."""
    json: bool = False
    """Print JSON."""
    csv: bool = False
    """Print CSV."""
    write: Annotated[Path | None, Parameter(metavar="PLAN.yaml")] = None
    """Write a plan to fill in and register."""
    figure: Path | None = None
    """Draw curves into a .svg, .png or .pdf file."""


PlanFile = Annotated[Path, Parameter(name="PLAN.yaml", help="The plan.")]
Places = Annotated[
    str,
    Parameter(name="SETTING=PLACE", help="Where things are, such as dataset.path=people.csv."),
]


@app.default
def ask(
    *,
    expected: Expected = Expected(),
    sought: Sought = Sought(),
    design: Design = Design(),
    shown: Shown = Shown(),
) -> int:
    """Answer how many people, passes and fillers a study needs."""
    from lfr_eval.planning.words import as_csv, as_json, as_text

    asked = _Asked(expected, sought, design)
    if sought.people is not None and not sought.people.isdecimal():
        return asked.of_cohort(Path(sought.people), shown)
    if shown.write:
        # What is written asks about these, and its numbers must be enough for them.
        asked = asked.with_factors()
    found = asked.answered(shown)
    if shown.figure:
        from lfr_eval.planning.curves import draw

        draw(found, shown.figure)
    if shown.write:
        from lfr_eval.planning.drafting import people_of

        asked.draft(shown.write, found.question, people_of(found))
    show = as_json if shown.json else as_csv if shown.csv else as_text
    print(show(found))
    return OK


@app.command
def new(file: PlanFile, /) -> int:
    """Write a plan to fill in."""
    from lfr_eval.contract.commands import command
    from lfr_eval.planning.drafting import draft

    draft(file)
    print(f"Fill in {file}, then: {command('plan', 'register', file)}")
    return OK


@app.command
def register(file: PlanFile, /, *places: Places, after_results: bool = False) -> int:
    """Freeze a plan before results exist.

    Parameters
    ----------
    after_results
        Register although results exist; this is recorded and shown.
    """
    from lfr_eval.config.plugins import allow_object
    from lfr_eval.contract.commands import command, override
    from lfr_eval.planning.freezing import freeze
    from lfr_eval.study.registration.record import registration_file

    allow_object(places)
    frozen = freeze(file, after_results, places)
    registration = registration_file(file)
    print(f"Registered at {frozen.registered_at}: {registration}")
    if frozen.data is None:
        print("There were no data yet, so the registration says nothing about them.")
    if frozen.after_results:
        print(f"Registered after results: {len(frozen.after_results)} studies existed.")
    print(f"Seal {frozen.seal}")
    print("Deposit the seal where nobody can change it: an ethics panel's minutes, a commit.")
    print(f"Run it: {command('run', override('registration', registration), *places)}")
    return OK


@app.command
def check(file: PlanFile, /, *places: Places, roots: Roots = None) -> int:
    """Say whether everything is as it was registered."""
    from lfr_eval.config.plugins import allow_object
    from lfr_eval.finished.stamping import stamps_told
    from lfr_eval.planning.freezing import check as differences

    allow_object(places)
    found = differences(file, places)
    for difference in found:
        print(difference)
    print("Not as registered." if found else "Everything is as it was registered.")
    for told in stamps_told(file, roots):
        print(told)
    return FAILED if found else OK


@app.command
def published() -> int:
    """Print what planning tells about the 2023 study, beside the figures derived before."""
    from lfr_eval.planning.published import as_text

    print(as_text())
    return OK


@dataclass(frozen=True)
class _Asked:
    expected: Expected
    sought: Sought
    design: Design

    @cached_property
    def pilot(self) -> StudyFolder | None:
        from lfr_eval.contract.folder import StudyFolder

        return StudyFolder.open(self.expected.pilot) if self.expected.pilot else None

    def with_factors(self) -> _Asked:
        """Return the same; without factors, about those of the pilot or the usual ones."""
        from lfr_eval.planning.cohort import DEFAULT_FACTORS

        usual = self.pilot.record().factors if self.pilot else DEFAULT_FACTORS
        return replace(self, sought=replace(self.sought, factors=self.sought.factors or usual))

    def draft(
        self, file: Path, question: Question, number: str, people: pd.DataFrame | None = None
    ) -> None:
        from lfr_eval.planning.drafting import draft, like, of_own

        threshold = self.expected.threshold
        if self.pilot:
            draft(file, question, like(self.pilot, question, threshold), number)
        else:
            draft(file, question, of_own(question, threshold, people), number)
        print(f"Plan to fill in: {file}", file=sys.stderr)

    def answered(self, shown: Shown) -> Answer:
        from lfr_eval.planning.answer import Case, answer, cases_of
        from lfr_eval.planning.question import PlanningError, read_rate

        expected = self.expected
        if expected.pilot and expected.rate:
            raise PlanningError("Give --rate or --pilot, not both.")
        if self.pilot is None:
            rate = read_rate(expected.rate) if expected.rate else None
            return answer(cases_of(*self.questions(rate)), shown.simulate, shown.seed)
        from lfr_eval.planning.pilot import named, read_pilot, readings
        from lfr_eval.planning.words import pilot_words

        compared = self.pilot.record().factors
        usual = "ethnicity" if "ethnicity" in compared else [*compared, "ethnicity"][0]
        pilot = read_pilot(
            self.pilot,
            expected.metric,
            expected.threshold,
            expected.factor or usual,
            self.design.fillers or self.design.watchlist,
            shown.seed,
        )
        cases = [
            Case(reading.question, dependence)
            for question in self.questions(pilot.upper, pilot.groups, pilot.passes)
            for reading in readings(pilot, question)
            for dependence in named(reading)
        ]
        return answer(cases, shown.simulate, shown.seed, pilot_words(pilot))

    def of_cohort(self, file: Path, shown: Shown) -> int:
        from lfr_eval.contract.columns import aligned
        from lfr_eval.planning.answer import cases_of
        from lfr_eval.planning.cohort import NOTES, as_table, read_people, rests_on, shown_by
        from lfr_eval.planning.question import PlanningError, read_rate

        if not self.expected.rate or self.expected.pilot:
            raise PlanningError("A cohort needs an expected rate: give --rate instead of --pilot.")
        if shown.json or shown.csv or shown.figure or shown.simulate:
            raise PlanningError(
                "A cohort is answered as a table in words. Leave out --json, --csv, --figure and "
                "--simulate."
            )
        people, factors = read_people(file, self.sought.factors)
        questions = self.questions(read_rate(self.expected.rate))
        for question in questions:
            rows = shown_by(people, factors, cases_of(question))
            head, *cells = as_table(rows, question.ratios, question.power)
            print("\n".join(aligned(head, cells)), end="\n\n")
        said = (*people.attrs[NOTES], *rests_on(factors, questions[0]))
        notes = (f"- {note}" for note in said)
        print("\n".join(["What this rests on", *notes]))
        if shown.write:
            self.draft(shown.write, replace(questions[0], factors=factors), "null", people)
        return OK

    def questions(self, rate: float | None, groups: int = 2, passes: float = 1) -> list[Question]:
        """Return the question once for every power that is wanted."""
        from lfr_eval.planning.question import Question

        people, design = self.sought.people, self.design
        given = asdict(design)
        given |= {"groups": design.groups or groups, "passes": design.passes or passes}
        if people is not None:
            # A cohort brings its own people: any number above 1 stands for them.
            given["people"] = int(people[:20]) if people.isdecimal() else 2
        return [
            Question(
                rate=rate,
                ratios=self.sought.ratio,
                margin=self.sought.equivalence,
                metric=self.expected.metric,
                power=power,
                alpha=self.sought.alpha,
                factors=self.sought.factors,
                **given,
            )
            for power in self.sought.power
        ]
