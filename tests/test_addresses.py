"""What of an address is shown: never credentials or a query, in one place for every room."""

from __future__ import annotations

import ast
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lfr_eval
from lfr_eval.cli.main import main
from lfr_eval.config.grammar import parsed_override
from lfr_eval.config.missing import ConfigError
from lfr_eval.contract.addresses import masked
from lfr_eval.contract.folder import StudyFolder

SIGNS = st.sampled_from("abcXYZ019:@!$&'()*+,;=-._~%#?")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://alice:s3cret@host:5000/x", "http://host:5000/x"),
        ("https://token@host/", "https://host/"),
        ("http://alice:s3@cret@host/x", "http://host/x"),
        ("http://alice:s3/cret@host/x", "http://…"),
        ("postgresql+psycopg://u:p@db/lfr?password=s3cret", "postgresql+psycopg://db/lfr"),
        ("rtsp://admin:12345@10.0.0.7:554/stream", "rtsp://10.0.0.7:554/stream"),
        ("http://host/invocations?key=s3cret#s3cret", "http://host/invocations"),
        ("http://host:5000/p@th", "http://host:5000/p@th"),
        ("sqlite:////srv/what? now/a@b#c/mlflow.db", "sqlite:////srv/what? now/a@b#c/mlflow.db"),
        ("http://host/;key=s3cret then", "http://host/ then"),
        ("http://host/; http://host/a;b", "http://host/; http://host/a"),
        ("http:/u:s3cret@host/x?key=s3cret", "http:/host/x"),
        ("https:/s3cret@host", "https:/host"),
        ("databricks://s3cret", "databricks://…"),
        ("x='rtsp://host/s?password=s3cret'", "x='rtsp://host/s"),
        ("models:/name@live", "models:/name@live"),
        ("two http://a:b@c/ and ftp://d:e@f/?g", "two http://c/ and ftp://f/"),
        ("no address: a@b ? c", "no address: a@b ? c"),
        ("http:u:s3cret@host", "http:…@host"),
        ("http:///u:s3cret@host/x", "http:///…@host/x"),
        ("//u:s3cret@host/x", "//…@host/x"),
        ("u:s3cret@host:5000", "…@host:5000"),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Ds3cret", "mssql+pyodbc:///"),
        ("host=h user=u password=s3cret", "host=h user=u password=…"),
        ("Authorization: Bearer s3cret", "Authorization: Bearer …"),
        ("Authorization: Basic s3cret", "Authorization: …"),
        ("http://us/er:s3cret@host", "http://…"),
        ("http://u:s3 cret@host/x then", "http://… then"),
        ("http://u:s3cret\u00a0@host", "http://…"),
        ("http://u:s3cret\uff20host", "http://host"),
        ("http//u:s3cret@host", "http//…@host"),
        ("u:s3/cret@host:80", "…@host:80"),
        ("http%3A%2F%2Fu%3As3cret%40host", "http%3A%2F%2F…"),
        ('http://host?token="s3cret" failed', "http://host failed"),
        ("http://host?token=<s3cret> failed", "http://host failed"),
        ("{'password': 's3cret', 'a': 1}", "{'password': …, 'a': 1}"),
        ('{"access_token": "s3cret"}', '{"access_token": …}'),
        ("password: s3cret", "password: …"),
        ("token = 's3 cret'", "token = …"),
        ("token%3Ds3cret", "token%3D…"),
        ("api-key=s3cret AccountKey=s3cret==", "api-key=… AccountKey=…"),
        ("UID=sa;PWD={s3 cret};", "UID=sa;PWD=…;"),
        ("sig=s3cret x-amz-signature=s3cret", "sig=… x-amz-signature=…"),
        ("X-Api-Key: s3cret", "X-Api-Key: …"),
        ("Cookie: a=s3cret", "Cookie: …"),
        ("GET /x?code=s3cret&key=s3cret failed", "GET /x?code=…&key=… failed"),
        ("sqlite:///x.db?key=s3cret", "sqlite:///x.db?key=…"),
    ],
)
def test_addresses_are_shown_without_credentials_and_query(address: str, shown: str) -> None:
    assert masked(address) == shown
    assert masked(shown) == shown


