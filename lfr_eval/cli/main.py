"""The commands that a person types; nothing else.

Every import of weight happens inside the command that needs it, so that help answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lfr_eval import __version__
from lfr_eval.cli.decisions import add_decisions
from lfr_eval.cli.deployments import add_records
from lfr_eval.cli.engine import add_engine
from lfr_eval.cli.manifest import add_manifest, manifest
from lfr_eval.cli.settings_help import Parser, constraint_settings, explain
from lfr_eval.cli.sharing import add_sharing
from lfr_eval.cli.templates import add_templates
from lfr_eval.contract.writing import kept_private
from lfr_eval.finished.choosing.arguments import add_thresholds, thresholds
from lfr_eval.finished.comparing.arguments import add_compare, compare
from lfr_eval.planning.arguments import add_actions, add_question, ask

if TYPE_CHECKING:
    from lfr_eval.contract.folder import StudyFolder

OK, FAILED, UNUSABLE = 0, 1, 2
TRUST = "--trust-conf"
COMMANDS = (
    *("run", "manifest", "plan", "report", "verify", "thresholds", "compare"),
    *("track", "fetch", "templates", "purge", "withdraw", "licences", "engine"),
    *("approve", "approvals", "gate"),
    *("deployments", "sharing"),
)

RUN_HELP = """Run a study; with no override, the simulated rehearsal. Takes Hydra's syntax:
lfr-eval run experiment=london matcher=facenet, -m for several, --cfg job to print, --help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    with kept_private():
        return _main(given)


def _main(given: list[str]) -> int:
    if TRUST in given:
        from lfr_eval.config.composition import trust_own_conf

        given = [word for word in given if word != TRUST]
        trust_own_conf()
    # Hydra reads its own command line, --help and tab completion included.
    if given[:1] == ["run"]:
        return run(given[1:])
    if given[:1] == ["-sc"]:
        return complete(given)
    parsed = _parser().parse_args(given)
    return _explained(lambda: _do(parsed))


