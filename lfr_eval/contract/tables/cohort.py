"""Who is in a study, and whose images gave a template."""

from lfr_eval.contract.tables.schema import FLAG, REAL, TEXT, WHOLE, Column, Table

COHORT = Table(
    "cohort",
    "One row per image or template: who is on it and in what role. Further columns are factors.",
    (
        Column("image_id", TEXT, "unique name of the image or template"),
        Column("subject_id", TEXT, "the person"),
        Column(
            "role",
            TEXT,
            "reference, probe, both, or filler (a watchlist image only); pair: no image, but a "
            "person of a list of pairs, or a pair of unknown people",
        ),
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
        Column(
            "acquired",
            FLAG,
            "of scores and alerts from elsewhere: whether the system made a template; null: the "
            "people's data do not tell",
            optional=True,
        ),
    ),
    extra_columns=True,
)

ACQUISITION = Table(
    "acquisition",
    "One row per image: whether a template could be made of it.",
    (
        Column("image_id", TEXT, "image"),
        Column("acquired", FLAG, "whether a template was made"),
        Column("reason", TEXT, "why not; null where it was"),
        Column("faces", WHOLE, "faces detected; null where the matcher does not tell"),
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

DONT_CARE = Table(
    "dont_care",
    "Pairs of people who are not compared, because a match between them would prove nothing.",
    (
        Column("subject_a", TEXT, "person"),
        Column("subject_b", TEXT, "another person"),
        Column("reason", TEXT, "twins, one person under two identities, mislabelled, ..."),
    ),
)
