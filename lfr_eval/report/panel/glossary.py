"""Stage report: the terms of ISO/IEC 2382-37 and 19795-1 in plain words."""

from __future__ import annotations

import re

_TERMS = """
Alert: The system says that a passer-by looks like somebody on the watchlist.
Failure to acquire (FTA): The system found no face that it could use, so it cannot recognise that
  person.
Failure to enrol (FTE): No usable entry could be made from a person's image.
False alert: An alert on somebody who is not the person on the watchlist.
False match rate (FMR): How often images of two different people are taken for one person.
False negative identification rate (FNIR): How often a person on the watchlist walks past and gets
  no alert.
False non-match rate (FNMR): How often two images of one person are not taken for the same person.
False positive identification rate (FPIR): How often a person who is not on the watchlist gets an
  alert.
Filler: A face on the watchlist of a study that belongs to nobody who walks past.
Fingerprint of a matcher: A long number that stands for one exact version of the software. Another
  version has another number.
Interval: The range of true rates that fit what was seen. A wide interval means weak evidence.
Mated comparison: Two images of the same person are compared.
Non-mated comparison: Images of two different people are compared.
p-value: How often chance alone would give a difference at least this large. Small means that
  chance is a poor explanation.
Probe: The face that the camera sees.
Recognition opportunity: One walk of one person past the camera.
Reference: The face on the watchlist with which a probe is compared.
Score: A number that says how alike two faces look to the system.
Study hash: A long number that stands for all files of a study. If any file changes, so does
  the hash.
Template: The numbers that the system makes from a face in order to compare it.
Threshold: The score from which the system calls two faces a match. A higher one gives fewer false
  alerts and misses more people.
True positive identification rate (TPIR): How often a person on the watchlist walks past and gets
  an alert. Also called the true recognition rate.
Watchlist: The list of faces that the system looks for.
"""


def glossary() -> dict[str, str]:
    """Return what each term means, in the order of the alphabet."""
    lines = re.sub(r"\n +", " ", _TERMS).strip().splitlines()
    return dict(line.split(": ", 1) for line in lines)
