"""A Ray cluster that loses a machine gives the tail of this machine, byte for byte."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from lfr_eval.comparison import LocalExecutor, RayExecutor
from lfr_eval.comparison.executors import Job, Result
from lfr_eval.comparison.similarity import Cosine
from lfr_eval.comparison.tiles import Shard
from lfr_eval.compute.cluster import ClusterError, connect
from lfr_eval.contract.score_scale import ScoreScale
from tests.comparison.test_engine import assert_same, compare, crowd

pytestmark = pytest.mark.filterwarnings("ignore")
"""Ray warns of its own future."""


def test_without_ray_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    sides, vectors = crowd(60)
    with pytest.raises(ClusterError, match=r"pip install 'lfr-eval\[ray\]'"):
        compare(sides, vectors, executor=RayExecutor())


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    from ray.cluster_utils import Cluster

    machines = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "object_store_memory": 100_000_000,
            # A lost machine is noticed within seconds.
            "_system_config": {"health_check_period_ms": 500, "health_check_failure_threshold": 4},
        },
    )
    ray.init(address=machines.address, log_to_driver=False)
    yield machines
    ray.shutdown()
    machines.shutdown()


class Losing:
    """A Ray executor whose cluster loses a machine after a few shards."""

    device = "cpu"

    def __init__(self, cluster: Any, machine: Any, after: int) -> None:
        self.cluster, self.machine, self.after = cluster, machine, after

    def run(self, job: Job[Result], shards: Sequence[Shard]) -> Iterator[tuple[Shard, Result]]:
        for done, finished in enumerate(RayExecutor().run(job, shards)):
            if done == self.after:
                self.cluster.remove_node(self.machine, allow_graceful=False)
            yield finished


@pytest.mark.slow
def test_a_machine_lost_in_the_middle_changes_nothing(cluster: Any) -> None:
    sides, vectors = crowd(900)
    machine = cluster.add_node(num_cpus=2, object_store_memory=100_000_000)
    cluster.wait_for_nodes()
    # On a vendor's scale, which every machine must be told of.
    how = {"kind": Cosine(ScoreScale(50.0, 50.0)), "tile": 30, "precision": "float32"}
    plain = compare(sides, vectors, executor=LocalExecutor(("cpu",)), **how)
    executor = Losing(cluster, machine, 3)
    found = compare(sides, vectors, executor=executor, **how)
    assert_same(found, plain)
    assert len(connect(None).nodes()) == 2
    # The cluster takes its time to notice; the result above did not wait for it.
    deadline = time.monotonic() + 120
    while (alive := sum(node["Alive"] for node in connect(None).nodes())) > 1:
        assert time.monotonic() < deadline, f"{alive} machines are still taken for alive"
        time.sleep(0.5)
    assert plain.non_mated["score"].min() >= 50
    tables = [table.non_mated.to_csv().encode() for table in (found, plain)]
    assert tables[0] == tables[1]


@pytest.mark.slow
def test_a_cluster_without_gpus_says_so(cluster: Any) -> None:
    assert cluster.address
    sides, vectors = crowd(60)
    with pytest.raises(ClusterError, match="has no GPU"):
        compare(sides, vectors, executor=RayExecutor(use_gpus=True), precision="float32")
