"""The stage tables: what passes from one stage of a study to the next.

Every arrow of a study is a table with a documented schema, written to the study folder as
Parquet, so that each stage can be started from a file and each claim traced back. This module is
the one place that knows the columns. It needs pandas alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import pandas_dtype

ROLES = ("reference", "probe", "both", "filler")
METRICS = ("FMR", "FNMR", "FPIR", "FNIR", "TPIR", "misidentification", "FTA", "FTE")
VERDICTS = ("different", "equivalent", "inconclusive", "untestable")
REGISTERED_STATES = ("none", "as registered", "deviating", "registered after results")
LABEL_SOURCES = (
    "self_defined",
    "officer_perceived",
    "annotator_perceived",
    "inferred",
    "simulated",
)

UNKNOWN = "unknown"
"""The group of people whose label is missing: reported like any other, never dropped."""

OVERALL = "overall"
"""The factor with one group, everybody."""

EVERYBODY = "everybody"
"""The one group of the factor `overall`."""

CAPTURE = "capture"
"""The condition of simulated passes; its values say all: `motion blur 8 px`."""

NO_DEGRADATION = "no degradation"
"""The value of `capture` for passes that were left as they are."""

CROSS = " x "
"""Joins factors (`gender x ethnicity`) and the names of their groups (`female x black`)."""


class TableError(ValueError):
    """A table does not have the documented columns or types; the message lists every problem."""


@dataclass(frozen=True)
class Column:
    """One column: its name, its pandas type, and what it means."""

    name: str
    dtype: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """A stage table: its file name without suffix, what it holds, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    extra_columns: bool = False

    @property
    def file(self) -> str:
        """Name of the table's file in a study folder."""
        return f"{self.name}.parquet"

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with exactly this table's columns, in order and with their types.

        Raises
        ------
        TableError
            If a column is missing, unknown, or holds values that its type cannot hold.
        """
        problems = [f"column '{name}' is missing" for name in self.names if name not in frame]
        unknown = [str(name) for name in frame.columns if name not in self.names]
        if unknown and not self.extra_columns:
            problems += [f"column '{name}' is not part of the table" for name in unknown]
        typed: dict[str, pd.Series] = {}
        for column in self.columns:
            if column.name not in frame:
                continue
            try:
                typed[column.name] = frame[column.name].astype(pandas_dtype(column.dtype))
            except (TypeError, ValueError) as error:
                problems.append(f"column '{column.name}' does not hold {column.dtype}: {error}")
        if problems:
            raise TableError(f"Table '{self.name}': " + "; ".join(problems) + ".")
        extras = {name: frame[name] for name in unknown}
        return pd.DataFrame({**typed, **extras}, index=frame.index).reset_index(drop=True)

    def empty(self) -> pd.DataFrame:
        """Return the table without rows."""
        return self.conform(pd.DataFrame({name: [] for name in self.names}))

    def build(self, rows: Iterable[Sequence[object]]) -> pd.DataFrame:
        """Return the table from tuples in column order."""
        return self.conform(pd.DataFrame(list(rows), columns=self.names))


TEXT, REAL, WHOLE, FLAG = "string", "float64", "Int64", "boolean"

COHORT = Table(
    "cohort",
    "One row an image or template: who is on it and in what role. Further columns are factors.",
    (
        Column("image_id", TEXT, "unique name of the image or template"),
        Column("subject_id", TEXT, "the person"),
        Column("role", TEXT, "reference, probe, both, or filler (a watchlist image only)"),
        Column("pass_id", TEXT, "one walk through the zone of recognition; defaults to the image"),
        Column("frame", WHOLE, "number of the image within its pass"),
        Column("session_id", TEXT, "recording session"),
        Column("camera", TEXT, "camera or site"),
        Column("captured_at", TEXT, "time of capture, ISO 8601"),
        Column("gender", TEXT, "code of the dataset card's gender scheme"),
        Column("ethnicity", TEXT, "code of the dataset card's ethnicity scheme"),
        Column("age", REAL, "years"),
        Column("age_band", TEXT, "given, or derived from age"),
        Column("path", TEXT, "image file, relative to the manifest; null for templates"),
        Column("digest", TEXT, "SHA-256 of the image file; null for templates"),
    ),
    extra_columns=True,
)

ACQUISITION = Table(
    "acquisition",
    "One row an image: whether a template could be made of it.",
    (
        Column("image_id", TEXT, "image"),
        Column("acquired", FLAG, "whether a template was made"),
        Column("reason", TEXT, "why not; null where it was"),
        Column("faces", WHOLE, "faces detected; null where the matcher does not tell"),
    ),
)

COMPARISONS = Table(
    "comparisons",
    "One row a person: acquired images by role, from which the number of comparisons between any "
    "two people follows: r_i p_j + p_i r_j - b_i b_j, corrected by `corrections`.",
    (
        Column("subject_id", TEXT, "person"),
        Column("references", WHOLE, "images that serve as reference (roles reference and both)"),
        Column("probes", WHOLE, "images that serve as probe (roles probe and both)"),
        Column("both", WHOLE, "images that serve as either"),
    ),
)

CORRECTIONS = Table(
    "corrections",
    "Comparisons between two people beyond (+) or short of (-) what `comparisons` implies: pairs "
    "left out on purpose, or an explicit list of scores.",
    (
        Column("subject_a", TEXT, "person; the probe's where images have one role only"),
        Column("subject_b", TEXT, "another person; the reference's"),
        Column("trials", WHOLE, "number to add"),
    ),
)

MATED = Table(
    "mated",
    "Every comparison of two images of one person.",
    (
        Column("reference_id", TEXT, "reference image"),
        Column("probe_id", TEXT, "probe image"),
        Column("subject_id", TEXT, "person"),
        Column("score", "float32", "comparison score"),
    ),
)

NON_MATED = Table(
    "non_mated",
    "Every comparison of images of two people whose score reaches the floor.",
    (
        Column("reference_id", TEXT, "reference image"),
        Column("probe_id", TEXT, "probe image"),
        Column("reference_subject", TEXT, "person on the reference image"),
        Column("probe_subject", TEXT, "person on the probe image"),
        Column("score", "float32", "comparison score"),
    ),
)

SAMPLE = Table(
    "sample",
    "A uniform sample of the non-mated comparisons, for distributions below the floor; all of "
    "them where there are few.",
    (
        Column("reference_subject", TEXT, "person on the reference image"),
        Column("probe_subject", TEXT, "person on the probe image"),
        Column("score", "float32", "comparison score"),
    ),
)

BORDERLINE = Table(
    "borderline",
    "Comparisons whose score and threshold round to the same float32 number, or are nearer to "
    "each other than storing templates in a narrower type may move a score. What reaches the "
    "threshold counts as a match; in a wider type it might not.",
    (
        Column("kind", TEXT, "mated or non_mated"),
        Column("threshold", REAL, "threshold"),
        Column("within", REAL, "largest distance counted; 0: equal in float32"),
        Column("comparisons", WHOLE, "how many"),
    ),
)

CANDIDATES = Table(
    "candidates",
    "The best references of each acquired probe image in each group of the watchlist, from which "
    "the answers of other watchlists that are parts of this one follow.",
    (
        Column("probe_id", TEXT, "probe image"),
        Column("pass_id", TEXT, "recognition opportunity"),
        Column("subject_id", TEXT, "person who passes"),
        Column("watchlist_group", TEXT, "group of the reference"),
        Column("rank", WHOLE, "1: the best of the group"),
        Column("reference_id", TEXT, "reference image"),
        Column("reference_subject", TEXT, "person on it, never the one who passes"),
        Column("place", WHOLE, "place in the watchlist's random order, from 0"),
        Column("score", "float32", "comparison score"),
    ),
)

WATCHLIST = Table(
    "watchlist",
    "Everybody who may be on the watchlist, in random order: the first N are a watchlist of N of "
    "the composition asked for, for every N that it allows.",
    (
        Column("place", WHOLE, "place in the order, from 0"),
        Column("reference_id", TEXT, "reference image"),
        Column("reference_subject", TEXT, "person on it"),
    ),
)

WATCHLIST_MATCHES = Table(
    "watchlist_matches",
    "Every comparison of a recognition opportunity with a reference of table `watchlist` of "
    "somebody else whose score reaches the lowest threshold of the plan. The best frame decides, "
    "so there is one row a pass and reference.",
    (
        Column("pass_id", TEXT, "recognition opportunity"),
        Column("subject_id", TEXT, "person who passes"),
        Column("place", WHOLE, "place of the reference in table `watchlist`"),
        Column("score", "float32", "comparison score of the best frame"),
    ),
)

SEARCHES = Table(
    "searches",
    "One row a recognition opportunity (a pass) and watchlist size: the highest scores over the "
    "frames of the pass and the watchlist.",
    (
        Column("pass_id", TEXT, "recognition opportunity"),
        Column("subject_id", TEXT, "person who passes"),
        Column("watchlist_size", WHOLE, "references searched, the person's own not counted"),
        Column("frames", WHOLE, "frames of the pass"),
        Column("acquired", WHOLE, "frames from which a template was made"),
        Column("mated_score", "float32", "best own reference; -inf: not acquired; null: has none"),
        Column("score", "float32", "best reference of anybody else; -inf: not acquired"),
        Column("reference_id", TEXT, "that reference; null: not acquired"),
        Column("reference_subject", TEXT, "the person on it"),
        Column(
            "rank",
            WHOLE,
            "of the best own reference: 1 + references of others that score as high or higher; "
            "null: not acquired, none of their own, or a design without ranks",
        ),
        Column(
            "left_out",
            WHOLE,
            "references not searched because they are of a don't-care person (table `dont_care`)",
        ),
    ),
)

DONT_CARE = Table(
    "dont_care",
    "Two people of whom a match says nothing. They are not compared with one another: their "
    "comparisons are taken off in `corrections`, and `searches` counts the references left out.",
    (
        Column("subject_a", TEXT, "person"),
        Column("subject_b", TEXT, "another person"),
        Column("reason", TEXT, "twins, one person under two identities, mislabelled, ..."),
    ),
)

ALERTS = Table(
    "alerts",
    "The frames at which the highest score of a pass rises, from the lowest threshold on. At a "
    "threshold, the first of them that reaches it sets off the alert.",
    (
        Column("pass_id", TEXT, "recognition opportunity"),
        Column("subject_id", TEXT, "person who passes"),
        Column("watchlist_size", WHOLE, "references searched, the person's own not counted"),
        Column("mated", FLAG, "whether the alert names the person who passes"),
        Column("frame", WHOLE, "place of the frame in its pass, from 1; frames not acquired count"),
        Column("seconds", REAL, "since the first frame of the pass; null: times are missing"),
        Column("score", "float32", "highest score of the pass so far"),
    ),
)

ALERT_TIMES = Table(
    "alert_times",
    "How long alerts take: frames and seconds from the first frame of a pass to the one that sets "
    "off the alert, over the passes with an alert. Quantiles are observed values.",
    (
        Column("metric", TEXT, "TPIR: alerts that name the person who passes; FPIR: all others"),
        Column("threshold", REAL, "threshold"),
        Column("watchlist_size", WHOLE, "references searched"),
        Column("factor", TEXT, "factor"),
        Column("group", TEXT, "group of the person who passes"),
        Column("alerts", WHOLE, "passes with an alert; the events of the rate"),
        Column("frames_median", REAL, "half of the alerts came within so many frames"),
        Column("frames_90", REAL, "90 % of them came within so many"),
        Column("timed", WHOLE, "alerts of passes with times"),
        Column("seconds_median", REAL, "half of these came within so many seconds"),
        Column("seconds_90", REAL, "90 % of them came within so many"),
    ),
)

CANDIDATE_COUNTS = Table(
    "candidate_counts",
    "References of other people at or above a threshold in each search; searches without any are "
    "left out.",
    (
        Column("pass_id", TEXT, "search"),
        Column("subject_id", TEXT, "person searched for"),
        Column("watchlist_size", WHOLE, "references searched"),
        Column("threshold", REAL, "threshold"),
        Column("candidates", WHOLE, "references at or above it, the person's own not counted"),
    ),
)

CANDIDATE_LISTS = Table(
    "candidate_lists",
    "How long lists of candidates are: references of other people at or above a threshold, over "
    "all searches, also those without an acquired image (none). Quantiles are observed values.",
    (
        Column("threshold", REAL, "threshold"),
        Column("watchlist_size", WHOLE, "references searched"),
        Column("factor", TEXT, "factor"),
        Column("group", TEXT, "group of the person searched for"),
        Column("searches", WHOLE, "searches"),
        Column("mean", REAL, "mean number of candidates"),
        Column("median", REAL, "half of the lists are no longer"),
        Column("quantile_90", REAL, "90 % of the lists are no longer"),
        Column("longest", WHOLE, "the longest list"),
    ),
)

HISTOGRAM = Table(
    "histogram",
    "Comparison scores counted in bins, for distribution plots.",
    (
        Column("kind", TEXT, "mated or non_mated"),
        Column("lower", REAL, "lower edge of the bin"),
        Column("upper", REAL, "upper edge of the bin"),
        Column("count", WHOLE, "comparisons in the bin"),
    ),
)

TRUTH = Table(
    "truth",
    "True error rates of a simulated cohort's population, computed from the model and not from "
    "the sample.",
    (
        Column("metric", TEXT, "FMR, FNMR, FPIR, FNIR, TPIR or FTA"),
        Column("threshold", REAL, "threshold; null where the metric has none"),
        Column("watchlist_size", WHOLE, "null for 1:1"),
        Column("factor", TEXT, "factor"),
        Column("group", TEXT, "group"),
        Column("counterpart", TEXT, "the other side's group"),
        Column("rate", REAL, "true rate"),
    ),
)

RATES = Table(
    "rates",
    "Error rates by group with person-clustered intervals.",
    (
        Column(
            "metric",
            TEXT,
            "FMR, FNMR, FPIR, FNIR, TPIR, FTA, FTE, or misidentification: the highest score of a "
            "pass of an enrolled person is somebody else's, and at or above the threshold",
        ),
        Column(
            "threshold",
            REAL,
            "a score at or above it is a match; null for FTA and FTE and where rank alone decides",
        ),
        Column("watchlist_size", WHOLE, "null for 1:1"),
        Column(
            "rank",
            WHOLE,
            "TPIR and FNIR: a mate counts as found only among so many candidates; null: among all",
        ),
        Column("factor", TEXT, "overall, gender, ethnicity, gender x ethnicity, ..."),
        Column("group", TEXT, "group of the probe"),
        Column(
            "counterpart",
            TEXT,
            "the other side's group where groups are crossed, else equal to group; null where "
            "the other side is everybody",
        ),
        Column("events", WHOLE, "errors (for TPIR: successes)"),
        Column("trials", WHOLE, "comparisons or recognition opportunities"),
        Column("subjects", WHOLE, "people with a trial"),
        Column("subjects_with_event", WHOLE, "people with an event"),
        Column("rate", REAL, "events / trials; null without trials"),
        Column("lower", REAL, "lower end of the interval"),
        Column("upper", REAL, "upper end of the interval"),
        Column("level", REAL, "its confidence level"),
        Column("effective_trials", REAL, "independent trials with the same variance"),
        Column("interval", TEXT, "the method of the interval"),
    ),
)

FINDINGS = Table(
    "findings",
    "What can be claimed about differences between groups.",
    (
        Column("finding_id", TEXT, "stable name of the comparison within a study"),
        Column("metric", TEXT, "metric"),
        Column("threshold", REAL, "threshold; null for FTA and FTE"),
        Column("watchlist_size", WHOLE, "null for 1:1"),
        Column("factor", TEXT, "factor"),
        Column("group_a", TEXT, "group; * in the omnibus test"),
        Column("group_b", TEXT, "the group it is compared with; * in the omnibus test"),
        Column("rate_a", REAL, "rate of group a"),
        Column("rate_b", REAL, "rate of group b"),
        Column("ratio", REAL, "rate_a / rate_b; null where undefined"),
        Column("ratio_lower", REAL, "lower end of its interval"),
        Column("ratio_upper", REAL, "upper end of its interval"),
        Column("test", TEXT, "the test"),
        Column("statistic", REAL, "its statistic"),
        Column("p_value", REAL, "before adjustment"),
        Column("p_adjusted", REAL, "after adjustment"),
        Column("adjustment", TEXT, "how, and over which family"),
        Column("margin", REAL, "equivalence margin, a ratio"),
        Column("p_equivalence", REAL, "larger of the two one-sided p-values"),
        Column("detectable_ratio", REAL, "smallest true ratio found with 80 % power"),
        Column("verdict", TEXT, "different, equivalent, inconclusive or untestable"),
        Column("primary", FLAG, "named in the plan, else exploratory"),
        Column(
            "registered",
            TEXT,
            "none (no plan was frozen), as registered, deviating, or registered after results",
        ),
        Column("statement", TEXT, "the plain sentence that may be quoted"),
    ),
)

EQUITY = Table(
    "equity",
    "Single numbers for how unequal the rates of groups are, beside the rates, never instead.",
    (
        Column("measure", TEXT, "name of the measure"),
        Column("metric", TEXT, "metric, or two joined by ' + ' where the measure needs both"),
        Column("threshold", REAL, "threshold; null for FTA and FTE"),
        Column("watchlist_size", WHOLE, "null for 1:1"),
        Column("factor", TEXT, "factor"),
        Column("groups", WHOLE, "groups with trials"),
        Column("value", REAL, "null where undefined: then read lower, if there is one"),
        Column("lower", REAL, "lower end of the person-bootstrap interval"),
        Column("upper", REAL, "upper end, possibly infinite"),
        Column("level", REAL, "confidence level"),
        Column("replicates", WHOLE, "bootstrap replicates"),
        Column("definition", TEXT, "the measure in words"),
        Column("range", TEXT, "its range, and which end is equal"),
        Column("caveat", TEXT, "what it hides"),
    ),
)

MODELLED = Table(
    "modelled",
    "False match and false alert rates beyond the last observed event, from a model of the tail. "
    "Modelled, not observed: never mixed with `rates`.",
    (
        Column("metric", TEXT, "FMR or FPIR"),
        Column("threshold", REAL, "threshold"),
        Column("watchlist_size", WHOLE, "null for 1:1"),
        Column("factor", TEXT, "factor"),
        Column("group", TEXT, "group"),
        Column("events", WHOLE, "events observed at the threshold"),
        Column("rate", REAL, "modelled rate; null where refused"),
        Column("lower", REAL, "lower end of the person-bootstrap interval"),
        Column("upper", REAL, "upper end"),
        Column("level", REAL, "confidence level"),
        Column("decades", REAL, "decades beyond one event in all comparisons or passes"),
        Column("floor", REAL, "score above which the tail was fitted"),
        Column("exceedances", WHOLE, "comparisons or passes above the floor"),
        Column("shape", REAL, "shape of the generalised Pareto distribution"),
        Column("scale", REAL, "its scale"),
        Column("fit_p_value", REAL, "goodness of fit, bootstrap of people"),
        Column("refused", TEXT, "why nothing is modelled; null where it is"),
    ),
)

MODELLED_SEARCHES = Table(
    "modelled_searches",
    "False alert rates (FPIR) beyond the last observed event, from the same model; columns as in "
    "`modelled`. They hold for the watchlist that was searched.",
    MODELLED.columns,
)

WATCHLIST_SIZES = Table(
    "watchlist_sizes",
    "False alert rates (FPIR) by watchlist size and composition, worked out in three ways at the "
    "thresholds of the plan. None of them is a search of one watchlist: those are in `rates`.",
    (
        Column("composition", TEXT, "name of the watchlist's composition"),
        Column("threshold", REAL, "threshold"),
        Column("watchlist_size", WHOLE, "references on the watchlist"),
        Column("factor", TEXT, "factor"),
        Column("group", TEXT, "group of the person who passes"),
        Column(
            "way",
            TEXT,
            "resampled: mean over all watchlists of this size and composition that the fillers "
            "allow; closed_form: from false match rates by group, as if comparisons of one pass "
            "were independent; linear: in proportion to the largest resampled watchlist",
        ),
        Column("fillers", WHOLE, "size of the largest watchlist that the fillers allow"),
        Column("passes", WHOLE, "recognition opportunities, failures to acquire among them"),
        Column("subjects", WHOLE, "people who pass"),
        Column("matches", WHOLE, "pairs of a pass and a reference at or above the threshold"),
        Column("passes_matched", WHOLE, "passes with such a reference"),
        Column("subjects_matched", WHOLE, "people with such a pass"),
        Column("rate", REAL, "false alerts per recognition opportunity; null without trials"),
        Column("lower", REAL, "lower end of its interval"),
        Column("upper", REAL, "upper end of its interval"),
        Column("level", REAL, "confidence level"),
        Column("interval", TEXT, "the method of the interval"),
        Column("ratio", REAL, "rate / resampled rate of the same size; null where there is none"),
        Column("ratio_lower", REAL, "lower end of its interval"),
        Column("ratio_upper", REAL, "upper end of its interval"),
        Column(
            "agrees",
            FLAG,
            "whether the rate lies within the interval of the resampled rate of the same size, or "
            "within 0.1 % of it; null where there is none",
        ),
    ),
)

PERSON_TESTS = Table(
    "person_tests",
    "Tests on the number of people with an event, for comparison with published studies.",
    (
        Column("metric", TEXT, "metric"),
        Column("threshold", REAL, "threshold; null for FTA and FTE"),
        Column("watchlist_size", WHOLE, "null for 1:1"),
        Column("factor", TEXT, "factor"),
        Column("group_a", TEXT, "group; * for all groups at once"),
        Column("group_b", TEXT, "reference group"),
        Column("affected_a", WHOLE, "people of group a with an event"),
        Column("exposed_a", WHOLE, "people of group a with a trial"),
        Column("affected_b", WHOLE, "people of group b with an event"),
        Column("exposed_b", WHOLE, "people of group b with a trial"),
        Column("fisher", REAL, "p-value, Fisher's exact or Freeman and Halton's test"),
        Column("boschloo", REAL, "p-value, Boschloo's test; null for more than two groups"),
        Column("chi_square", REAL, "p-value, chi-square; null without events"),
        Column("chi_square_corrected", REAL, "p-value, with Yates' correction"),
    ),
)

EXCLUSIONS = Table(
    "exclusions",
    "Images that a registered plan leaves out; they are in no other table.",
    (
        Column("image_id", TEXT, "image or template"),
        Column("subject_id", TEXT, "the person"),
        Column("rule", TEXT, "the exclusion that names it"),
        Column("reason", TEXT, "why"),
    ),
)

PLANNING = Table(
    "planning",
    "Answers of `lfr-eval plan`: one row a question, way of seeing it, and method.",
    (
        Column("asked", TEXT, "people, power, ratio or bound: the column that holds the answer"),
        Column("about", TEXT, "difference, equivalence, or no event"),
        Column("case", TEXT, "how passes of one person are taken to depend on one another"),
        Column("method", TEXT, "the test or formula"),
        Column("evidence", TEXT, "enumerated, normal approximation, simulated, or exact"),
        Column("rate", REAL, "rate of the lower group, at the watchlist"),
        Column("searched_rate", REAL, "the same at the size that is searched"),
        Column("ratio", REAL, "true ratio of the higher to the lower group"),
        Column("margin", REAL, "equivalence margin, a ratio"),
        Column("people", REAL, "people a group"),
        Column("passes", REAL, "passes a person"),
        Column("design_effect", REAL, "passes that are worth one independent pass"),
        Column("effective_trials", REAL, "independent passes a group"),
        Column("events_lower", REAL, "events expected in the lower group"),
        Column("events_higher", REAL, "events expected in the higher group"),
        Column("power", REAL, "probability of the verdict"),
        Column("power_error", REAL, "its Monte Carlo standard error; null where not simulated"),
        Column("searched_bound", REAL, "95 % upper bound without events, at the size searched"),
        Column("bound", REAL, "the same at the watchlist"),
    ),
)

DEPLOYMENTS = Table(
    "deployments",
    "One row a deployment of the live engine, logged by ours or recorded by others; the columns "
    "but the last are those of a file of records. No place, and nobody's name.",
    (
        Column("deployment_id", TEXT, "unique name; no place"),
        Column("date", TEXT, "day it began, ISO 8601"),
        Column("hours", REAL, "how long faces were compared"),
        Column("threshold", REAL, "a score at or above it raised an alert"),
        Column("model_version", TEXT, "registered version, NAME/VERSION, or the vendor's name"),
        Column("matcher_fingerprint", TEXT, "SHA-256 that the study's report prints"),
        Column("watchlist_size", WHOLE, "references on the watchlist"),
        Column("faces_seen", WHOLE, "by the counting rule; null where nobody counted"),
        Column("counting_rule", TEXT, "in words: what one face seen is"),
        Column("alerts", WHOLE, "alerts raised, repeats not counted"),
        Column("true_confirmed", WHOLE, "true alerts, found true by speaking to the person"),
        Column("true_unconfirmed", WHOLE, "true alerts in the operator's eyes alone"),
        Column("false_confirmed", WHOLE, "false alerts, found false by speaking to the person"),
        Column("false_unconfirmed", WHOLE, "false alerts in the operator's eyes alone"),
        Column("left_out", TEXT, "why it says nothing about the study; null where it does"),
    ),
)

FIELD = Table(
    "field",
    "What deployments at one threshold of the study, with the matcher that it tested, have shown: "
    "false alerts that somebody noticed, over what was counted, with exact intervals.",
    (
        Column("threshold", REAL, "threshold"),
        Column("measure", TEXT, "per alert, per hour or per face"),
        Column("counting_rule", TEXT, "of faces seen; null but per face"),
        Column("deployments", WHOLE, "deployments behind the row"),
        Column("false_alerts", WHOLE, "decided to be false"),
        Column("exposure", REAL, "decided alerts, hours, or faces seen"),
        Column("rate", REAL, "false alerts / exposure; null without exposure"),
        Column("lower", REAL, "lower end of the interval"),
        Column("upper", REAL, "upper end; a one-sided bound where there is no false alert"),
        Column("level", REAL, "its confidence level"),
        Column("interval", TEXT, "the method of the interval"),
    ),
)

OPERATING_POINTS = Table(
    "operating_points",
    "What `lfr-eval thresholds` weighed: one row a sample of people, threshold and constraint, "
    "with the group that binds.",
    (
        Column("people", TEXT, "choosing: half that chose; reporting: the other; everybody"),
        Column("threshold", REAL, "threshold"),
        Column("constraint", TEXT, "FPIR, ratio, TPIR or alerts"),
        Column("factor", TEXT, "factor of the group that is furthest from the limit"),
        Column("group", TEXT, "that group, or two groups, the worse one first"),
        Column("events", WHOLE, "events of that group; null for ratios"),
        Column("estimate", REAL, "rate, ratio, or false alerts a day; null where undefined"),
        Column("bound", REAL, "end of its interval on the unwelcome side"),
        Column("limit", REAL, "what was asked for"),
        Column("met", FLAG, "whether the bound keeps to the limit"),
        Column("estimate_met", FLAG, "whether the worst estimate alone would"),
    ),
)

STUDIES_COMPARED = Table(
    "studies_compared",
    "What `lfr-eval compare` found: one row a further study, metric and group, beside the first "
    "study, both cut where their overall rate is the same.",
    (
        Column("study", WHOLE, "number of the further study, from 2"),
        Column("metric", TEXT, "metric"),
        Column("factor", TEXT, "factor"),
        Column("group", TEXT, "group"),
        Column("rate_first", REAL, "rate of the first study at its threshold"),
        Column("rate", REAL, "rate of the further study at its own"),
        Column("difference", REAL, "rate - rate_first"),
        Column("lower", REAL, "lower end of its 95 % interval; people redrawn, matched again"),
        Column("upper", REAL, "upper end"),
        Column("ratio", REAL, "rate / rate_first; null where undefined"),
        Column("ratio_lower", REAL, "lower end of its 95 % interval; null where unbounded"),
        Column("ratio_upper", REAL, "upper end"),
        Column("test", TEXT, "the test, paired or not"),
        Column("p_value", REAL, "before adjustment; null where nothing is tested"),
        Column("p_adjusted", REAL, "Holm, over the rows of this study"),
    ),
)

ALL = (
    COHORT,
    ACQUISITION,
    COMPARISONS,
    CORRECTIONS,
    MATED,
    NON_MATED,
    SAMPLE,
    BORDERLINE,
    SEARCHES,
    CANDIDATES,
    WATCHLIST,
    WATCHLIST_MATCHES,
    HISTOGRAM,
    TRUTH,
    RATES,
    FINDINGS,
)

FURTHER = (EQUITY, MODELLED, MODELLED_SEARCHES, WATCHLIST_SIZES, PERSON_TESTS)
"""Tables that `lfr_eval.inference` makes beyond those that every study writes."""

AFTERWARDS = (DEPLOYMENTS, FIELD)
"""Tables that may join a finished study; its hash does not cover them."""

OF_DESIGNS = (ALERTS, ALERT_TIMES, CANDIDATE_COUNTS, CANDIDATE_LISTS, DONT_CARE)
"""Tables that some designs make: of passes in time, of ranks, with people left out."""
