"""Contract: what of an address may be shown, stored or logged: no credentials, no query.

A user name, a password and a query may be secrets. Whatever prints or stores an address, or a text
of others that may hold one, goes through here.
"""

from __future__ import annotations

import re

# Three slashes begin a path on this machine (sqlite:///...), which holds no credentials.
_CREDENTIALS = re.compile(r"(?<=://)(?!/)[^/?#\s]*@")
# A password with a slash, a question mark or a hash that should have been quoted: nobody can tell
# where it ends. (A port is digits alone.)
_UNCLEAR = re.compile(r"(?<=://)[^/?#\s:@]*:(?!\d*(?:[/?#\s]|$))\S*?[/?#]\S*@\S*")
# Of what a semicolon ends, only a sentence goes on after a space.
_QUERY = re.compile(
    r"(\b(?!sqlite:|file:)[a-z][a-z\d+.-]*:/{1,3}(?!/)[^\s?#;\"'<>]*)(?:[?#]|;(?=[^\s\"<>]))[^\s\"<>]*",
    re.I,
)
# An address with one slash too few. A registered model (models:/NAME@ALIAS) has one.
_ONE_SLASH = re.compile(r"(\b(?!models:)[a-z][a-z\d+.-]+:/)(?!/)[^/?#\s]*@", re.I)
# What is left of user:password@host where the slashes of an address are missing or too many.
_BARE = re.compile(
    r"(?<![\w.+/\\-])(?!sqlite:|file:)((?:[a-z][a-z\d+.-]*:)?[/\\]*)[^\s/\\:@\"']+:[^\s/\\@…]+@",
    re.I,
)
# What drivers of databases and clients of servers say of how they connect.
_NAMED = re.compile(
    r"((?:password|passwd|pwd|secret|token|signature|access_?key|api_?key)="
    r"|\bbearer )[^\s&;,\"')}]+",
    re.I,
)
# Databricks: its host is the name of a profile or of a secret.
_PROFILE = re.compile(r"(\bdatabricks(?:-uc)?://)[^\s\"<>]+", re.I)
# What urllib3 says of a request that failed: the address without its host.
_RELATIVE = re.compile(r"(with url: [^\s?#;]*)[?#;]\S*")


def masked(text: str) -> str:
    """Return a text without the credentials, queries and fragments of the addresses in it.

    Examples
    --------
    >>> masked("http://user:s3cret@host:5000/path?token=abc does not answer")
    'http://host:5000/path does not answer'
    >>> masked("Max retries exceeded with url: /?token=abc/api/2.0/mlflow (Caused by a timeout)")
    'Max retries exceeded with url: / (Caused by a timeout)'
    >>> masked("sqlite:////srv/what? now/mlflow.db")
    'sqlite:////srv/what? now/mlflow.db'
    """
    text = _ONE_SLASH.sub(r"\1", _PROFILE.sub(r"\1…", text))
    clear = _QUERY.sub(r"\1", _CREDENTIALS.sub("", _UNCLEAR.sub("…", text)))
    return _NAMED.sub(r"\1…", _BARE.sub(r"\1…@", _RELATIVE.sub(r"\1", clear)))
