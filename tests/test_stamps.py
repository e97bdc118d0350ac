"""Time stamps of plans, studies and ledgers, by an authority that OpenSSL plays on a local port."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import lfr_eval
from lfr_eval.cli import main as cli
from lfr_eval.contract.ledger import Ledger
from lfr_eval.contract.stamps import PLAN_STAMP, STUDY_STAMP, StampError, read_stamp, request_for
from lfr_eval.finished.stamping import asked, keep, stampable, stamps_told
from lfr_eval.planning.freezing import freeze
from tests.studies import SMALL
from tests.test_foreign import PLAN

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
CONFIG = """
[tsa]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
"""


class Authority:
    """A certificate authority, and the time-stamping authority below it, in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.roots = folder, folder / "root.pem"
        root, self.key = _key(), _key()
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Root {folder.name}")])
        tsa = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Clock {folder.name}")])
        constraint = x509.BasicConstraints(ca=True, path_length=1)
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        ours = _certificate(named, root, named, root, constraint)
        self.roots.write_bytes(ours.public_bytes(serialization.Encoding.PEM))
        signer = _certificate(tsa, self.key, named, root, purpose)
        (folder / "tsa.pem").write_bytes(signer.public_bytes(serialization.Encoding.PEM))
        kept = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / "key.pem").write_bytes(kept)
        (folder / "tsa.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01")

    def answer(self, request: bytes) -> bytes:
        """Sign the time of a request."""
        (self.folder / "request").write_bytes(request)
        command = (
            *("openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa"),
            *("-queryfile", "request", "-out", "answer", "-signer", "tsa.pem"),
            *("-inkey", "key.pem"),
        )
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "answer").read_bytes()


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer: x509.Name,
    by: rsa.RSAPrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    return builder.add_extension(extension, critical=True).sign(by, hashes.SHA256())


