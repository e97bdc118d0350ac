"""Packed files that somebody else may have made: refused in words, in little time and memory."""

from __future__ import annotations

import pickle
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lfr_eval.compute.limits import TookTooLong, within_free_memory, within_seconds
from lfr_eval.contract.workbooks import WorkbookUnreadable, read_workbook
from lfr_eval.deployments import pdf
from lfr_eval.deployments.importing import import_records
from lfr_eval.matchers import MatcherError
from lfr_eval.matchers.matrix_files import read_matrix
from lfr_eval.matchers.templates import TemplateFile
from lfr_eval.matchers.vendor_files import read_frame
from tests.deployments.grids import HEADINGS, row

NAMES = ["a", "b"]
ARRAYS = {
    "image_id": np.array(NAMES), "template": np.eye(2, dtype=np.float32),
    "reference_id": np.array(NAMES), "probe_id": np.array(NAMES), "score": np.eye(2),
}  # fmt: skip
NPZ = {
    "a shape of a terabyte": ("template", "score", "(1000000000000, 2)", "fit into the memory"),
    "a shape below nothing": ("template", "score", "(-2, -8)", "cannot be read|expected"),
    "a header that does not end": ("template", "score", "((((", "cannot be read|expected"),
    "no rows at all": ("template", "score", "()", "shape is|has the shape"),
}


def header(shape: str) -> bytes:
    """Return an array of NumPy's format that states a shape and holds four bytes."""
    said = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".ljust(117).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + said + b"\n" + bytes(4)


def refused(file: Path, match: str) -> None:
    for read in (TemplateFile, read_matrix):
        with pytest.raises(MatcherError, match=match) as caught:
            read(file)
        assert "allow_pickle" not in str(caught.value)


@pytest.mark.parametrize("name", NPZ)
def test_arrays_that_are_none(name: str, tmp_path: Path) -> None:
    *arrays, shape, said = NPZ[name]
    others = {key: value for key, value in ARRAYS.items() if key not in arrays}
    np.savez(tmp_path / "a.npz", **others)
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        for array in arrays:
            archive.writestr(f"{array}.npy", header(shape))
    refused(tmp_path / "a.npz", said)


