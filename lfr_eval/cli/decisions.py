"""The commands that run and approve what is live, as a person types them; nothing else.

What they do is imported when they are run, so that help answers at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval.cli.actions import added
from lfr_eval.cli.settings_help import engine_settings, explain, policy_settings

if TYPE_CHECKING:
    from lfr_eval.cli.actions import Subparsers

Command = Callable[[argparse.Namespace], int]

ENGINE_RUN = """Run the live engine over a video file, a folder of pictures or a stream:
source=VIDEO watchlist=MANIFEST model=models:/NAME@live threshold=0.64, and any other setting
as KEY=VALUE. The engine starts only at a threshold that was approved for the version, and prints
each alert as it is raised. If the source broke off, run the same command again to continue."""


def add_operation(engine: Subparsers) -> None:
    """Add `run`, `decide`, `send` and `expire` to the commands of the engine."""
    run = added(engine, "run", "compare passing faces with a watchlist", _run, ENGINE_RUN)
    run.add_argument(
        "words", nargs="+", metavar="KEY=VALUE", help="source=, watchlist=, model=, ..."
    )
    explain(run, engine_settings)

    decide = added(engine, "decide", "record an operator's decision about an alert", _decide)
    decide.add_argument(
        "alerts", type=Path, metavar="ALERTS.jsonl", help="the file of alerts of a deployment"
    )
    decide.add_argument("--alert", required=True, metavar="ID", help="id of the alert")
    decide.add_argument(
        "--decision",
        required=True,
        choices=("true", "false"),
        help="true: the face is the watchlist person; false: it is not",
    )
    sure = decide.add_mutually_exclusive_group(required=True)
    sure.add_argument("--confirmed", action="store_true", help="the operator spoke to the person")
    sure.add_argument("--unconfirmed", dest="confirmed", action="store_false", help="nobody did")
    decide.add_argument("--by", required=True, metavar="NAME", help="name of the operator")
    decide.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="FACTOR=GROUP",
        help="group of the person, such as gender=female; may be repeated",
    )
    _add_tracking(decide)

    send = added(
        engine, "send", "send a deployment to MLflow, for example after the server was down", _send
    )
    send.add_argument(
        "deployment", type=Path, metavar="DEPLOYMENT", help="folder of the deployment"
    )
    _add_tracking(send)

    expire = added(
        engine, "expire", "delete retained pictures of faces whose time is over", _expire
    )
    whose = "one deployment, or a folder of several; default: all of this machine"
    expire.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help=whose)
    expire.add_argument(
        "--hours", type=float, help="delete pictures older than this as well; 0: all"
    )
    expire.set_defaults(before=None)


def add_decisions(commands: Subparsers) -> None:
    """Add `approve`, `approvals` and `gate`."""
    approve = added(commands, "approve", "record a panel's decision on a threshold", _approve)
    approve.add_argument("study", type=Path, metavar="STUDY", help="the study it rests on")
    approve.add_argument("--threshold", type=float, required=True)
    approve.add_argument("--by", required=True, metavar="NAME", help="who decides")
    approve.add_argument("--role", required=True, help="as what, such as panel")
    approve.add_argument("--proposer", required=True, metavar="NAME", help="who asks; another")
    approve.add_argument("--condition", action="append", default=[], help="may be repeated")
    approve.add_argument("--expires", metavar="DATE", help="last day on which it holds")
    approve.add_argument("--model", metavar="models:/NAME/3", help="default: the one it tested")
    approve.add_argument("--withdraw", action="store_true", help="take an approval back")
    approve.add_argument("--uri", help="registry; default: MLFLOW_TRACKING_URI, else local")

    approve.add_argument(
        "--key", type=Path, metavar="FILE", help="the approver's private key, to sign with"
    )

    listed = added(
        commands, "approvals", "list decisions, checking that none was changed", _approvals
    )
    actions = listed.add_subparsers(metavar="ACTION")
    keyed = added(actions, "register", "register the key of an approver", _register)
    keyed.add_argument("--name", required=True, help="who holds the key")
    keyed.add_argument("--role", required=True, help="as what they approve, such as panel")
    keyed.add_argument(
        "--key", type=Path, metavar="FILE", help="their private key; made if it is not there"
    )
    keyed.add_argument("--public", metavar="KEY", help="their public key, instead of --key")
    keyed.add_argument(
        "--by", type=Path, metavar="FILE", help="private key of a registered approver who vouches"
    )
    keyed.add_argument("--passphrase", action="store_true", help="protect a new key with one")

    gate = added(commands, "gate", "exit with 1 where a version does not meet a policy", _gate)
    gate.add_argument("model", metavar="models:/NAME@candidate")
    gate.add_argument("words", nargs="*", metavar="policy=FILE", help="and KEY=VALUE of it")
    gate.add_argument("--json", action="store_true", help="for machines")
    gate.add_argument("--uri", help="registry; default: MLFLOW_TRACKING_URI, else local")
    explain(gate, policy_settings)


def _add_tracking(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--uri", help="tracking URI; default: MLFLOW_TRACKING_URI, else local")
    parser.add_argument("--experiment", default="lfr_eval", help="MLflow experiment")


def _run(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.operating import run_engine

    return run_engine(parsed.words)


def _decide(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.operating import feed_back

    return feed_back(
        *(parsed.alerts, parsed.alert, parsed.decision, parsed.confirmed, parsed.by),
        *(parsed.group, parsed.uri, parsed.experiment),
    )


def _send(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.operating import send

    return send(parsed.deployment, parsed.uri, parsed.experiment)


def _expire(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.operating import expire_faces

    return expire_faces(parsed.folder, parsed.hours)


def _approve(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.operating import record_approval

    return record_approval(
        *(parsed.study, parsed.threshold, parsed.by, parsed.role, parsed.proposer),
        *(parsed.condition, parsed.expires, parsed.model, parsed.withdraw, parsed.uri),
        parsed.key,
    )


def _register(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.operating import register_approver

    return register_approver(
        *(parsed.name, parsed.role, parsed.key, parsed.public, parsed.by, parsed.passphrase)
    )


def _approvals(parsed: argparse.Namespace) -> int:  # noqa: ARG001
    from lfr_eval.cli.operating import list_approvals

    return list_approvals()


def _gate(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.operating import pass_gate

    return pass_gate(parsed.model, parsed.words, parsed.json, parsed.uri)
