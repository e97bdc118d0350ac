"""What of an address is shown: never credentials or a query, in one place for every room."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lfr_eval
from lfr_eval.contract.addresses import masked

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
        ("models:/name@live", "models:/name@live"),
        ("two http://a:b@c/ and ftp://d:e@f/?g", "two http://c/ and ftp://f/"),
        ("no address: a@b ? c", "no address: a@b ? c"),
    ],
)
def test_addresses_are_shown_without_credentials_and_query(address: str, shown: str) -> None:
    assert masked(address) == shown
    assert masked(shown) == shown


@given(st.text(SIGNS, max_size=20), st.text(SIGNS, max_size=20))
def test_no_password_is_ever_shown(before: str, after: str) -> None:
    secret = f"{before}s3cret{after}"
    assert "s3cret" not in masked(f"open http://alice:{secret}@host/path?q={secret} failed")


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
