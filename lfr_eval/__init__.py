"""Bias and accuracy evaluation of live facial recognition.

Named as in ISO/IEC 2382-37 and ISO/IEC 19795-1. A comparison score greater than or equal to
the threshold is a match. `lfr_eval.study.run` tells the whole story on one screen.

`run` runs a study and `read_study` reads a finished one; both return a `Study`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lfr_eval.finished.result import Study
    from lfr_eval.finished.running import read_study, run

__version__ = "0.1.0"
__all__ = ["Study", "__version__", "read_study", "run"]

_HOMES = {
    "Study": "lfr_eval.finished.result",
    "read_study": "lfr_eval.finished.running",
    "run": "lfr_eval.finished.running",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: `import lfr_eval` alone stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
