"""What every design must count, by plain loops over images: slow, short, and independent.

Nothing of the package is used but the order of the watchlist. A key of a count is (metric,
threshold, watchlist size, rank, factor, group, counterpart); its value is (events, trials,
people, people with an event).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Key = tuple[object, ...]
Count = tuple[int, int, int, int]
NEVER = -math.inf
FACTORS = ("overall", "gender", "gender x ethnicity")


@dataclass(frozen=True)
class Image:
    """One image; `opportunity` is the pass or, in the design `retrospective`, the image."""

    name: str
    person: str
    role: str
    opportunity: str
    frame: int
    seconds: float | None
    acquired: bool

    @property
    def is_probe(self) -> bool:
        return self.role in ("probe", "both")

    @property
    def is_reference(self) -> bool:
        return self.role in ("reference", "both")


@dataclass(frozen=True)
class World:
    """People and images, and how alike two images are."""

    images: list[Image]
    labels: dict[str, dict[str, str]]
    score: Callable[[Image, Image], float]
    apart: set[frozenset[str]]
    watchlist: list[Image]
    sizes: tuple[int, ...]
    thresholds: tuple[float, ...]

    def groups(self, person: str) -> Iterator[tuple[str, str]]:
        for factor in FACTORS:
            if factor == "overall":
                yield factor, "everybody"
            else:
                yield factor, " x ".join(self.labels[person][part] for part in factor.split(" x "))

    def opportunities(self) -> dict[str, list[Image]]:
        found: dict[str, list[Image]] = {}
        for image in self.images:
            if image.is_probe:
                found.setdefault(image.opportunity, []).append(image)
        return found

    def others(self, probe: Image, size: int) -> list[float]:
        """Scores of the references of other people; none where the probe was not acquired."""
        return [
            self.score(probe, reference)
            for reference in self.watchlist[:size]
            if probe.acquired
            and reference.person != probe.person
            and frozenset((reference.person, probe.person)) not in self.apart
        ]

    def own(self, probe: Image) -> float | None:
        """The best score of an own reference; None where the person is not enrolled by another."""
        mates = [
            image
            for image in self.images
            if image.is_reference and image.acquired and image.person == probe.person
        ]
        if mates and not probe.acquired:
            return NEVER
        return max((self.score(probe, mate) for mate in mates if mate != probe), default=None)


class Counts:
    """Adds trials up."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[Key, list[tuple[str, bool]]] = {}

    def add(self, setting: tuple[object, ...], person: str, event: bool, named: bool) -> None:
        for factor, group in self.world.groups(person):
            self.add_to((*setting, factor, group, group if named else None), person, event)

    def add_to(self, key: Key, person: str, event: bool) -> None:
        self.rows.setdefault(key, []).append((person, event))

    def table(self) -> dict[Key, Count]:
        return {
            key: (
                sum(event for _, event in rows),
                len(rows),
                len({person for person, _ in rows}),
                len({person for person, event in rows if event}),
            )
            for key, rows in self.rows.items()
        }


def acquisition(world: World, counts: Counts) -> None:
    for frames in world.opportunities().values():
        missed = not any(frame.acquired for frame in frames)
        counts.add(("FTA", None, None, None), frames[0].person, missed, True)
    for image in world.images:
        if image.is_reference:
            counts.add(("FTE", None, None, None), image.person, not image.acquired, True)


def verification(world: World, counts: Counts, mirrored: bool) -> int:
    """Count pairs of images; return how many were left out because people are don't-care.

    A pair is added for both its people, so its cell counts it twice: `pairs` halves that. Where
    some image is in both roles (`mirrored`), comparisons across groups have no direction.
    """
    seen, left_out = set(), 0
    for reference in world.images:
        for probe in world.images:
            pair = frozenset((reference.name, probe.name))
            if not (reference.is_reference and probe.is_probe) or len(pair) < 2 or pair in seen:
                continue
            if not (reference.acquired and probe.acquired):
                continue
            seen.add(pair)
            if frozenset((reference.person, probe.person)) in world.apart:
                left_out += 1
                continue
            score = world.score(reference, probe)
            for threshold in world.thresholds:
                hit = score >= threshold
                if reference.person == probe.person:
                    counts.add(("FNMR", threshold, None, None), probe.person, not hit, True)
                    continue
                _non_mated(world, counts, threshold, probe.person, reference.person, hit, mirrored)
    return left_out


