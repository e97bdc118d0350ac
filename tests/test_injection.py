"""Hostile text in every free text of every command: no output is steered or runs anything."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pypdf
import pytest
import yaml
from PIL import Image

from lfr_eval.cli.main import main
from lfr_eval.cli.plain_output import plain_output
from lfr_eval.config import PolicyConfig
from lfr_eval.contract.decisions import LEDGER
from lfr_eval.contract.ledger import Ledger
from lfr_eval.finished.gate import as_json, as_table, judge
from tests.deployments.grids import HEADINGS, row, write_csv
from tests.engine.test_gate import case, parity
from tests.shared import fresh_store
from tests.studies import SMALL, run
from tests.test_foreign import plan_file

MARKUP = (
    "<script>attacked()</script><img src=x onerror=attacked()></title></style><!--"
    "\"'><a href='javascript:attacked()' onmouseover=attacked()>&lt;b&gt; {{ 7 * 7 }}{% raw %}"
    '#panic("attacked") #read("x") $x$ *b* @ref <label> [a](javascript:attacked()) | `x`'
)
FORMULA = '\u200b =HYPERLINK("http://attacked.example";"x")'
STEERING = "a\x1b[2Jattacked\x9b31m\x07\u202eb\u2066c\u200f\u061cd\u2028e\u2029f\x85g\rh"
TEXTS = {"markup": MARKUP, "formula": FORMULA, "steering": STEERING}
STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)

Captured = pytest.CaptureFixture[str]


class _Elements(HTMLParser):
    """The elements of a page, with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


def check_files(folder: Path) -> list[str]:
    """Check every file below a folder by its kind; return the kinds that were seen."""
    seen = []
    for path in sorted(folder.rglob("*")):
        kind = path.suffix
        if kind == ".html":
            text = path.read_text("utf-8")
            page = _Elements(text)
            # No text has opened an element of its own, or an attribute that runs something.
            scripts = [names for tag, names in page.found if tag == "script"]
            assert all("id" in names or names == () for names in scripts)
            assert "<script>attacked" not in text
            assert not [names for _, names in page.found if any(n.startswith("on") for n in names)]
            assert "<img src=x" not in text
            assert not [link for link in page.links if "attacked" in link]
            assert STEERS.search(text) is None, (path, STEERS.search(text))
        elif kind == ".pdf":
            reader = pypdf.PdfReader(path)
            for page_of_paper in reader.pages:
                assert STEERS.search(page_of_paper.extract_text()) is None
                for note in page_of_paper.get("/Annots", []):
                    action = note.get_object().get("/A", {})
                    assert "attacked" not in str(action.get("/URI", ""))
        elif kind == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                cells = [cell for line in csv.reader(file) for cell in line]
            calculated = [
                c for c in cells if re.match(r"[\s\u200b]*(?:[=+@\t\r]|-\D)", c) and c != "-"
            ]
            assert not calculated, (path, calculated)
            assert not any(STEERS.search(cell) for cell in cells), path
        elif kind in (".md", ".json", ".jsonl"):
            text = path.read_text("utf-8")
            assert kind != ".md" or STEERS.search(text) is None, path
        else:
            continue
        seen.append(kind)
    return seen


def typed(capsys: Captured, *words: object) -> int:
    """Type a command; check that what it prints steers no terminal, and return its status."""
    status = main([str(word) for word in words])
    said = capsys.readouterr()
    for printed in (said.out, said.err):
        bold = re.sub("\x1b\\[[01]m", "", printed)
        assert STEERS.search(bold) is None, (words, STEERS.search(bold), printed)
        assert "Traceback" not in printed
    return status


@pytest.mark.parametrize("kind", TEXTS)
def test_records_of_deployments(kind: str, tmp_path: Path, capsys: Captured) -> None:
    text = TEXTS[kind]
    headings = [*HEADINGS, "Force", "Software", text]
    rows = [
        [*row(text, f"{day:02d}/01/2024", LFR_Use_Case=text), text, text, text]
        for day in range(1, 9)
    ]
    file = write_csv(tmp_path / "a.csv", rows, headings)
    to, out = tmp_path / "r.parquet", tmp_path / "out"
    bring = ["deployments", "import", file, "--to", to]
    assert typed(capsys, *bring) == 2
    skipped = write_csv(tmp_path / "b.csv", [each[:-1] for each in rows], headings[:-1])
    bring[2] = skipped
    assert typed(capsys, *bring, *(() if "=" in text else ("--force", text))) == 0
    assert typed(capsys, "deployments", "check", to, "--write") == 0
    stated = ["--title", text, "--false-alerts", f"{text}=1/2", "--share", f"{text}=0.2"]
    assert typed(capsys, "deployments", "report", to, "--to", out, *stated) == 0
    watch = ["deployments", "monitor", to, "--limit", "1/1000", "--to", out / "m.html"]
    assert typed(capsys, *watch) in (0, 3)
    assert sorted(set(check_files(out))) == [".csv", ".html", ".pdf"]


