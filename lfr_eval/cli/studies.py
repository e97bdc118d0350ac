"""Commands about one finished study: its report, whether it is whole, and time stamps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lfr_eval.cli.options import FAILED, OK, Roots, Several, Study

if TYPE_CHECKING:
    from lfr_eval.contract.folder import StudyFolder

LONGEST_CLAIM = 2_000
"""Characters of a claim; a clause takes time."""


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
    from lfr_eval.report.withheld import PUBLISH_MORE, read_publication

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
    if (made := read_publication(asked.to)) and any(lacking for _, _, lacking in made.withheld):
        print(f"{made.extent} {PUBLISH_MORE}")
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
    from lfr_eval.contract.commands import shell_word
    from lfr_eval.contract.folder import StudyFolder
    from lfr_eval.contract.swapping import SHARE
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
    if withdrawn := folder.provenance().withdrawn:
        print(withdrawn)
    print(
        "The seal is unsigned: whoever can write the folder can seal it anew. Compare the study "
        "hash with one that was written down elsewhere."
        if held is None
        else f"Signed with the key {held}."
    )
    for told in stamps_told(folder.path, roots):
        print(told)
    if not (folder.path / SHARE).is_file() and folder.path.stat().st_mode & 0o077:
        print(
            f"Note: other accounts on this machine can open {study}, which holds private "
            f"identities and scores. To close it: chmod -R go= {shell_word(str(study))}"
        )
    return OK if claim is None else _check_claim(claim, folder)


def _check_claim(claim: str, folder: StudyFolder) -> int:
    from lfr_eval.config import ConfigError
    from lfr_eval.finished.claims import check_claim, read_sentences

    if len(claim) > LONGEST_CLAIM:
        raise ConfigError(
            f"A claim may have at most {LONGEST_CLAIM:,} characters, and this one has "
            f"{len(claim):,}. Check one sentence at a time."
        )
    verdict = check_claim(claim, read_sentences(folder))
    if verdict.simulated:
        print("This study is simulated: nobody in it exists, and it says nothing of a real system.")
    if verdict.quoted:
        print(f"The study says so, word for word: {verdict.quoted.id}.")
        return OK
    print("The study does not say so.")
    print(f"As it is read: {verdict.reading}.")
    print(
        "This command recognises sentences of the report: findings, rates, adjusted figures, "
        "differences of scores, and the brief. It does not recognise sentences of thresholds, "
        "gate, approvals and deployments: compare these with what those commands wrote."
    )
    told = [reason.text for reason in verdict.reasons]
    for text in told:
        print(f"- {text}")
    lead = "What the study lets you say"
    for one in (verdict.nearest, *verdict.others) if verdict.nearest else ():
        above = any(one.text in text for text in told)
        print(f"{lead} ({one.id}): {'the finding above.' if above else one.text}")
        lead = "Or"
    return FAILED


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
    from lfr_eval.contract.writing import write_bytes
    from lfr_eval.finished.stamping import asked, keep, stampable

    if sum(given is not None for given in (tsa, request, response)) != 1:
        raise ConfigError("Give one of --tsa URL, --request FILE and --response FILE.")
    if request is not None:
        write_bytes(request, request_for(stampable(path).text).as_bytes())
        print(
            f"Request: {request}. Send it to an authority, then give its answer with --response "
            "FILE."
        )
        return OK
    answer = asked(stampable(path), tsa, roots) if tsa else Path(str(response)).read_bytes()
    print(keep(path, answer, roots, approvals))
    return OK
