"""Files in the forms that such systems write: CSV with CRLF, gzip, workbooks and Parquet without a clock."""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the least that a zip archive can say


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    encoding: str,
    *,
    delimiter: str = ",",
    above: Sequence[str] = (),
    below: Sequence[object] = (),
) -> int:
    """Writes a CSV with CRLF, title lines `above` the header and a row `below`; returns the count of rows."""
    text = io.StringIO()
    for title in above:
        text.write(title + "\r\n")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    if below:
        writer.writerow(below)
    path.write_bytes(text.getvalue().encode(encoding))
    return count


def write_gzip(path: Path, text: str) -> None:
    """Writes `text` as UTF-8 in gzip; its header holds no time, name or system."""
    data = text.encode("utf-8")
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(data) + packer.flush()
    header = b"\x1f\x8b\x08\x00" + b"\x00\x00\x00\x00" + b"\x00\xff"
    path.write_bytes(header + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))


def write_xlsx(
    path: Path,
    sheet: str,
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    below: Sequence[Any],
) -> None:
    """Writes a workbook of one sheet: a title row, the header, rows with typed cells, a row `below`."""
    import openpyxl

    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = sheet
    for row in ([title], header, *rows, below):
        page.append(list(row))
        for cell in page[page.max_row]:
            if isinstance(cell.value, date):
                cell.number_format = "yyyy/mm/dd"
            elif isinstance(cell.value, int):
                cell.number_format = "#,##0"
    packed = io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed) as written, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in written.namelist():
            part = written.read(name)
            if name == "docProps/core.xml":  # says when the workbook was made
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", part)
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, part)


def write_parquet(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Writes columns of equal length, named as the keys."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(dict(columns)), path, compression="zstd")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes UTF-8 text with a line feed after each line, as loggers do."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
