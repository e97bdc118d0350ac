"""Contract: what of an address may be shown, stored or logged: no credentials, no query.

A user name, a password and a query may be secrets. Whatever prints or stores an address, or a text
of others that may hold one, goes through here.
"""

from __future__ import annotations

import re

# Lengths are limited where a long text without an @ would take minutes.

# Two full-width forms of @ as well: urllib reads them as one, and repeats the address to refuse it.
_AT = r"@\uff20\ufe6b"
# Three slashes begin a path on this machine (sqlite:///...), which holds no credentials.
_CREDENTIALS = re.compile(r"(?<=://)(?!/)[^/?#\s]*[@\uff20\ufe6b]")
# A name or a password with a slash, a question mark, a hash or a space that should have been
# quoted: nobody can tell where it ends. (A port is digits alone.)
_UNCLEAR = re.compile(
    rf"(?<=://)(?:[^/?#\s:{_AT}]*:(?!\d*(?:[/?#\s]|$))"
    rf"(?:[^\s/?#]*[/?#]\S{{,1999}}|(?=[^{_AT}\n]{{,999}}\s)[^{_AT}\n]{{,999}})"
    rf"|(?!/)[^?#\s:{_AT}]{{,999}}/[^/?#\s:{_AT}]*:[^/?#\s{_AT}]+)[{_AT}]\S*"
)
# An address inside another is percent-encoded, or that of a driver is.
_ENCODED = re.compile(r"(\b[a-z][a-z\d+.-]*%3a(?:%2f){1,3})[^\s\"'<>]+", re.I)
# Of what a semicolon ends, only a sentence goes on after a space.
_QUERY = re.compile(
    r"(\b(?!sqlite:|file:)[a-z][a-z\d+.-]*:/{1,3}(?!/)[^\s?#;\"'<>]{0,1999})"
    r"(?:[?#]|;(?=[^\s\"<>]))(?:=\"[^\"\n]*\"|=<[^<>\n]*>|[^\s\"<>])*",
    re.I,
)
# An address with one slash too few. A registered model (models:/NAME@ALIAS) has one.
_ONE_SLASH = re.compile(rf"(\b(?!models:)[a-z][a-z\d+.-]+:/)(?!/)[^/?#\s]*[{_AT}]", re.I)
# What is left of user:password@host where the slashes of an address are missing or too many, or
# its colon is.
_BARE = re.compile(
    r"(?<![\w.+/\\-])(?!sqlite:|file:)((?:[a-z][a-z\d+.-]*(?::|(?=//)))?[/\\]*)"
    rf"[^\s/\\:{_AT}\"']{{1,256}}:(?!\d+[/?#])[^\s/\\{_AT}…][^\s{_AT}…]{{,999}}[{_AT}]",
    re.I,
)
_VALUE = r"(?:\"[^\"\n]*\"|'[^'\n]*'|\{[^}\n]*\}|[^\s&;,\"')}]+)"
_SECRET = (
    r"(?:password|passwd|pwd|passphrase|secret|token|signature|\bsig|credential|session_?id"
    r"|(?:access|account|api)[_-]?key(?:_?id)?)"
)
# What drivers of databases and clients of servers say of how they connect, and parts of a query.
_NAMED = re.compile(rf"({_SECRET}(?: ?= ?|%3d)|[?&][\w.%-]+=|\bbearer ){_VALUE}", re.I)
# The same as an entry of a mapping, and a header.
_ENTRY = re.compile(
    rf"([\"'][\w-]*{_SECRET}[\"']: ?|\b(?:password|passwd|pwd): ?"
    r"|\b(?:authorization|cookie|x-[a-z-]*(?:key|token))[\"']?[:=] ?)"
    rf"(?:(?:basic|digest|negotiate|token) {_VALUE}|(?!bearer ){_VALUE})",
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
    text = _ENCODED.sub(r"\1…", _ONE_SLASH.sub(r"\1", _PROFILE.sub(r"\1…", text)))
    clear = _QUERY.sub(r"\1", _CREDENTIALS.sub("", _UNCLEAR.sub("…", text)))
    bare = _BARE.sub(r"\1…@", _RELATIVE.sub(r"\1", clear))
    return _ENTRY.sub(r"\1…", _NAMED.sub(r"\1…", bare))
