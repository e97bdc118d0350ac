"""Embedding on a Ray cluster: one actor per GPU or machine, each with its own matcher.

Pictures go to the actors as bytes, and templates come back in the order of the pictures. A lost
actor is made again on another machine, and its unfinished work is done again. A template depends
only on its picture, so nothing else is repeated.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from lfr_eval import __version__
from lfr_eval.compute.cluster import check_version, connect, workers
from lfr_eval.matchers import Embedding, ImageMatcher, MatcherCard, MatcherError, Picture

IN_FLIGHT = 2
"""Batches at each actor: one in progress, one waiting."""


class ClusterMatcher:
    """The matcher of a configuration, run by all machines of a cluster.

    Parameters
    ----------
    make
        Makes the matcher; every actor calls it on its own machine, which needs the weights there
        or a way to fetch them.
    address
        The cluster, as in `lfr_eval.compute.cluster.connect`.
    use_gpus
        One actor per GPU; otherwise one per machine, which uses all its cores.

    Raises
    ------
    ClusterError
        If there is no such cluster, or it has no GPU where GPUs are asked for.
    MatcherError
        If the machines' matchers differ in weights, libraries or devices.
    """

    def __init__(
        self, make: Callable[[], ImageMatcher], address: str | None = None, use_gpus: bool = False
    ) -> None:
        ray = self._ray = connect(address)
        if use_gpus:
            count = workers(ray, "GPU")
            needs: dict[str, Any] = {"num_cpus": 0, "num_gpus": 1}
        else:
            count = sum(bool(node["Alive"]) for node in ray.nodes())
            needs = {"num_cpus": 1, "scheduling_strategy": "SPREAD"}
        actor = ray.remote(_Embedder).options(max_restarts=-1, max_task_retries=-1, **needs)
        self._actors = [actor.remote(make) for _ in range(count)]
        described = ray.get([one.describe.remote() for one in self._actors])
        for version, _ in described:
            check_version(version)
        cards: list[MatcherCard] = [card for _, card in described]
        if len({card.fingerprint for card in cards}) > 1:
            raise MatcherError(
                f"The machines of the Ray cluster make {len({c.fingerprint for c in cards})} "
                "different matchers of this configuration. Give them the same weights, the same "
                "library versions and the same kind of device."
            )
        self.card = cards[0]

    def embed(self, images: Sequence[Picture]) -> Iterator[Embedding]:
        """Yield one embedding per image, in order, with at most two batches per actor in memory."""
        size = self.card.batch_size
        starts = iter(range(0, len(images), size))
        actors = cycle(self._actors)
        running: deque[Any] = deque()

        def submit() -> None:
            for start in starts:
                contents = [_content(image) for image in images[start : start + size]]
                running.append(next(actors).embed.remote(contents))
                return

        for _ in range(IN_FLIGHT * len(self._actors)):
            submit()
        while running:
            done: list[Embedding] = self._ray.get(running.popleft())
            submit()
            yield from done


class _Embedder:
    """The matcher of one machine or GPU."""

    def __init__(self, make: Callable[[], ImageMatcher]) -> None:
        self._matcher = make()

    def describe(self) -> tuple[str, MatcherCard]:
        """Return the version of this package and the card of the matcher."""
        return __version__, self._matcher.card

    def process(self) -> int:
        """Return the number of this process on its machine."""
        return os.getpid()

    def embed(self, contents: list[bytes]) -> list[Embedding]:
        """Return the embeddings of pictures, in order."""
        return list(self._matcher.embed(contents))


def _content(image: Picture) -> bytes:
    return image.read_bytes() if isinstance(image, Path) else image
