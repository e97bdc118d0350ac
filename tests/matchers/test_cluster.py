"""A cluster embeds as one machine does, also when it loses one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lfr_eval.matchers import MatcherError, make_matcher
from lfr_eval.matchers.cluster import ClusterMatcher

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
"""Ray warns of its own future."""

COUNT = 60
NULL = partial(make_matcher, "null", batch_size=4)


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    found = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    from ray.cluster_utils import Cluster

    machines = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 100_000_000}
    )
    machines.add_node(num_cpus=1, object_store_memory=100_000_000)
    found.init(address=machines.address, log_to_driver=False)
    machines.wait_for_nodes()
    yield found
    found.shutdown()
    machines.shutdown()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pictures")
    paths = [folder / f"{number}.png" for number in range(COUNT)]
    for number, path in enumerate(paths[:-1]):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path)
    paths[-1].write_text("no picture")
    return paths


def test_templates_are_those_of_one_machine_in_order(ray: Any, pictures: list[Path]) -> None:
    assert len(ray.nodes()) == 2
    here, there = NULL(), ClusterMatcher(NULL)  # type: ignore[arg-type]
    assert there.card == here.card
    for one, other in zip(here.embed(pictures), there.embed(pictures), strict=True):  # type: ignore[union-attr]
        assert (one.reason, one.faces) == (other.reason, other.faces)
        if one.template is not None:
            np.testing.assert_array_equal(one.template, other.template)


def test_a_lost_worker_is_made_again(ray: Any, pictures: list[Path]) -> None:
    matcher = ClusterMatcher(NULL)  # type: ignore[arg-type]
    assert len(ray.nodes()) == 2
    found = []
    for number, embedding in enumerate(matcher.embed(pictures)):
        if number == 5:
            os.kill(ray.get(matcher._actors[1].process.remote()), signal.SIGKILL)
        found.append(embedding)
    whole = [one.template for one in NULL().embed(pictures)][:-1]  # type: ignore[union-attr]
    np.testing.assert_array_equal(np.stack([one.template for one in found[:-1]]), np.stack(whole))


def test_machines_with_different_matchers_are_refused(ray: Any) -> None:
    assert len(ray.nodes()) == 2

    def make() -> Any:  # another matcher in every process
        return make_matcher("null", salt=str(os.getpid()))

    with pytest.raises(MatcherError, match="2 different matchers"):
        ClusterMatcher(make)
