"""Files in the forms that such systems write: CSV with CRLF, and gzip without a clock."""

from __future__ import annotations

import csv
import io
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    encoding: str,
    *,
    above: Sequence[str] = (),
    below: Sequence[object] = (),
) -> int:
    """Writes a CSV with CRLF, title lines `above` the header and a row `below`; returns the count of rows."""
    text = io.StringIO()
    for title in above:
        text.write(title + "\r\n")
    writer = csv.writer(text, lineterminator="\r\n")
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
