"""Bias and accuracy evaluation of live facial recognition.

Named as in ISO/IEC 2382-37 and ISO/IEC 19795-1. A comparison score greater than or equal to
the threshold is a match. `lfr_eval.study.run` tells the whole story on one screen.
"""

__version__ = "0.1.0"
