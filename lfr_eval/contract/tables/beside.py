"""What stands beside finished studies: deployments, plans, choices, comparisons."""

from lfr_eval.contract.tables.schema import FLAG, REAL, TEXT, WHOLE, Column, Table

DEPLOYMENTS = Table(
    "deployments",
    "One row a deployment of the live engine, logged by ours or recorded by others; the columns "
    "but the last two are those of a file of records. No place, and nobody's name.",
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
        Column("joined_by", TEXT, "how it is known to be of the study's matcher; null: left out"),
        Column("left_out", TEXT, "why it says nothing about the study; null where it does"),
    ),
)

FIELD = Table(
    "field",
    "False alerts of deployments at one threshold of the study, with exact intervals.",
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

PLANNING = Table(
    "planning",
    "Answers of `lfr-eval plan`: one row a question, way of seeing it, and method.",
    (
        Column("asked", TEXT, "people, power, ratio or bound: the column that holds the answer"),
        Column("about", TEXT, "difference, equivalence, or no event"),
        Column("case", TEXT, "how passes of one person are taken to depend on one another"),
        Column("method", TEXT, "the test or formula"),
        Column("evidence", TEXT, "enumerated, drawn, normal approximation, simulated, or exact"),
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

OPERATING_POINTS = Table(
    "operating_points",
    "What `lfr-eval thresholds` weighed: one row a sample of people, threshold and constraint, "
    "with the group that binds.",
    (
        Column("people", TEXT, "choosing: half that chose; reporting: the other; everybody"),
        Column("threshold", REAL, "threshold"),
        Column("constraint", TEXT, "FPIR, FMR, FMR within groups, ratio, TPIR or alerts"),
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
        Column(
            "lower", REAL, "lower end of its 95 % interval, which allows for estimated thresholds"
        ),
        Column("upper", REAL, "upper end"),
        Column("ratio", REAL, "rate / rate_first; null where undefined"),
        Column("ratio_lower", REAL, "lower end of its 95 % interval; null where unbounded"),
        Column("ratio_upper", REAL, "upper end"),
        Column("test", TEXT, "the test, paired or not"),
        Column("p_value", REAL, "before adjustment; null where nothing is tested"),
        Column("p_adjusted", REAL, "Holm, over the rows of this study"),
    ),
)