@pytest.mark.parametrize("kind", TEXTS)
def test_the_register_of_sharing(kind: str, tmp_path: Path, capsys: Captured) -> None:
    text = TEXTS[kind]
    register = ["--register", tmp_path / "s.jsonl"]
    first = ["--what", "images", "--purpose", text, "--agreement", text, "--from", "2026-03-01"]
    last = ["--by", text, "--basis", text, "--dataset", text, "--count", "3"]
    recorded = typed(capsys, "sharing", "record", "--with", text, *first, *last, *register)
    if recorded == 0:
        done = ["--on", "2026-08-30", "--by", text, "--proof", text]
        assert typed(capsys, "sharing", "deleted", "2", *done, *register) == 0
    for ask in (["who-has", text], ["with", text], ["with", "Acme"], ["verify"]):
        typed(capsys, "sharing", *ask, *register)


@pytest.mark.parametrize("kind", TEXTS)
def test_the_ledger_of_approvals(
    kind: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TEXTS[kind]
    ledger = tmp_path / LEDGER
    monkeypatch.setenv("LFR_EVAL_APPROVALS", str(ledger))
    decision = {
        "decided": "2026-05-01T00:00:00+00:00", "model": text, "version": text,
        "fingerprint": "ab" * 32, "threshold": 0.5, "approver": f"A {text}", "role": text,
        "proposer": "B", "study": text, "study_hash": "cd" * 32, "findings": {text: text},
        "conditions": [text], "expires": None, "withdrawn": False,
    }  # fmt: skip
    Ledger(ledger).append(decision)
    typed(capsys, "approvals")
    key = tmp_path / "key.pem"
    typed(capsys, "approvals", "register", "--name", text, "--role", text, "--key", key)
    typed(capsys, "approvals")


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_a_study(tmp_path: Path, capsys: Captured) -> None:
    """Its page, papers, publication, share, comparison, thresholds and run of MLflow.

    What steers is refused beforehand.
    """
    from mlflow import MlflowClient

    markup, formula = ("'" + each.replace("'", r"\'") + "'" for each in (MARKUP, FORMULA))
    said = [f"report.title={markup}", f"report.question={formula}", f"report.system={markup}",
            f"report.notes=[{markup},{formula}]"]  # fmt: skip
    folder = run(tmp_path / "studies", *SMALL, "report.pdf=true", *said).path
    assert typed(capsys, "verify", folder) == 0
    out, uri = tmp_path / "out", fresh_store(tmp_path / "mlflow")
    assert typed(capsys, "report", folder, "--publish", "--to", out / "published") == 0
    assert typed(capsys, "report", folder, "--share", "--to", out / "share") == 0
    assert typed(capsys, "verify", folder, "--claim", MARKUP) in (0, 1, 2)
    chosen = ["thresholds", folder, "--out", out / "thresholds", "max_fpir=0.9", "splits=1"]
    assert typed(capsys, *chosen) in (0, 1)
    for text in TEXTS.values():
        typed(capsys, *chosen, f"factors=['{text}']")
        typed(capsys, *chosen, f"max_fpir={text}")
        typed(capsys, "thresholds", folder, f"constraints={text}")
        typed(capsys, "track", folder, "--uri", f"{text}://")
    assert typed(capsys, "track", folder, "--experiment", FORMULA, "--uri", uri) == 0
    client = MlflowClient(uri)
    sent = client.search_runs([one.experiment_id for one in client.search_experiments()])
    assert sent
    client.download_artifacts(sent[0].info.run_id, "", str(out))
    capsys.readouterr()  # MLflow's own bar
    assert typed(capsys, "compare", folder, folder, "--at-fpir", "1/20", "--out", out / "c") in (
        0,
        2,
    )
    seen = check_files(out)
    assert {".csv", ".html", ".pdf", ".md", ".json"} <= set(seen)
    page = (folder / "report.html").read_text("utf-8")
    assert "&lt;script&gt;attacked()" in page
    assert "{{ 7 * 7 }}" in page
    words = " ".join(each.extract_text() for each in pypdf.PdfReader(folder / "brief.pdf").pages)
    assert "#panic" in words


@pytest.mark.parametrize("kind", TEXTS)
def test_a_plan(kind: str, tmp_path: Path, capsys: Captured) -> None:
    """Every text of it; what steers is refused before it is frozen."""
    text = TEXTS[kind]
    studies = f"paths.studies={tmp_path / 'studies'}"
    plan = plan_file(
        tmp_path,
        **dict.fromkeys(("title", "question", "who", "contact", "stopping"), text),
        hypotheses=[text],
        sample={"recruitment": text},
        exclusions=[{"reason": text, "subject_id": text}, {"reason": text, "where": {text: text}}],
    )
    status = typed(capsys, "plan", "register", plan, studies)
    assert status == (0 if kind == "markup" else 2)
    typed(capsys, "plan", "check", plan, studies)
    plan.write_text(plan.read_text() + "# edited\n")
    assert typed(capsys, "plan", "check", plan, studies) != 0
    for place in (text, f"dataset.path={text}", f"dataset.{text}=1"):
        typed(capsys, "plan", "register", plan, place)
    typed(capsys, "plan", "check", tmp_path / f"{text.replace('/', '|')}.yaml")


@pytest.mark.parametrize("kind", TEXTS)
def test_a_folder_of_pictures(kind: str, tmp_path: Path, capsys: Captured) -> None:
    """Names of folders and files, and labels, as a manifest takes them."""
    text = TEXTS[kind].replace("/", "|")
    for person in (text[:60], f"b {text[:60]}"):
        (tmp_path / "faces" / person).mkdir(parents=True)
        for role in ("ref", "probe"):
            Image.new("RGB", (8, 8), "red").save(tmp_path / "faces" / person / f"{role}.png")
    with (tmp_path / "people.csv").open("w", newline="") as file:
        rows = [["who", text], [text[:60], text], [f"b {text[:60]}", "other"]]
        csv.writer(file).writerows(rows)
    words = ["--reference", "ref", "--to", tmp_path / "new.csv"]
    typed(capsys, "manifest", tmp_path / "faces", tmp_path / "people.csv", *words)
    typed(capsys, "manifest", tmp_path / "faces", tmp_path / "people.csv", *words, "--gender", text)
    typed(capsys, "manifest", tmp_path / text, tmp_path / "people.csv", *words)


@pytest.mark.parametrize("kind", TEXTS)
def test_the_gate(kind: str, tmp_path: Path, capsys: Captured) -> None:
    text = TEXTS[kind]
    judged = case(tmp_path, PolicyConfig(threshold=0.64, factors=[text], roles=[text]))
    one, entry = judged.decisions[0]
    said = replace(one, approver=text, role=text, conditions=(text,), study=text)
    tags = {**judged.version.tags, **parity(holds=False, endpoint=text), text: text}
    version = replace(judged.version, name=text, tags=tags)
    judged = replace(judged, decisions=[(said, entry)], version=version)
    with plain_output():
        print(as_table(judge(judged)))
        print(f"{version} does not meet the policy.")
    assert STEERS.search(capsys.readouterr().out) is None
    printed = as_json(version, judge(judged))
    assert STEERS.search(printed) is None
    assert json.loads(printed)["version"] == str(version)
    policy = tmp_path / "policy.yaml"
    for content in (
        f"role: {text}",
        yaml.safe_dump({text: text}),
        yaml.safe_dump({"roles": [text]}),
    ):
        policy.write_text(content, encoding="utf-8")
        typed(capsys, "gate", f"models:/{text}@live", f"policy={policy}")
    typed(capsys, "gate", text)
    typed(capsys, "gate", "models:/a@live", f"policy={text}")
    typed(capsys, "gate", "models:/a@live", f"{text}=1")


@pytest.mark.parametrize("kind", TEXTS)
def test_decisions_of_operators(kind: str, tmp_path: Path, capsys: Captured) -> None:
    text = TEXTS[kind]
    names = ("alert_id", "reference_id", "camera", "person_id", "model", "kind")
    file = tmp_path / "alerts.jsonl"
    lines = [{"kind": "alert", "alert_id": "a-1", "score": 0.5, "time": 1.0, "reference_id": text}]
    lines += [{**lines[0], name: text} for name in names]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = ["--decision", "true", "--confirmed", "--by", text]
    for alert in ("a-1", text):
        typed(
            capsys,
            "engine",
            "decide",
            file,
            "--alert",
            alert,
            *said,
            "--uri",
            f"sqlite:///{tmp_path / 'm.db'}",
        )
        typed(
            capsys, "engine", "decide", file, "--alert", alert, *said, "--group", f"{text}={text}"
        )
    typed(capsys, "engine", "decide", tmp_path / text, "--alert", "a-1", *said)
    typed(capsys, "engine", "send", tmp_path)
    typed(capsys, "engine", "expire", tmp_path / text)