def _non_mated(
    world: World,
    counts: Counts,
    threshold: float,
    probe: str,
    reference: str,
    hit: bool,
    mirrored: bool,
) -> None:
    for one, other in zip(world.groups(probe), world.groups(reference), strict=True):
        factor, group, counterpart = *one, other[1]
        for key, person in {
            (("FMR", threshold, None, None, factor, group, counterpart), probe),
            *(
                {(("FMR", threshold, None, None, factor, counterpart, group), reference)}
                if mirrored or group == counterpart
                else set()
            ),
        }:
            counts.add_to(key, person, hit)


def halved(table: dict[Key, Count]) -> dict[Key, Count]:
    """Halve the pairs within a group, which stand in the table once for either person."""
    return {
        key: (count[0] // 2, count[1] // 2, *count[2:])
        if key[0] == "FMR" and key[-1] == key[-2]
        else count
        for key, count in table.items()
    }


def searches(world: World, counts: Counts) -> None:
    for size in world.sizes:
        for frames in world.opportunities().values():
            person = frames[0].person
            other = max((one for f in frames for one in world.others(f, size)), default=NEVER)
            mates = [mate for f in frames if (mate := world.own(f)) is not None]
            for threshold in world.thresholds:
                counts.add(("FPIR", threshold, size, None), person, other >= threshold, False)
                if not mates:
                    continue
                found = max(mates) >= threshold
                wrong = other >= threshold and other >= max(mates)
                counts.add(("TPIR", threshold, size, None), person, found, False)
                counts.add(("FNIR", threshold, size, None), person, not found, False)
                counts.add(("misidentification", threshold, size, None), person, wrong, False)


def ranked(world: World, counts: Counts, ranks: Iterable[int]) -> None:
    for size in world.sizes:
        for (probe,) in world.opportunities().values():
            mate = world.own(probe)
            if mate is None:
                continue
            place = 1 + sum(score >= mate for score in world.others(probe, size))
            for rank in ranks:
                on_list = mate > NEVER and place <= rank
                for threshold in (None, *world.thresholds):
                    found = on_list and (threshold is None or mate >= threshold)
                    counts.add(("TPIR", threshold, size, rank), probe.person, found, False)
                    counts.add(("FNIR", threshold, size, rank), probe.person, not found, False)


def alert_times(world: World) -> dict[Key, tuple[object, ...]]:
    """Frames and seconds to the alert by (metric, threshold, size, factor, group)."""
    delays: dict[Key, list[tuple[int, float | None]]] = {}
    for size in world.sizes:
        for frames in world.opportunities().values():
            timed = all(frame.seconds is not None for frame in frames)
            frames.sort(key=lambda frame: (frame.seconds if timed else 0.0, frame.frame))
            own = [NEVER if (mate := world.own(frame)) is None else mate for frame in frames]
            others = [max(world.others(frame, size), default=NEVER) for frame in frames]
            for metric, scores in (("TPIR", own), ("FPIR", others)):
                for threshold in world.thresholds:
                    for number, (frame, score) in enumerate(zip(frames, scores, strict=True), 1):
                        if score >= threshold:
                            since = frame.seconds - frames[0].seconds if timed else None
                            for where in world.groups(frame.person):
                                key = (metric, threshold, size, *where)
                                delays.setdefault(key, []).append((number, since))
                            break
    return {
        key: (
            len(found),
            *_quantiles([number for number, _ in found]),
            sum(since is not None for _, since in found),
            *_quantiles([since for _, since in found if since is not None]),
        )
        for key, found in delays.items()
    }


def candidate_lists(world: World) -> dict[Key, tuple[object, ...]]:
    """Searches, mean, median, 90 % quantile, maximum by (threshold, size, factor, group)."""
    lengths: dict[Key, list[int]] = {}
    for size in world.sizes:
        for (probe,) in world.opportunities().values():
            others = world.others(probe, size)
            for threshold in world.thresholds:
                length = sum(score >= threshold for score in others)
                for where in world.groups(probe.person):
                    lengths.setdefault((threshold, size, *where), []).append(length)
    return {
        key: (len(found), sum(found) / len(found), *_quantiles(found), max(found))
        for key, found in lengths.items()
    }


def _quantiles(values: list) -> tuple[object, object]:
    if not values:
        return None, None
    ordered = sorted(values)
    return tuple(ordered[math.ceil(share * len(ordered) - 1e-9) - 1] for share in (0.5, 0.9))
