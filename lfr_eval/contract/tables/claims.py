"""What can be claimed about differences between groups, and tests beside it."""

from lfr_eval.contract.tables.schema import FLAG, REAL, TEXT, WHOLE, Column, Table

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
