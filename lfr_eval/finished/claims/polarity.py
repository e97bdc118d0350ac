"""What a sentence says of differences between groups: that there are some, that there are none."""

from __future__ import annotations

from dataclasses import dataclass

DIFFERENCE, ALIKE, BOTH = "difference", "alike", "both"
OPEN, UNCLEAR, NONE, NEITHER = "open", "unclear", "none", "neither"
"""Groups differ; they do not; some do and some do not; neither is asserted; it cannot be read
which; the sentence is not about groups; one of open and none."""


@dataclass(frozen=True)
class Polarity:
    """What a sentence says of differences between groups.

    Attributes
    ----------
    value
        `difference`, `alike`, `both`, `open`, `none`, `neither` or `unclear`.
    evidential
        Whether likeness is inferred from a difference that was not shown.
    unsure
        The two values that are likeliest, where it is `unclear`.
    is_either
        Whether it is one of these two for certain.
    """

    value: str
    evidential: bool = False
    unsure: tuple[str, ...] = ()
    is_either: bool = False

    @property
    def readings(self) -> tuple[str, ...]:
        """Every value that it may have; none where that is not known."""
        return self.unsure if self.is_either else () if self.unsure else (self.value,)

    def surely(self, *values: str) -> bool:
        """Whether each reading is one of these values."""
        return bool(self.readings) and set(self.readings) <= set(values)