@given(st.text(SIGNS, max_size=20), st.text(SIGNS, max_size=20))
def test_no_password_is_ever_shown(before: str, after: str) -> None:
    secret = f"{before}s3cret{after}"
    assert "s3cret" not in masked(f"open http://alice:{secret}@host/path?q={secret} failed")


@pytest.mark.parametrize("piece", ["http://", "a:", "://a:b ", "://a/", "'", 'x="', "//", "?a="])
def test_a_long_text_is_masked_in_time(piece: str) -> None:
    """Python's regular expressions can take hours for a text that does not match."""
    before = process_time()
    masked(piece * (20_000 // len(piece)))
    assert process_time() - before < 4


SECRETS = (
    "http://u:s3cret@127.0.0.1:9/?k=s3cret",
    "http://127.0.0.1:9/;k=s3cret",
    "ftp:/s3cret@host",
)
TAKE_ADDRESSES: tuple[tuple[str, ...], ...] = (
    ("stamp", "STUDY", "--tsa", "ADDRESS"),
    ("track", "STUDY", "--uri", "ADDRESS"),
    ("thresholds", "STUDY", "--uri", "ADDRESS", "max_fmr"),
    ("approve", "STUDY", "--uri", "ADDRESS"),
    (
        *(
            "approve",
            "STUDY",
            "--threshold",
            "0.5",
            "--by",
            "a",
            "--role",
            "panel",
            "--proposer",
            "b",
        ),
        "--uri",
        "ADDRESS",
    ),
    ("gate", "models:/m@live", "--uri", "ADDRESS", "policy=ADDRESS"),
    ("gate", "models:/m@live", "--uri", "ADDRESS"),
    ("engine", "run", "source=ADDRESS", "model=models:/m@live", "threshold=0.5"),
    ("engine", "run", "source='ADDRESS", "watchlist=ADDRESS"),
    ("engine", "alias", "models:/m/1", "x/y", "--registry", "ADDRESS"),
    ("engine", "register", "matcher=null", "--registry", "ADDRESS"),
    ("verify", "STUDY", "--sauce", "ADDRESS"),
    ("run", "matcher=http", "matcher.url=ADDRESS", "tracking.url=ADDRESS", "seed='ADDRESS'"),
    ("run", "tracking.uri=[ADDRESS"),
    ("run", "~seed=ADDRESS"),
    ("manifest", "ADDRESS"),
    ("fetch", "ADDRESS"),
    ("ADDRESS",),
)
"""Command lines that end at an address, before anything is sent anywhere."""


@pytest.mark.parametrize("words", TAKE_ADDRESSES, ids=" ".join)
def test_no_command_prints_the_secret_of_an_address(
    words: tuple[str, ...],
    small: StudyFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    for address in SECRETS:
        full = [w.replace("ADDRESS", address).replace("STUDY", str(small.path)) for w in words]
        assert main(full) != 0
    told = capsys.readouterr()
    assert "s3cret" not in told.out + told.err + caplog.text
    assert told.err


def test_an_override_with_an_address_is_told_with_its_remedy() -> None:
    with pytest.raises(ConfigError, match="source='ADDRESS'") as refused:
        parsed_override("source=rtsp://127.0.0.1:9/x?password=s3cret")
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_every_address_goes_through_one_function() -> None:
    """No other file of the package cuts credentials out of addresses."""
    root = Path(lfr_eval.__file__).parent
    found = [
        file.relative_to(root).as_posix()
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if all(sign in node.value for sign in ("//", "@", "["))
    ]
    assert set(found) == {"contract/addresses.py"}
