"""Stage report: what a publication withholds (`publication.json` in, sentences out).

The file stands beside tables that were protected for publication. In a study folder there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lfr_eval.contract.reading import ReadingError, read_json
from lfr_eval.contract.record import StudyRecordError
from lfr_eval.contract.words import several
from lfr_eval.report.words import clean

FILE = "publication.json"
ATTEMPTED = (
    "One-to-one rates are those of all comparisons that were attempted: a comparison that a "
    "failure prevented counts as one without an error. So the rates do not tell how many images "
    "failed. They are a little lower than those of the comparisons made, and the ends of their "
    "intervals are rounded outwards. Where a group had no error, the upper end is higher than that "
    "of the study, which would tell how many people were compared."
)


class Publication(NamedTuple):
    """What is not published: counts from 1 to below the `minimum`, and what follows from them.

    `withheld` are tables, their rows, and those of them that lack something; `left_out` says what
    is not there at all. Of comparisons whose numbers are withheld, `higher` names the group with
    the higher rate, and `rests_on_few` those whose difference rests on few people. The rates of the
    metrics `attempted` are those of the comparisons attempted; `unknown` is `People.unknown`.
    """

    minimum: int
    withheld: tuple[tuple[str, int, int], ...]
    left_out: tuple[str, ...]
    higher: Mapping[str, str]
    attempted: tuple[str, ...]
    rests_on_few: tuple[str, ...]
    unknown: str

    @property
    def extent(self) -> str:
        """How much is withheld."""
        parts = [f"{several(lacking, 'row')} of {rows:,} in {name}.csv"
                 for name, rows, lacking in self.withheld]  # fmt: skip
        verified = "Figures are verified against the full study."
        return f"Something is withheld in {', '.join(parts)}. {verified}"


PUBLISH_MORE = (
    "A smaller --minimum may withhold less, and so may a study with fewer groups: run it with "
    "fewer inference.factors, first without combinations, and publish that."
)


def read_publication(folder: Path) -> Publication | None:
    """Read what a publication withholds; None in a study folder."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        content = read_json(file)
        return Publication(
            int(content["minimum"]),
            tuple(
                (clean(name), int(tally["rows"]), int(tally["small"]) + int(tally["further"]))
                for name, tally in content["tables"].items()
            ),
            tuple(clean(str(sentence)) for sentence in content["left_out"]),
            {clean(name): clean(str(group)) for name, group in content.get("higher", {}).items()},
            tuple(clean(str(metric)) for metric in content.get("attempted", ())),
            tuple(clean(str(name)) for name in content.get("rests_on_few", ())),
            clean(str(content.get("unknown", ""))),
        )
    except ReadingError as error:
        raise StudyRecordError(str(error)) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StudyRecordError(f"{FILE} does not say what is withheld ({error!r}).") from None
