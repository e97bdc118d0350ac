"""Comparisons, searches and alerts: what the matcher answered."""

from lfr_eval.contract.tables.schema import FLAG, REAL, TEXT, WHOLE, Column, Table

COMPARISONS = Table(
    "comparisons",
    "One row per person: acquired images by role, from which the number of comparisons between any "
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
    "left out on purpose, or an explicit list of scores. One name on both sides: a pair of "
    "unknown people, which counts by itself.",
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
    "Comparisons so near to a threshold that a wider number type might decide otherwise.",
    (
        Column("kind", TEXT, "mated or non_mated"),
        Column("threshold", REAL, "threshold"),
        Column("within", REAL, "largest distance counted; 0: equal in float32"),
        Column("comparisons", WHOLE, "how many"),
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
        Column(
            "mated_score",
            "float32",
            "best own reference; -inf: not acquired, or below the floor of a log; null: has none",
        ),
        Column(
            "score",
            "float32",
            "best reference of anybody else; -inf: not acquired, or below the floor of a log",
        ),
        Column("reference_id", TEXT, "that reference; null: none"),
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
        Column(
            "others_told",
            FLAG,
            "false: the log does not tell whether anybody else's reference reached the threshold, "
            "so the pass is no trial of FPIR; null: it does",
            optional=True,
        ),
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
    "so there is one row per pass and reference.",
    (
        Column("pass_id", TEXT, "recognition opportunity"),
        Column("subject_id", TEXT, "person who passes"),
        Column("place", WHOLE, "place of the reference in table `watchlist`"),
        Column("score", "float32", "comparison score of the best frame"),
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
        Column(
            "frame",
            WHOLE,
            "place of the frame in its pass, from 1; frames not acquired count; null: a log of "
            "alerts does not tell",
        ),
        Column("seconds", REAL, "since the first frame of the pass; null: times are missing"),
        Column("score", "float32", "highest score of the pass so far"),
    ),
)

ALERT_LOG = Table(
    "alert_log",
    "The log of a live system that is a black box: every alert, and the pass that it belongs to. "
    "Alerts without a pass are in no rate.",
    (
        Column("row", WHOLE, "line of the log"),
        Column("reference_id", TEXT, "reference that the alert names"),
        Column("score", REAL, "its score"),
        Column("time", TEXT, "time as the log has it"),
        Column("camera", TEXT, "camera as the log has it"),
        Column("pass_id", TEXT, "recognition opportunity; null: none was found"),
        Column(
            "matched",
            TEXT,
            "how: named, or nearest in time at the same camera; or why not: no such pass, no pass "
            "near, no pass at this camera, or several passes as near",
        ),
        Column("seconds", REAL, "from the pass's time to the alert's; null: a time is missing"),
    ),
)
