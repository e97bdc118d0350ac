"""Bytes of a text: whether they are UTF-8, and what else a table was saved as."""

from __future__ import annotations

BEGINS = 4096
"""Bytes by which the kind of a file is told."""

SHOWN_OF_LINE = 60
"""Characters of a line in a message."""


def why_no_utf8(content: bytes, show: bool = True) -> str:
    r"""Return which line of a text is not UTF-8 and what to do about it; '' if it is.

    Parameters
    ----------
    show
        Whether the line itself is quoted.

    Examples
    --------
    >>> why_no_utf8("id;group\n1;M\u00e9tis".encode("latin-1"))
    "row 2 ('1;M�tis') is not UTF-8 text. Save the file as UTF-8; in Excel, as 'CSV UTF-8'"
    """
    try:
        content.decode()
    except UnicodeDecodeError as error:
        begins = content.rfind(b"\n", 0, error.start) + 1
        line = content[begins:].split(b"\n", 1)[0].strip().decode(errors="replace")
        row, quoted = content.count(b"\n", 0, begins) + 1, f" ('{line[:SHOWN_OF_LINE]}')" * show
        return (
            f"row {row:,}{quoted} is not UTF-8 text. Save the file as UTF-8; in Excel, as 'CSV "
            "UTF-8'"
        )
    return ""


def wide_encoding(content: bytes) -> str | None:
    """Return `UTF-16` or `UTF-32` where a text is in one of these; None otherwise.

    That is by the mark at its beginning, or by the zero bytes of its Latin letters.

    Examples
    --------
    >>> [wide_encoding("id,x".encode(name)) for name in ("utf-8", "utf-16-le", "utf-32")]
    [None, 'UTF-16', 'UTF-32']
    """
    begins = content[:BEGINS]
    if begins.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "UTF-32"
    if begins.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    zeros = begins.count(b"\0") / max(1, len(begins))
    return "UTF-32" if zeros > 0.6 else "UTF-16" if zeros > 0.2 else None


_PACKED = {
    b"\x1f\x8b": "compressed (gzip)",
    b"BZh": "compressed (bzip2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"\x28\xb5\x2f\xfd": "compressed (zstd)",
    b"7z\xbc\xaf": "a 7z archive",
}
"""What else a table is sent as, by the first bytes."""


def why_no_table(begins: bytes) -> tuple[str, str] | None:
    r"""Return why a file is not a table in UTF-8, and what to do; None where it may be.

    Parameters
    ----------
    begins
        Its first bytes, some thousands.

    Examples
    --------
    >>> why_no_table(b"\x1f\x8b\x08\x00"), why_no_table(b"a,b")
    (('the file is compressed (gzip)', 'Unpack it.'), None)
    """
    packed = next((kind for mark, kind in _PACKED.items() if begins.startswith(mark)), None)
    if packed is not None:
        return f"the file is {packed}", "Unpack it."
    if begins.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return (
            "the file is a workbook or an archive, not CSV",
            "Rename an Excel workbook to end in .xlsx, save an old .xls as 'CSV UTF-8', or unpack "
            "the archive.",
        )
    wide = wide_encoding(begins)
    return None if wide is None else (f"the file is {wide}", "Save it as 'CSV UTF-8'.")
