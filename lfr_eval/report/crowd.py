"""Stage report: false alerts to expect in a crowd (the rate of everybody in, a sentence out).

The crowd is a thought experiment with stated assumptions: everybody in it passes the camera once,
nobody in it is on the watchlist, and it has the mix of groups of the people tested. The rate of
everybody together is therefore that of the crowd.
"""

from __future__ import annotations

from lfr_eval.contract.words import about, count
from lfr_eval.report.rates import Rate

SIZE = 10_000
"""People in the crowd."""


def crowd_sentence(everybody: Rate | None, simulated: bool) -> str:
    """Return the false alerts to expect in a crowd; empty where their rate is not known.

    `everybody` is the FPIR of everybody together, at one threshold and watchlist size.

    Examples
    --------
    >>> from lfr_eval.report.rates import Rate
    >>> rate = Rate("FPIR", 0.6, 9, None, "overall", "everybody", None, 3, 100, 100, 3,
    ...             0.03, 0.0102, 0.0851, 0.95, 100.0, "")
    >>> crowd_sentence(rate, False)[-68:]
    'about 300 false alerts. Anything from 102 to 851 fits what was seen.'
    """
    if everybody is None or everybody.rate is None or everybody.upper is None:
        return ""
    lower, upper = SIZE * (everybody.lower or 0.0), SIZE * everybody.upper
    fits = f"anything from {about(lower, 'down')} to {about(upper, 'up')}"
    there = f"about {about(SIZE * everybody.rate)} false alerts. A{fits[1:]} fits what was seen"
    if not everybody.events:
        there = f"{fits} false alerts. None was seen, and every number in this range fits that"
    who = "made-up people" if simulated else "people"
    return (
        f"In a crowd of {count(SIZE)} {who} a day, with the same mix of groups as the people "
        f"tested, there would be {there}."
    )