def _do(parsed: argparse.Namespace) -> int:
    """Do what a command needs done before, and the command."""
    before: Callable[[], None] | None = getattr(parsed, "before", None)
    if before is not None:
        before()
    command: Callable[[argparse.Namespace], int] = parsed.command
    return command(parsed)


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(
        prog="lfr-eval",
        description="Bias and accuracy evaluation of live facial recognition.",
        epilog=f"{TRUST}: let the conf/ folder of the working directory run code and read "
        "environment variables, instead of giving data only.",
    )
    parser.add_argument("--version", action="version", version=f"lfr-eval {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    commands.add_parser("run", help="run a study", description=RUN_HELP, add_help=False)

    def add(
        name: str, meaning: str, command: Callable[[argparse.Namespace], int], of_study: bool = True
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=meaning, description=f"{meaning.capitalize()}.")
        added.set_defaults(command=command)
        if of_study:
            added.add_argument("study", metavar="STUDY", type=Path, help="a study folder")
        return added

    add_manifest(add("manifest", "pictures and a table of people to a manifest", manifest, False))
    plan = add("plan", "how many people, passes and fillers a study needs", ask, False)
    add_question(plan)
    add_actions(plan)
    rendered = add("report", "render the report again from the study folder", report)
    rendered.add_argument(
        "--deployments",
        nargs="+",
        type=Path,
        metavar="RECORDS",
        help="put deployments beside the study: CSV files, or folders that the engine wrote",
    )
    rendered.add_argument(
        "--approvals",
        default=os.environ.get("LFR_EVAL_APPROVALS"),
        metavar="FILE",
        help="the ledger of decisions; default: LFR_EVAL_APPROVALS, else beside the studies",
    )
    rendered.add_argument(
        "--annex", action="store_true", help="write the complete tables too, as annex.pdf"
    )
    rendered.add_argument(
        "--map",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="evidence maps of your own (YAML), filled in the report and in conformance.json",
    )
    rendered.add_argument(
        "--publish",
        action="store_true",
        help="write a version without small counts, ids and paths, for everybody",
    )
    rendered.add_argument(
        "--to", type=Path, metavar="FOLDER", help="of the publication: new, or an earlier one"
    )
    rendered.add_argument(
        "--minimum",
        type=int,
        metavar="N",
        help="a publication withholds counts from 1 to N - 1; default: report.minimum_count",
    )
    checked = add("verify", "check a study against its provenance, or a claim about it", verify)
    checked.add_argument(
        "--signer", metavar="KEY", help="fingerprint of the key that must have signed it"
    )
    checked.add_argument("--claim", metavar="TEXT", help="a sentence: is it one of the study's?")
    chosen = add("thresholds", "operating points of a study under constraints", thresholds)
    add_thresholds(chosen)
    explain(chosen, constraint_settings)
    add_compare(add("compare", "studies side by side at one overall rate", compare, False))
    sent = add("track", "send a finished study to MLflow", track, False)
    sent.add_argument(
        "study", metavar="STUDY", nargs="?", type=Path, help="a study; with --pending, their folder"
    )
    sent.add_argument("--pending", action="store_true", help="send all studies that wait")
    sent.add_argument("--uri", help="tracking URI; default: MLFLOW_TRACKING_URI, else local")
    sent.add_argument("--experiment", help="MLflow experiment; default: lfr_eval")
    add_engine(commands)
    fetched = add("fetch", "find a dataset or weights in the mirror, or download", fetch, False)
    fetched.add_argument("name", nargs="?", help="a dataset card; without it, the names are listed")
    fetched.add_argument(
        "--croissant",
        type=Path,
        metavar="FILE",
        help="only write the card as Croissant metadata with RAI fields; NAME may be a YAML file",
    )
    hold = commands.add_parser("templates", help="write the templates of a study to a file")
    add_templates(hold)
    add("purge", "delete all cached templates, pictures and unfinished comparisons", purge, False)
    gone = add("withdraw", "delete one person from caches and studies", withdraw, False)
    gone.add_argument("subject", metavar="SUBJECT", help="subject_id, as the manifest has it")
    gone.add_argument(
        "--study", type=Path, nargs="+", metavar="STUDY", help="studies; default: all known ones"
    )
    add("licences", "list the dependencies with versions and licences (CycloneDX)", bill, False)
    add_decisions(commands)
    add_records(commands)
    add_sharing(commands)
    return parser


def run(overrides: Sequence[str]) -> int:
    """Run a study, or several (-m), as composed by Hydra."""
    from lfr_eval.cli.launch import launch

    return launch(overrides, _explained)


def complete(given: Sequence[str]) -> int:
    """Answer the shell's request for completions; its command line is in COMP_LINE."""
    if os.environ.get("COMP_LINE", "").split()[1:2] != ["run"]:
        print(" ".join(COMMANDS))
        return OK
    from lfr_eval.cli.launch import complete_words

    return complete_words(given)


def report(parsed: argparse.Namespace) -> int:
    """Render a report again."""
    from lfr_eval.contract.folder import REPORT, StudyFolder
    from lfr_eval.study.sealing import render_again

    folder = StudyFolder.open(parsed.study)
    if parsed.publish or parsed.to or parsed.minimum is not None:
        return _publish(folder, parsed)
    if parsed.deployments:
        from lfr_eval.deployments import read_deployments
        from lfr_eval.finished.field import add_deployments

        records = read_deployments(parsed.deployments)
        put = add_deployments(folder, records, parsed.approvals)
        for reason, count in put["left_out"].value_counts().items():
            print(f"{count} records of {reason} are left out.")
    else:
        render_again(folder, parsed.approvals, parsed.annex, parsed.map)
    print(f"Report: {folder.path / REPORT}")
    return OK


def _publish(folder: StudyFolder, parsed: argparse.Namespace) -> int:
    from lfr_eval.config import ConfigError
    from lfr_eval.finished.publication import publish_study

    if not (parsed.publish and parsed.to) or parsed.deployments:
        raise ConfigError(
            "A publication is asked for with --publish and --to FOLDER; --minimum belongs to it, "
            "and --deployments does not."
        )
    print(f"Publication: {publish_study(folder, parsed.to, parsed.minimum)}")
    return OK


def verify(parsed: argparse.Namespace) -> int:
    """Compare a study with its provenance, and a claim with the study's sentences."""
    from lfr_eval.contract.folder import StudyFolder

    folder = StudyFolder.open(parsed.study)
    problems = folder.verify()
    for problem in problems:
        print(problem)
    if problems:
        print(f"{parsed.study} is not the study that was sealed.")
        return FAILED
    left = folder.leftovers()
    if left:
        print(f"Left by a process that died; the next run clears it: {', '.join(left)}.")
    signer = folder.signer()
    if parsed.signer and not (signer or "").startswith(parsed.signer.lower()):
        print(f"It is {'unsigned' if signer is None else 'signed with the key ' + signer}.")
        print(f"{parsed.study} is not signed with the key {parsed.signer}.")
        return FAILED
    print(f"Every file is as it was sealed. Study hash {folder.study_hash()}")
    print(
        "The seal is unsigned: whoever can write the folder can seal it anew. Compare the study "
        "hash with one that was written down elsewhere."
        if signer is None
        else f"Signed with the key {signer}."
    )
    return OK if parsed.claim is None else _check_claim(parsed.claim, folder)


def _check_claim(claim: str, folder: StudyFolder) -> int:
    from lfr_eval.finished.claims import check_claim, read_sentences

    verdict = check_claim(claim, read_sentences(folder))
    if verdict.simulated:
        print("This study is simulated: nobody in it exists, and it says nothing of a real system.")
    if verdict.quoted:
        print(f"The study says so, word for word: {verdict.quoted.id}.")
        return OK
    print("The study does not say so.")
    print(f"As it is read: {verdict.reading}.")
    for reason in verdict.reasons:
        print(f"- {reason.text}")
    if verdict.nearest:
        print(f"What the study lets you say ({verdict.nearest.id}): {verdict.nearest.text}")
    return FAILED


def track(parsed: argparse.Namespace) -> int:
    """Send a study to MLflow, or all that wait."""
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.tracking import default_uri, track
    from lfr_eval.tracking.pending import forget

    if parsed.pending:
        return _track_pending(parsed)
    if parsed.study is None:
        from lfr_eval.config import ConfigError

        raise ConfigError("Give a study folder, or --pending for all that wait.")
    folder = StudyFolder.open(parsed.study)
    uri = parsed.uri or default_uri(folder.path.parent)
    print(f"MLflow run: {track(folder, uri, parsed.experiment or 'lfr_eval')}")
    forget(folder.path.resolve().parent, folder.path.resolve().name)
    return OK


def _track_pending(parsed: argparse.Namespace) -> int:
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.tracking import default_uri, track
    from lfr_eval.tracking.pending import forget, pending

    studies = parsed.study or Path(default_paths().studies).expanduser()
    uri = parsed.uri or default_uri(studies)
    sent = 0
    for entry, folder in pending(studies):
        if folder is None:
            print(f"{entry.study}: its folder is gone; it is not sent.")
        else:
            parent = Path(entry.parent) if entry.parent else None
            run = track(folder, uri, parsed.experiment or entry.experiment, parent=parent)
            print(f"{entry.study}: MLflow run {run}")
            sent += 1
        forget(studies, entry.study)
    print(f"{sent} sent.")
    return OK


def fetch(parsed: argparse.Namespace) -> int:
    """Find or download a dataset or weights."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.cohort import card_names, fetch
    from lfr_eval.config.paths import cache_folder, mirror_folder

    if parsed.name is None:
        print("\n".join(card_names()))
        return OK
    if parsed.croissant is not None:
        from lfr_eval.cohort import load_card
        from lfr_eval.cohort.croissant import croissant

        parsed.croissant.write_text(croissant(load_card(parsed.name)), encoding="utf-8")
        print(parsed.croissant)
        return OK
    paths = default_paths()
    print(fetch(parsed.name, mirror_folder(paths), cache_folder(paths)))
    return OK


def purge(parsed: argparse.Namespace) -> int:  # noqa: ARG001
    """Delete templates, degraded pictures, given data and unfinished comparisons of every cache."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.cohort import capture
    from lfr_eval.config.paths import cache_folder
    from lfr_eval.contract.places import CACHES, known
    from lfr_eval.finished.withdrawal import disk_note
    from lfr_eval.matchers.store import purge
    from lfr_eval.study import given

    here = cache_folder(default_paths())
    for cache in dict.fromkeys((here, *known(CACHES))):
        pictures, data, templates = capture.purge(cache), given.purge(cache), purge(cache)
        if cache == here or pictures or data or templates:
            print(f"{templates} files of templates and {pictures} pictures deleted from {cache}.")
        if data:
            print(f"{data} files of people, scores and templates given in Python deleted, too.")
    print(disk_note())
    return OK


def withdraw(parsed: argparse.Namespace) -> int:
    """Delete one person from caches and studies."""
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config.paths import cache_folder
    from lfr_eval.contract.places import CACHES, STUDIES, known
    from lfr_eval.finished.withdrawal import disk_note, studies_in, withdraw

    paths = default_paths()
    caches = list(dict.fromkeys((cache_folder(paths), *known(CACHES))))
    roots = (Path(paths.studies).expanduser(), *known(STUDIES))
    studies = parsed.study or studies_in(roots)
    result = withdraw(parsed.subject, studies, caches, paths.approvals)
    for line in result.done:
        print(line)
    for line in result.left:
        print(f"STILL THERE: {line}")
    print(f"{result.searched} files searched; {len(result.left)} still hold something.")
    print(disk_note())
    print("Remove the person from your own manifests and pictures too, or a new run reads them.")
    return FAILED if result.left else OK


def bill(parsed: argparse.Namespace) -> int:  # noqa: ARG001
    """Print the software bill of materials."""
    from lfr_eval.cli.bill import bill_of_materials

    print(bill_of_materials())
    return OK


def _explained(command: Callable[[], int]) -> int:
    """Run a command; print what a person can act on as a message, not as a traceback."""
    from lfr_eval.contract.errors import MendableError

    try:
        return command()
    except MendableError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("lfr-eval: interrupted; run it again to go on where it stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
