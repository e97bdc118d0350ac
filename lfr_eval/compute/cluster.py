"""A Ray cluster: the connection that comparing and embedding share."""

from __future__ import annotations

from typing import Any

from lfr_eval import __version__
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.errors import MendableError


class ClusterError(MendableError, RuntimeError):
    """The cluster cannot be used; the message says what is missing."""


def connect(address: str | None) -> Any:
    """Return the module `ray`, connected to a cluster.

    Parameters
    ----------
    address
        `auto`: the cluster that this machine belongs to; HOST:PORT of a head; None: the one that
        this process is connected to, or else a new one on this machine.

    Raises
    ------
    ClusterError
        If Ray is not installed, or there is no such cluster.
    """
    try:
        import ray
    except ImportError:
        raise ClusterError(
            "compute.executor=ray needs its extra: pip install 'lfr-eval[ray]'."
        ) from None
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, include_dashboard=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            shown = masked(str(address))
            # Ray repeats parts of an address, of which nobody can tell what they are.
            said = str(error) if shown == str(address) else "It cannot be reached."
            raise ClusterError(
                f"There is no Ray cluster at compute.address={shown}: {said} Start one (ray start "
                "--head), or leave the address out to use this machine alone."
            ) from None
    return ray


def workers(ray: Any, kind: str) -> int:
    """Return how many of a kind the cluster has, `CPU` or `GPU`.

    Raises
    ------
    ClusterError
        If it has none.
    """
    number = int(ray.cluster_resources().get(kind, 0))
    if not number:
        raise ClusterError(
            f"The Ray cluster has no {kind}; start machines with one, or choose "
            f"compute.device={'cpu' if kind == 'GPU' else 'cuda'}."
        )
    return number


def check_version(version: str) -> None:
    """Refuse a machine that runs another version of this package.

    Raises
    ------
    ClusterError
        If it does.
    """
    if version != __version__:
        raise ClusterError(
            f"A machine of the Ray cluster runs lfr-eval {version}, this one {__version__}; "
            "install the same version on all."
        )
