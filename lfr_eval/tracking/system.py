"""Stage tracking: the machine's load while a study runs, sampled in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from lfr_eval.tracking.store import TrackingError

PREFIX = "system/"
"""Prefix that puts metrics on MLflow's page of system metrics."""


@dataclass(frozen=True)
class Sample:
    """One value: milliseconds since 1970, and the number of the sample."""

    name: str
    value: float
    timestamp: int
    step: int


@contextmanager
def sampled(wanted: bool, interval: float = 10.0) -> Iterator[list[Sample]]:
    """Sample processor, memory, disk and network with MLflow's own monitors, if wanted.

    Yields a list that grows until the block ends. Nothing is sent, so a server that is down does
    not matter here.

    Raises
    ------
    TrackingError
        If the extra `metrics` is not installed.
    """
    samples: list[Sample] = []
    if not wanted:
        yield samples
        return
    if find_spec("psutil") is None:
        raise TrackingError(
            "tracking.system_metrics=true needs an extra: pip install 'lfr-eval[metrics]'."
        )
    done = threading.Event()
    worker = threading.Thread(target=_sample, args=(samples, done, interval), daemon=True)
    worker.start()
    try:
        yield samples
    finally:
        done.set()
        worker.join()


def _sample(samples: list[Sample], done: threading.Event, interval: float) -> None:
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
    from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

    kinds: tuple[Any, ...] = (CPUMonitor, DiskMonitor, NetworkMonitor)
    monitors = [kind() for kind in kinds]
    step, last = 0, False
    while not last:
        last = done.wait(interval)
        now = int(time.time() * 1000)
        for monitor in monitors:
            monitor.collect_metrics()
            values = monitor.aggregate_metrics()
            monitor.clear_metrics()
            samples += [Sample(f"{PREFIX}{name}", v, now, step) for name, v in values.items()]
        step += 1