def _with_another_name(authority: Authority, response: bytes) -> bytes:
    """Add a certificate to a response that says it is its signer's, under another name."""
    signer = x509.load_pem_x509_certificate((authority.folder / "tsa.pem").read_bytes())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Royal Observatory of a long name")])
    builder = x509.CertificateBuilder(signer.issuer, name, authority.key.public_key())
    builder = builder.serial_number(signer.serial_number)
    builder = builder.not_valid_before(signer.not_valid_before_utc)
    builder = builder.not_valid_after(signer.not_valid_after_utc)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    builder = builder.add_extension(purpose, critical=True)
    made = builder.sign(_key(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    real = signer.public_bytes(serialization.Encoding.DER)
    return _with(response, real, b"".join(sorted((real, made))))


def _with(encoded: bytes, part: bytes, instead: bytes) -> bytes:
    """Replace a part of DER in the one place where it stands, with the lengths of all around it."""
    if encoded == part:
        return instead
    made = b""
    while encoded:
        head, size = 2, encoded[1]
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(encoded[2:head], "big")
        whole, encoded = encoded[: head + size], encoded[head + size :]
        if whole == part:
            made += instead
        elif part in whole:
            inner = _with(whole[head:], part, instead)
            length = len(inner).to_bytes((len(inner).bit_length() + 7) // 8, "big")
            form = bytes([0x80 | len(length)]) + length if len(inner) > 127 else length
            made += whole[:1] + form + inner
        else:
            made += whole
    return made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "A")


@pytest.fixture
def address(authority: Authority) -> Iterator[str]:
    """Serve the authority."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            body = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_plan_and_its_study_are_stamped_before_and_after_the_results(
    authority: Authority, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, studies = tmp_path / "plan.yaml", tmp_path / "studies"
    overrides = [*SMALL, "dataset.people=30", "dataset.fillers=100", "design.watchlist_sizes=[100]"]
    plan.write_text(yaml.safe_dump({**PLAN, "overrides": overrides}))
    freeze(plan)
    roots = str(authority.roots)
    assert cli.main(["stamp", str(plan), "--tsa", address, "--roots", roots]) == cli.OK
    assert cli.main(["plan", "check", str(plan), "--roots", roots]) == cli.OK
    said = capsys.readouterr().out
    assert said.count("time-stamped by Clock A at 20") == 2
    assert f"checked against {roots}" in said
    where = [f"paths.studies={studies}", f"paths.cache={tmp_path / 'cache'}", "report.pdf=false"]
    registration = tmp_path / "plan.registration.json"
    study = lfr_eval.run(f"registration={registration}", *where).folder
    page = (study.path / "report.html").read_text()
    assert "time-stamped by Clock A at" in page
    assert ", before this study was run" in page
    # The study itself by a file that travelled by other means.
    before, request, answer = study.study_hash(), tmp_path / "tsq", tmp_path / "tsr"
    assert cli.main(["stamp", str(study.path), "--request", str(request)]) == cli.OK
    answer.write_bytes(authority.answer(request.read_bytes()))
    assert cli.main(["stamp", str(study.path), "--response", str(answer)]) == cli.OK
    assert study.study_hash() == before
    capsys.readouterr()
    assert cli.main(["verify", str(study.path), "--roots", roots]) == cli.OK
    assert capsys.readouterr().out.count("time-stamped by Clock A") == 2
    assert (study.path / "report.html").read_text().count("time-stamped by Clock A") == 2
    # A stamp of something else is none, whoever seals the study with it.
    assert {PLAN_STAMP, STUDY_STAMP} < {path.name for path in study.path.iterdir()}
    with pytest.raises(StampError, match="something else"):
        keep(study.path, (study.path / PLAN_STAMP).read_bytes(), None, None)


def test_another_root_a_refusal_and_a_scrap_are_named(
    authority: Authority, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "approvals.jsonl")
    for what in ("one", "two"):
        ledger.append({"what": what})
    chosen = stampable(ledger.path)
    keep(ledger.path, asked(chosen, address, authority.roots), authority.roots, None)
    ledger.append({"what": "three"})
    (told,) = stamps_told(ledger.path, authority.roots)
    assert told.startswith("Entry 2 of approvals.jsonl and all before it: time-stamped by Clock A")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "rfc3161_client", None)
        assert stamps_told(ledger.path)[0].startswith(
            "There are time stamps, but they cannot be read"
        )
        with pytest.raises(StampError, match=r"pip install 'lfr-eval\[timestamps\]'"):
            stamps_told(ledger.path, authority.roots)
    other = Authority(tmp_path / "B")
    with pytest.raises(StampError, match=r"jsonl\.2\.tsr: The certificates in "):
        stamps_told(ledger.path, other.roots)
    with pytest.raises(StampError, match="do not confirm it"):
        keep(ledger.path, other.answer(request_for("x").as_bytes()), authority.roots, None)
    named = _with_another_name(authority, authority.answer(request_for("x").as_bytes()))
    for roots in (authority.roots, None):
        with pytest.raises(StampError, match="It has 2 certificates"):
            read_stamp(named, "x", roots)
    with pytest.raises(StampError, match="not a time stamp"):
        keep(ledger.path, b"\x30\x03", None, None)
    with pytest.raises(StampError, match="did not answer"):
        asked(chosen, "http://127.0.0.1:9", None)
    with monkeypatch.context() as small:
        small.setattr("lfr_eval.finished.stamping.MOST", 100)
        with pytest.raises(StampError, match="sends more than 100 bytes; the rest was not read"):
            asked(chosen, address, authority.roots)
    whole = bytearray((tmp_path / "approvals.jsonl.2.tsr").read_bytes())
    place = whole.index(b"Clock A") - 700
    whole[place] ^= 1
    (tmp_path / "approvals.jsonl.2.tsr").write_bytes(bytes(whole))
    with pytest.raises(StampError, match=r"jsonl\.2\.tsr"):
        stamps_told(ledger.path, authority.roots)
