"""What a publication holds beside tables of the study: people as counts, not as rows."""

from lfr_eval.contract.tables.schema import TEXT, WHOLE, Column, Table

PEOPLE = Table(
    "people",
    "People and images by group, for publication: what `cohort` says without naming anybody. Null: "
    "withheld.",
    (
        Column("factor", TEXT, "overall, gender, ethnicity, gender x ethnicity, ..."),
        Column("group", TEXT, "group"),
        Column("people", WHOLE, "people under test"),
        Column("references", WHOLE, "images that serve as references"),
        Column("probes", WHOLE, "images that serve as probes"),
        Column("both", WHOLE, "images that serve as both"),
        Column("passes", WHOLE, "recognition opportunities"),
        Column("fillers", WHOLE, "images of other people that fill the watchlist"),
        Column("filler_people", WHOLE, "those people"),
    ),
)
