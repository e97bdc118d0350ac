"""Screening: which comparisons of a tile may reach a score (prepared templates to candidates).

One matrix product in float32 or bfloat16 says of every comparison within a proven margin what its
score is. What falls short of the floor by more than the margin cannot reach it; the rest are
candidates, to be scored exactly. So precision costs or saves time and changes no result.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from lfr_eval.comparison.sides import ComparisonError
from lfr_eval.comparison.similarity import Similarity, Vectors

if TYPE_CHECKING:
    import torch

Ints = NDArray[np.intp]
Precision = Literal["float32", "bfloat16"]
Asked = Literal["auto"] | Precision
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")

UNIT32 = 2.0**-24
"""Unit roundoff of float32, in which products are accumulated."""

LEFT_ROWS = 1024
"""Left templates multiplied at once: their product with a block stays in the last-level cache."""

BLOCK = 4096
PROBE = 1024
SMALL = 2**28
"""Comparisons below which the time of a probe cannot be won back."""


def product_margin(
    vectors: Vectors, rows: Ints, similarity: Similarity, precision: Precision
) -> float:
    """Bound |screening product - exact product| over all pairs of prepared templates.

    Let x, y be the exact factors, x', y' the rounded ones that are multiplied. Then

        |x.y - fl(x'.y')| <= |x.y - x'.y| + |x'.y - x'.y'| + |x'.y' - fl(x'.y')|
                          <= |x - x'| |y| + |x'| |y - y'| + gamma_n |x'| |y'|

    by Cauchy-Schwarz and, for whatever order of summation in float32, with or without fused
    multiply-add, gamma_n = n u / (1 - n u), u = 2^-24 (Higham 2002, Accuracy and Stability of
    Numerical Algorithms, sections 3.1 and 3.5). The largest lengths and the largest rounding
    residuals are measured over the templates themselves, which is tighter than the worst case
    2^-8 of bfloat16 and as safe. A processor that flushes subnormal numbers to zero, as the
    bfloat16 instructions do, adds at most 2^-126 for each product and each sum. The last term of
    the code covers those, the float64 arithmetic of this function itself, and that of
    `Similarity.bar` and `score` on any scale: 2^-53 (4 |similarity| + |offset| / slope). The
    rounding of the product to bfloat16, where that is its type, is left to `Bar`.

    Parameters
    ----------
    vectors : (images, size)
        Prepared templates.
    rows
        The templates that are compared.
    """
    longest = np.zeros((2, 3))  # by side: the exact factors, the rounded ones, their difference
    for start in range(0, len(rows), BLOCK):
        for side in (0,) if similarity.templates_are_factors else (0, 1):
            exact = similarity.factors(vectors[rows[start : start + BLOCK]], side)
            size = exact.shape[1]
            if similarity.templates_are_factors and precision == "float32":
                parts = [exact]  # nothing is rounded
            else:
                rounded = _rounded(exact, precision).double().numpy()
                parts = [exact, rounded, exact - rounded]
            for column, part in enumerate(parts):
                squares = np.einsum("ij,ij->i", part, part)
                longest[side, column] = max(longest[side, column], squares.max(initial=0.0))
    if not len(rows):
        return 0.0
    if similarity.templates_are_factors:
        if precision == "float32":
            longest[0, 1] = longest[0, 0]
        longest[1] = longest[0]
    (left, left_rounded, left_residual), (right, right_rounded, right_residual) = np.sqrt(longest)
    # Twice gamma_n, because accumulators of GPUs may cut off where processors round.
    roundoff = 2 * size * UNIT32
    return float(
        left_residual * right
        + left_rounded * right_residual
        + roundoff / (1.0 - roundoff) * left_rounded * right_rounded
        + 1e-11 * (1.0 + left * right)
    )


@dataclass(frozen=True)
class Bar:
    """The least screening product of a candidate, as each type of product is compared with it.

    Whichever way a product is rounded to bfloat16, one that is not below a number does not fall
    below the bfloat16 number next below that number: rounding is monotone.

    Attributes
    ----------
    float32
        Rounded down.
    bits
        The bit pattern of the bar rounded down to bfloat16.
    """

    float32: np.float32
    bits: int

    @classmethod
    def at(cls, product: float) -> Bar:
        """Return the bar at a screening product, rounded down."""
        value = np.float32(product)
        if float(value) > product:
            value = np.nextafter(value, np.float32(-np.inf))
        pattern = int(value.view(np.uint32))
        cut = pattern >> 16
        # Cutting bits off rounds towards zero, which is up for negative numbers.
        if pattern >= 0x8000_0000 and pattern & 0xFFFF and not np.isinf(value):
            cut += 1
        # A product of minus zero reaches a bar of zero.
        return cls(value, cut or 0x8000)

    @property
    def bfloat16(self) -> float:
        """The bar rounded down to bfloat16."""
        return float(np.uint32(self.bits << 16).view(np.float32))

    def reached(self, product: torch.Tensor) -> tuple[Ints, Ints]:
        """Return rows and columns of the products at or above the bar."""
        import torch

        if product.device.type != "cpu":
            bar = float(self.float32) if product.dtype == torch.float32 else self.bfloat16
            rows, columns = torch.nonzero(product >= bar, as_tuple=True)
            return rows.cpu().numpy().astype(np.intp), columns.cpu().numpy().astype(np.intp)
        # On a processor numpy compares about ten times faster than torch.
        if product.dtype == torch.float32:
            high = product.numpy() >= self.float32
        elif self.bits < 0x8000:
            # Patterns of positive numbers are ordered like integers, those of negative ones are
            # negative integers.
            high = product.view(torch.int16).numpy() >= np.int16(self.bits)
        else:
            # Below a negative bar are just the negative numbers of larger magnitude.
            high = product.view(torch.uint16).numpy() <= np.uint16(self.bits)
        flat = np.flatnonzero(high)
        return np.divmod(flat, product.shape[1])


@dataclass(frozen=True)
class Screen:
    """Multiplies tiles on one device in one precision."""

    similarity: Similarity
    precision: Precision
    device: str = "cpu"

    def load(self, vectors: Vectors, side: int) -> torch.Tensor:
        """Return prepared templates as a side of the product, (n, factors)."""
        import torch

        # Where templates are the factors, the way by float64 changes nothing and takes long.
        if self.similarity.templates_are_factors:
            single = torch.from_numpy(np.ascontiguousarray(vectors)).to(self.device)
            return single if self.precision == "float32" else single.to(torch.bfloat16)
        return _rounded(self.similarity.factors(vectors, side), self.precision).to(self.device)

    def products(
        self, left: torch.Tensor, right: torch.Tensor
    ) -> Iterator[tuple[int, torch.Tensor]]:
        """Yield the first row and the product of each slice of the left templates.

        The memory of a product is used again for the next one.
        """
        import torch

        transposed = right.T.contiguous()
        rows = LEFT_ROWS if left.device.type == "cpu" else len(left)
        buffer = torch.empty(
            (min(rows, len(left)), len(right)), dtype=left.dtype, device=left.device
        )
        for start in range(0, len(left), rows):
            part = left[start : start + rows]
            yield start, torch.mm(part, transposed, out=buffer[: len(part)])


def as_precision(name: str) -> Asked:
    """Return a precision by its name, or `auto`.

    Raises
    ------
    ComparisonError
        If there is none of that name.
    """
    known: dict[str, Asked] = {"auto": "auto", "float32": "float32", "bfloat16": "bfloat16"}
    if name not in known:
        raise ComparisonError(
            f"There is no precision '{name}'. Choose compute.precision=auto, float32 or bfloat16."
        )
    return known[name]


def available(precision: Precision, device: str) -> bool:
    """Whether the device multiplies in this precision by instructions of its own."""
    import torch

    if precision == "float32":
        return True
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    flags = capabilities() if capabilities else {}
    return bool(flags.get("avx512_bf16") or flags.get("amx_bf16"))


def choose_precision(
    asked: Asked,
    vectors: Vectors,
    rows: Ints,
    similarity: Similarity,
    comparisons: int,
    device: str = "cpu",
) -> Precision:
    """Return the precision asked for; for `auto`, the faster one of those the device has.

    Both are timed in turn on the same tile, products and search for candidates alike, at a bar
    that no product reaches. bfloat16 is not taken where a product is found beyond its margin:
    that would be a fault of the processor or of a library, and is checked here for no more than
    it costs.
    """
    if asked != "auto":
        return asked
    if comparisons < SMALL or not available("bfloat16", device):
        return "float32"
    chosen = np.random.default_rng(0).choice(rows, min(PROBE, len(rows)), replace=False)
    sample = np.asarray(vectors[np.sort(chosen)])
    if largest_error(sample, similarity, "bfloat16", device) > product_margin(
        sample, np.arange(len(sample)), similarity, "bfloat16"
    ):
        return "float32"
    seconds: dict[Precision, list[float]] = {precision: [] for precision in PRECISIONS}
    for _ in range(5):
        for precision, times in seconds.items():
            times.append(_time(Screen(similarity, precision, device), sample))
    # The first turn warms up.
    return min(seconds, key=lambda precision: statistics.median(seconds[precision][1:]))


def largest_error(
    sample: Vectors, similarity: Similarity, precision: Precision, device: str = "cpu"
) -> float:
    """Return the largest |screening - exact| product among some templates, beyond its rounding."""
    screen = Screen(similarity, precision, device)
    exact = similarity.factors(sample, 0) @ similarity.factors(sample, 1).T
    worst = 0.0
    for start, product in screen.products(screen.load(sample, 0), screen.load(sample, 1)):
        given = product.double().cpu().numpy()
        error = np.abs(given - exact[start : start + len(given)])
        if precision == "bfloat16":
            # Rounded either way, a bfloat16 number is off by less than 2^-7 of itself.
            error -= 2.0**-7 * np.abs(given)
        worst = max(worst, float(error.max(initial=0.0)))
    return worst


def _time(screen: Screen, sample: Vectors) -> float:
    import torch

    left, right = screen.load(sample, 0), screen.load(sample, 1)
    bar = Bar.at(1e30)
    start = time.perf_counter()
    for _, product in screen.products(left, right):
        bar.reached(product)
    if left.device.type == "cuda":
        torch.cuda.synchronize(left.device)
    return time.perf_counter() - start


def _rounded(factors: NDArray[np.float64], precision: Precision) -> torch.Tensor:
    import torch

    # By way of float32, so that whatever is measured is what is multiplied.
    single = torch.from_numpy(factors.astype(np.float32))
    return single if precision == "float32" else single.to(torch.bfloat16)
