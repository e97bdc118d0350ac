"""What is known of deployments from published records alone: no study, no fingerprint."""

from lfr_eval.contract.tables.schema import REAL, TEXT, WHOLE, Column, Table

RECORDS = Table(
    "records",
    "One row per deployment, as a force published it or an engine logged it. A value that the file "
    "does not give is null; what the file prints is kept in `as_printed`.",
    (
        Column("record_id", TEXT, "unique: the file, its page or sheet, and the row"),
        Column("source", TEXT, "name of the file"),
        Column("source_sha256", TEXT, "SHA-256 of the file", optional=True),
        Column("page", WHOLE, "page of a PDF, sheet of a workbook; null for other files"),
        Column("row", WHOLE, "row on the page or in the file, as a person counts it"),
        Column("force", TEXT, "the police force or body; null where not stated", optional=True),
        Column("place", TEXT, "where"),
        Column("date", TEXT, "the day it began, ISO 8601; null where the printed date cannot be"),
        Column("hours", REAL, "how long it lasted"),
        Column("use_case", TEXT, "the stated use case or purpose"),
        Column("camera", TEXT, "mobile, existing static, or new static; null where not stated"),
        Column("watchlist_size", WHOLE, "people or images on the watchlist"),
        Column("threshold", REAL, "a score at or above it raises an alert"),
        Column("faces_seen", WHOLE, "faces seen, by the counting rule"),
        Column("counting_rule", TEXT, "how faces were counted, in the words of the file"),
        Column("alerts", WHOLE, "alerts in all"),
        Column("true_alerts", WHOLE, "true alerts: stated, or confirmed and unconfirmed added"),
        Column("false_alerts", WHOLE, "false alerts: stated, or confirmed and unconfirmed added"),
        Column("true_confirmed", WHOLE, "true alerts, confirmed after an engagement"),
        Column("true_unconfirmed", WHOLE, "true alerts without that"),
        Column("false_confirmed", WHOLE, "false alerts, confirmed after an engagement"),
        Column("false_unconfirmed", WHOLE, "false alerts without that"),
        Column("true_engaged", WHOLE, "people spoken to after a true alert"),
        Column("false_engaged", WHOLE, "people spoken to after a false alert"),
        Column("arrests", WHOLE, "arrests; with other disposals where the file adds them"),
        Column("other_disposals", WHOLE, "other disposals"),
        Column("no_action", WHOLE, "no further action"),
        Column("false_alert_rate", TEXT, "the rate that the file prints, to its last digit"),
        Column("false_by_group", TEXT, "JSON: false alerts by factor and group, where recorded"),
        Column("model_version", TEXT, "the matcher, where it is known"),
        Column("matcher_fingerprint", TEXT, "SHA-256 of the matcher, where it is known"),
        Column("as_printed", TEXT, "JSON: the file's own cells, by field"),
        Column("remark", TEXT, "what the file says of the row beside its numbers"),
        Column(
            "file_notes",
            TEXT,
            "JSON: sentences on what of the file was not read, left out or read as stated",
            optional=True,
        ),
    ),
)

CHECKS = Table(
    "record_checks",
    "What looks wrong in records: one row per doubt. Nothing is changed by it.",
    (
        Column("record_id", TEXT, "the record; null where the doubt is about a whole file"),
        Column("source", TEXT, "name of the file"),
        Column("check", TEXT, "the kind of doubt"),
        Column("column", TEXT, "the column in doubt"),
        Column("value", TEXT, "its value"),
        Column("reason", TEXT, "why it is doubted, in a sentence"),
        Column("suggestion", TEXT, "a value that would remove the doubt; null where none is known"),
    ),
)

STREET = Table(
    "street",
    "False alerts of deployments over what they are counted against, by one dimension at a time.",
    (
        Column(
            "force",
            TEXT,
            "force, or system where these differ; null: several together, or not stated",
        ),
        Column("dimension", TEXT, "all, force, system, file, year, threshold, place, ..."),
        Column("value", TEXT, "its value"),
        Column("measure", TEXT, "per face, per alert or per hour"),
        Column("deployments", WHOLE, "deployments with both counts"),
        Column("false_alerts", WHOLE, "false alerts of these"),
        Column("exposure", REAL, "faces, alerts or hours of these"),
        Column("rate", REAL, "false alerts / exposure"),
        Column("lower", REAL, "exact interval, as if false alerts were independent"),
        Column("upper", REAL, "its upper end; a one-sided bound where there is no false alert"),
        Column("dispersion", REAL, "variance between deployments over that of independent events"),
        Column("wide_lower", REAL, "the interval that counts deployments"),
        Column("wide_upper", REAL, "its upper end"),
        Column("level", REAL, "confidence level of both"),
        Column("note", TEXT, "why it may not be compared with its neighbours; null where it may"),
        Column("records", TEXT, "rows of table `records` behind it, counted from 1: 1–3, 7"),
    ),
)