def test_what_has_the_name_of_an_array_and_is_none(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ARRAYS:
            archive.writestr(name, b"no array")
    refused(tmp_path / "a.npz", "is not an array")


@pytest.mark.parametrize(("place", "value"), [(8, 1), (10, 77)], ids=["encrypted", "packed oddly"])
def test_an_archive_that_zipfile_cannot_unpack(place: int, value: int, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **ARRAYS)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    entry = content.find(b"PK\x01\x02")
    while entry >= 0:
        content[entry + place] = value
        local = content[entry + 42 : entry + 46]
        content[int.from_bytes(local, "little") + place - 2] = value
        entry = content.find(b"PK\x01\x02", entry + 4)
    (tmp_path / "a.npz").write_bytes(content)
    refused(tmp_path / "a.npz", "encrypted|not supported")


@pytest.mark.parametrize("content", [pickle.dumps({}), header("(1,)"), b"PK\x03\x04", b""])
def test_what_is_no_archive_is_not_unpickled(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    refused(tmp_path / "a.npz", r"it is not an \.npz archive")


@pytest.mark.parametrize("said", ["[" * 100_000, "[]", '{"index_columns": 5}', "{", '{"a": []}'])
def test_what_pandas_left_in_a_parquet_file_may_be_anything(said: str, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"image_id": NAMES, "template": [[1.0], [2.0]], "score": [0.5, 0.6]})
    parquet.write_table(table.replace_schema_metadata({b"pandas": said}), tmp_path / "a.parquet")
    for read in (TemplateFile, read_matrix, read_frame):
        with pytest.raises(MatcherError):
            read(tmp_path / "a.parquet")


SHEET = "xl/worksheets/sheet1.xml"


def workbook(path: Path, old: str, new: str) -> Path:
    """Write records as a workbook, and change its first sheet."""
    records = pd.DataFrame([row("Croydon", "28/06/2024")], columns=HEADINGS)
    whole = path.with_name("whole.xlsx")
    records.to_excel(whole, index=False)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", 8) as made:
        for entry in source.namelist():
            content = source.read(entry).decode()
            assert entry != SHEET or old in content
            made.writestr(entry, content.replace(old, new) if entry == SHEET else content)
    return path


@pytest.mark.parametrize(
    "joined",
    [
        '<mergeCells><mergeCell ref="A3:XFD1048576"/></mergeCells>',
        '<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>',
        '<hyperlinks><hyperlink ref="A:C" location="x"/></hyperlinks>',
    ],
)
def test_merged_cells_and_links_over_a_whole_sheet(joined: str, tmp_path: Path) -> None:
    file = workbook(tmp_path / "a.xlsx", "</sheetData>", f"</sheetData>{joined}")
    with pytest.raises(Exception, match=r"cover more than 1,048,576 cells"):
        import_records([file])


def test_one_text_in_many_cells_is_counted_in_each(tmp_path: Path) -> None:
    cells = '<c t="s"><v>0</v></c>' * 300
    file = workbook(tmp_path / "a.xlsx", "</sheetData>", f"<row>{cells}</row></sheetData>")
    with zipfile.ZipFile(file) as source:
        content = {name: source.read(name).decode() for name in source.namelist()}
    schema = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    told = f'<Override PartName="/texts.xml" ContentType="{schema}"/></Types>'
    content["[Content_Types].xml"] = content["[Content_Types].xml"].replace("</Types>", told)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    content["texts.xml"] = f'<sst xmlns="{space}"><si><t>{"x" * 1_000_000}</t></si></sst>'
    with zipfile.ZipFile(file, "w", 8) as made:
        for name, part in content.items():
            made.writestr(name, part)
    with pytest.raises(WorkbookUnreadable, match="it unpacks to"):
        read_workbook(file)


def test_a_row_that_no_sheet_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lfr_eval.contract.workbooks.MOST_ROWS", 1_000)
    far = '<row r="99999999999"><c><v>1</v></c></row></sheetData>'
    file = workbook(tmp_path / "a.xlsx", "</sheetData>", far)
    with pytest.raises(WorkbookUnreadable, match="or 1,000 rows, up to row 1,001"):
        read_workbook(file)
    with pytest.raises(Exception, match="or 1,000 rows, up to row 1,001"):
        import_records([file])


def document(path: Path, content: bytes, forms: int = 0) -> Path:
    """Write a PDF of one page, and forms of which each draws the next one ten times."""
    names = [b"<< /XObject << /F%d %d 0 R >> >>" % (at, 5 + at) for at in range(forms + 1)]
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources %s >>"
        % names[0],
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources %s /Length %d >>"
    for at in range(forms):
        draws = b"/F%d Do " % (at + 1) * 10 if at + 1 < forms else b"0 0 m 1 1 l S"
        objects.append(form % (names[at + 1], len(draws)) + b"\nstream\n%s\nendstream" % draws)
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
    path.write_bytes(body + table + end % (len(objects) + 1, len(body)))
    return path


def test_a_page_that_draws_itself_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PATIENCE", 0.2)
    file = document(tmp_path / "a.pdf", zlib.compress(b"/F0 Do"), forms=12)
    with pytest.raises(Exception, match=r"not a readable PDF \(it takes more than 0\.2 seconds"):
        import_records([file])


def test_a_page_that_unpacks_to_more_than_a_page_can_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_BYTES", 1 << 25)
    file = document(tmp_path / "a.pdf", zlib.compress(bytes(80_000_000), 1))
    with pytest.raises(Exception, match=r"a\.pdf (is not a readable PDF|needs more memory than)"):
        import_records([file])


def test_limits_end_where_they_began() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with within_free_memory(1 << 26):
        with within_free_memory(), pytest.raises(MemoryError):
            np.ones(1 << 28, np.uint8)
        assert resource.getrlimit(resource.RLIMIT_AS) != before
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def endless() -> None:
    while True:
        with suppress(TookTooLong):
            sum(range(1_000))
            continue
        break
    while True:
        sum(range(1_000))


def test_what_passes_an_error_over_is_stopped_again() -> None:
    with pytest.raises(TookTooLong), within_seconds(0.01):
        endless()
