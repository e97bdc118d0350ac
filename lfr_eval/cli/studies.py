"""Commands about finished studies: what they say, whether they are whole, and where they go."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import FAILED, OK, Roots, Several, Study, Tracking, commands
from lfr_eval.contract.defaults import EXPERIMENT

if TYPE_CHECKING:
    from lfr_eval.contract.folder import StudyFolder

templates = commands("templates", "Write the templates of a study to a file.")


@Parameter(name="*", group="Publication")
@dataclass(frozen=True)
class Publication:
    """A version for everybody, without small counts, ids and paths."""

    share: bool = False
    """Write a copy without people, scores and paths that verifies as a share of the study."""
    publish: bool = False
    """Write a version without small counts, ids and paths, for everybody."""
    to: Annotated[Path | None, Parameter(metavar="FOLDER")] = None
    """Folder of the share (new), or of the publication (new, or an earlier one)."""
    minimum: Annotated[int | None, Parameter(metavar="N")] = None
    """Withhold counts from 1 to N - 1; default: report.minimum_count."""


def report(
    study: Study,
    /,
    *,
    deployments: Annotated[tuple[Path, ...], Several, Parameter(metavar="RECORDS")] = (),
    approvals: Annotated[
        str | None, Parameter(metavar="FILE", env_var="LFR_EVAL_APPROVALS")
    ] = None,
    annex: bool = False,
    maps: Annotated[tuple[Path, ...], Several, Parameter(name="--map", metavar="FILE")] = (),
    publication: Publication = Publication(),
) -> int:
    """Render the report again from the study folder.

    Parameters
    ----------
    deployments
        Put deployments beside the study: CSV files, or folders that the engine wrote.
    approvals
        The ledger of decisions; default: beside the studies.
    annex
        Write the complete tables too, as annex.pdf.
    maps
        Evidence maps of your own (YAML), filled in the report and in conformance.json.
    """
    from lfr_eval.contract.folder import REPORT, StudyFolder
    from lfr_eval.report import notes
    from lfr_eval.study.sealing import render_again

    folder = StudyFolder.open(study)
    if publication != Publication():
        return _publish(folder, publication, deployments)
    if deployments:
        from lfr_eval.deployments import read_deployments
        from lfr_eval.finished.field import add_deployments

        records = read_deployments(deployments)
        put = add_deployments(folder, records, approvals)
        for reason, count in put["left_out"].value_counts().items():
            print(f"{count} records of {reason} are left out.")
    else:
        render_again(folder, approvals, annex, maps)
    print(f"Report: {folder.path / REPORT}")
    for line in notes(folder.path):
        print(f"Note:   {line}")
    return OK


def _publish(folder: StudyFolder, asked: Publication, deployments: tuple[Path, ...]) -> int:
    from lfr_eval.config import ConfigError
    from lfr_eval.finished.publication import publish_study
    from lfr_eval.report import notes

    alone = asked.share and asked.minimum is not None
    if asked.publish == asked.share or asked.to is None or deployments or alone:
        raise ConfigError(
            "Give --publish or --share, and --to FOLDER; --minimum belongs to a publication, and "
            "--deployments to neither."
        )
    if asked.share:
        from lfr_eval.finished.share import share_study, told

        left_out = share_study(folder, asked.to)
        print(f"Share: {asked.to}, of the study {folder.study_hash()}\n{told(left_out)}")
        return OK
    print(f"Publication: {publish_study(folder, asked.to, asked.minimum)}")
    for line in notes(asked.to):
        print(f"Note: {line}")
    return OK


def verify(
    study: Study,
    /,
    *,
    signer: Annotated[str | None, Parameter(metavar="KEY")] = None,
    claim: Annotated[str | None, Parameter(metavar="TEXT")] = None,
    roots: Roots = None,
) -> int:
    """Check a study against its provenance, or a claim about it.

    Parameters
    ----------
    signer
        Fingerprint of the key that must have signed it.
    claim
        A sentence: is it one of the study's?
    """
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.contract.sealing import SHARE
    from lfr_eval.finished.stamping import stamps_told

    folder = StudyFolder.open(study)
    problems = folder.verify()
    for problem in problems:
        print(problem)
    if problems:
        print(f"{study} is not the study that was sealed.")
        return FAILED
    left = folder.leftovers()
    if left:
        print(f"Left by a process that died; the next run clears it: {', '.join(left)}.")
    held = folder.signer()
    if signer and not (held or "").startswith(signer.lower()):
        print(f"It is {'unsigned' if held is None else 'signed with the key ' + held}.")
        print(f"{study} is not signed with the key {signer}.")
        return FAILED
    if (folder.path / SHARE).is_file():
        print(f"Every file is as it was sealed, in a share of the study {folder.study_hash()}")
    else:
        print(f"Every file is as it was sealed. Study hash {folder.study_hash()}")
    print(
        "The seal is unsigned: whoever can write the folder can seal it anew. Compare the study "
        "hash with one that was written down elsewhere."
        if held is None
        else f"Signed with the key {held}."
    )
    for told in stamps_told(folder.path, roots):
        print(told)
    return OK if claim is None else _check_claim(claim, folder)


def stamp(
    path: Annotated[Path, Parameter(name="WHAT")],
    /,
    *,
    tsa: Annotated[str | None, Parameter(metavar="URL")] = None,
    request: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    response: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    roots: Roots = None,
    approvals: Annotated[str | None, Parameter(metavar="FILE")] = None,
) -> int:
    """Have a study, a registered plan or a ledger time-stamped (RFC 3161).

    Only a hash is sent. The answer is kept beside what it stamps.

    Parameters
    ----------
    path
        A study folder, a plan or its registration, or a ledger (.jsonl).
    tsa
        Address of a time-stamping authority.
    request
        Write the request to this file instead, to send it by other means.
    response
        The authority's answer to such a request.
    approvals
        The ledger that the report of a study shows.
    """
    from lfr_eval.config import ConfigError
    from lfr_eval.contract.stamps import request_for
    from lfr_eval.finished.stamping import asked, keep, stampable

    if sum(given is not None for given in (tsa, request, response)) != 1:
        raise ConfigError("Give one of --tsa URL, --request FILE and --response FILE.")
    if request is not None:
        request.write_bytes(request_for(stampable(path).text).as_bytes())
        print(
            f"Request: {request}. Send it to an authority, then give its answer with --response "
            "FILE."
        )
        return OK
    answer = asked(stampable(path), tsa, roots) if tsa else Path(str(response)).read_bytes()
    print(keep(path, answer, roots, approvals))
    return OK


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


def track(
    study: Annotated[Path | None, Parameter(name="STUDY")] = None,
    /,
    *,
    pending: bool = False,
    uri: Annotated[str | None, Parameter(metavar="URI")] = None,
    experiment: Annotated[str | None, Parameter(metavar="NAME")] = None,
) -> int:
    """Send a finished study to MLflow.

    Parameters
    ----------
    study
        A study folder; with --pending, the folder of studies.
    pending
        Send all studies that wait.
    uri
        Tracking URI; default: MLFLOW_TRACKING_URI, else local.
    experiment
        MLflow experiment; default: that of the run, else lfr_eval.
    """
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.tracking import default_uri
    from lfr_eval.tracking import track as send
    from lfr_eval.tracking.pending import forget

    if pending:
        return _track_pending(study, uri, experiment)
    if study is None:
        from lfr_eval.config import ConfigError

        raise ConfigError("Give a study folder, or --pending for all that wait.")
    folder = StudyFolder.open(study)
    where = uri or default_uri(folder.path.parent)
    print(f"MLflow run: {send(folder, where, experiment or EXPERIMENT)}")
    forget(folder.path.resolve().parent, folder.path.resolve().name)
    return OK


def _track_pending(parent: Path | None, uri: str | None, experiment: str | None) -> int:
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.tracking import default_uri, track
    from lfr_eval.tracking.pending import forget, pending

    studies = parent or Path(default_paths().studies).expanduser()
    where = uri or default_uri(studies)
    sent = 0
    for entry, folder in pending(studies):
        if folder is None:
            print(f"{entry.study}: its folder is gone; it is not sent.")
        else:
            multirun = Path(entry.parent) if entry.parent else None
            run = track(folder, where, experiment or entry.experiment, parent=multirun)
            print(f"{entry.study}: MLflow run {run}")
            sent += 1
        forget(studies, entry.study)
    print(f"{sent} sent.")
    return OK


def thresholds(
    study: Study,
    /,
    *words: Annotated[str, Parameter(name="KEY=VALUE")],
    out: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
    write_policy: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    tracking: Tracking = Tracking(),
) -> int:
    """Choose operating points of a study under constraints.

    Exit status 1: no threshold keeps to the limits.

    For example:
    lfr-eval thresholds studies/STUDY max_fpir=1/1000 min_tpir=0.6
    lfr-eval thresholds studies/STUDY constraints=crowd max_alerts=10 --write-policy policy.yaml

    Parameters
    ----------
    words
        constraints=FILE, and any setting of it; default: constraints=default.
    out
        Folder of the files; default: STUDY.thresholds.
    write_policy
        Write a policy for lfr-eval gate.
    """
    from lfr_eval.finished.choosing.answer import answer
    from lfr_eval.finished.choosing.constraints import read_constraints
    from lfr_eval.finished.choosing.files import write_answer
    from lfr_eval.finished.choosing.files import write_policy as write
    from lfr_eval.finished.choosing.words import as_text
    from lfr_eval.finished.finished import read_finished
    from lfr_eval.tracking import TrackingError, attach, default_uri

    limits = read_constraints(list(words) or ["constraints=default"])
    finished = read_finished(study)
    found = answer(finished, limits)
    print(as_text(found))
    path = finished.folder.path.resolve()
    # Beside the study, not in it: the study is sealed.
    files = write_answer(found, out or path.with_name(f"{path.name}.thresholds"))
    print(f"Files: {files[0].parent}")
    if write_policy is not None:
        write(found, write_policy)
        print(f"Policy: {write_policy}")
        files.append(write_policy)
    try:
        uri = tracking.uri or default_uri(path.parent)
        run = attach(finished.study_hash, files, uri, tracking.experiment)
        if run is not None:
            print(f"MLflow: added to run {run}")
    except TrackingError as error:
        print(f"lfr-eval: {error}", file=sys.stderr)
    return FAILED if found.chosen is None else OK


@Parameter(name="*", group="Rate, one of the two")
@dataclass(frozen=True)
class Rate:
    """The overall rate that all studies are cut at: one of the two."""

    at_fpir: Annotated[str | None, Parameter(metavar="RATE")] = None
    """Overall FPIR that all are cut at, such as 1/1000."""
    at_fmr: Annotated[str | None, Parameter(metavar="RATE")] = None
    """Overall FMR that all are cut at."""


def compare(
    studies: Annotated[tuple[Path, ...], Parameter(name="STUDY")],
    /,
    *,
    rate: Rate = Rate(),
    watchlist: int | None = None,
    factors: Annotated[tuple[str, ...], Several] = (),
    same_people: bool = False,
    out: Annotated[Path, Parameter(metavar="FOLDER")] = Path("compared"),
) -> int:
    """Put studies side by side at one overall rate.

    Examples
    --------
    lfr-eval compare studies/STUDY_A studies/STUDY_B --at-fmr 1/100
    lfr-eval compare studies/STUDY_A studies/STUDY_B --at-fpir 1/20 --watchlist 500

    Parameters
    ----------
    studies
        Study folders.
    watchlist
        Size of the watchlist; default: the largest in all studies.
    factors
        Factors to compare; default: those of the first study.
    same_people
        Equal subject ids are the same people.
    out
        Folder of the files.
    """
    from lfr_eval.config import ConfigError
    from lfr_eval.finished.comparing.beside import Asked
    from lfr_eval.finished.comparing.beside import compare as beside
    from lfr_eval.finished.comparing.page import write_comparison
    from lfr_eval.finished.comparing.words import as_text
    from lfr_eval.finished.finished import read_finished

    if bool(rate.at_fpir) == bool(rate.at_fmr):
        raise ConfigError("Give one of --at-fpir RATE and --at-fmr RATE, such as 1/1000.")
    metric, text = ("FPIR", rate.at_fpir) if rate.at_fpir else ("FMR", rate.at_fmr)
    above, _, below = str(text).partition("/")
    try:
        target = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        target = 0.0
    if not 0 < target < 1:
        raise ConfigError(f"--at-{metric.lower()}: '{text}' is no rate; write 1/1000 or 0.001.")
    asked = Asked(
        metric,
        target,
        watchlist if metric == "FPIR" else None,
        same_people,
        factors,
    )
    found = beside([read_finished(path) for path in studies], asked)
    print(as_text(found))
    files = write_comparison(found, out)
    print(f"\nPage: {files[0]}")
    return OK


@templates.command
def export(
    study: Study,
    /,
    *,
    to: Annotated[Path, Parameter(metavar="FILE")],
    cache: Annotated[Path | None, Parameter(metavar="FOLDER")] = None,
) -> int:
    """Write the templates of a study to a private file.

    Parameters
    ----------
    to
        The .npz file to write.
    cache
        Folder of the cache; default: that of a study.
    """
    from lfr_eval.cli.launch import default_paths
    from lfr_eval.config.paths import cache_folder
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.contract.words import several
    from lfr_eval.finished.exporting import export_templates

    where = cache or cache_folder(default_paths())
    number = export_templates(StudyFolder.open(study), to, where)
    print(f"Templates: {to} ({several(number, 'image')})")
    print(
        "Warning: templates identify people for life, like their faces, and image_id may name "
        "them. Only you can read the file. Encrypt it before you hand it on, and delete it "
        "yourself: `lfr-eval purge` does not know where it is.",
        file=sys.stderr,
    )
    return OK
