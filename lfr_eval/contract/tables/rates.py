"""Error rates by group, and what is known or summarised of them."""

from lfr_eval.contract.tables.schema import FLAG, REAL, TEXT, WHOLE, Column, Table

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
            "TPIR and FNIR: a mate counts as found only among so many candidates; null: among all, "
            "or among all of a given list (`study.json`, design.list_length)",
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
        Column("subjects", WHOLE, "people with a trial; across groups, people of `group` only"),
        Column("subjects_with_event", WHOLE, "people with an event"),
        Column("rate", REAL, "events / trials; null without trials"),
        Column("lower", REAL, "lower end of the interval"),
        Column("upper", REAL, "upper end of the interval"),
        Column("level", REAL, "its confidence level"),
        Column("effective_trials", REAL, "independent trials with the same variance"),
        Column("interval", TEXT, "the method of the interval"),
        Column(
            "band_lower",
            REAL,
            "lower end of the band: with the confidence `level`, the true rates of all groups of "
            "the factor lie within their bands at all thresholds at once; null across groups",
            optional=True,
        ),
        Column("band_upper", REAL, "upper end of the band", optional=True),
        Column(
            "pooled",
            REAL,
            "rate of a group of a crossed factor, pooled with what the main effects of its labels "
            "lead to expect; never a verdict, null of other factors and of fewer than four groups",
            optional=True,
        ),
        Column("pooled_lower", REAL, "lower end of its interval", optional=True),
        Column("pooled_upper", REAL, "upper end of its interval", optional=True),
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
        Column("rate", REAL, "true rate; null where untestable: one person is no pair"),
    ),
)

ALERT_TIMES = Table(
    "alert_times",
    "Frames and seconds from the first frame of a pass to the one that sets off the alert.",
    (
        Column("metric", TEXT, "TPIR: alerts that name the person who passes; FPIR: all others"),
        Column("threshold", REAL, "threshold"),
        Column("watchlist_size", WHOLE, "references searched"),
        Column("factor", TEXT, "factor"),
        Column("group", TEXT, "group of the person who passes"),
        Column("alerts", WHOLE, "passes with an alert; the events of the rate"),
        Column("frames_median", REAL, "half of the alerts came within so many frames"),
        Column("frames_90", REAL, "90 % of them came within so many frames"),
        Column("timed", WHOLE, "alerts of passes with times"),
        Column("seconds_median", REAL, "half of these came within so many seconds"),
        Column("seconds_90", REAL, "90 % of these came within so many seconds"),
    ),
)

CANDIDATE_LISTS = Table(
    "candidate_lists",
    "Lengths of candidate lists: other people's references at or above a threshold, per search.",
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
        Column("lower", REAL, "lower end of its interval, people being the unit"),
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
        Column("lower", REAL, "lower end of its interval, people being the unit"),
        Column("upper", REAL, "upper end"),
        Column("level", REAL, "confidence level"),
        Column("decades", REAL, "decades beyond one event in all comparisons or passes"),
        Column("floor", REAL, "score above which the tail was fitted"),
        Column("exceedances", WHOLE, "comparisons or passes above the floor"),
        Column(
            "shape",
            REAL,
            "shape of the generalised Pareto distribution with the fitted hazard at the floor",
        ),
        Column("scale", REAL, "its scale"),
        Column("fit_p_value", REAL, "goodness of fit, people being the unit"),
        Column("refused", TEXT, "why nothing is modelled; null where it is"),
    ),
)

MODELLED_SEARCHES = Table(
    "modelled_searches",
    "False alert rates (FPIR) beyond the last observed event, from the same model; columns as in "
    "`modelled`. They hold for the watchlist that was searched.",
    MODELLED.columns,
)
