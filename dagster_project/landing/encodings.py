"""Strict decoding in the declared encoding; nothing is guessed and no character is ever replaced."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from dagster_project.landing.held import FileHeld

ENCODINGS = ("utf-8", "utf-8-sig", "cp932", "utf-16")
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
MAX_EXPANDED = 20 << 30
MAX_RATIO = 400
_RATIO_FREE = 64 << 20  # small files may compress as well as they like
MAX_LINE = 32 << 20
# Bytes that Windows' table leaves open, which Python's codec lets through: 80, A0, FD, FE, FF.
_CP932_OPEN = re.compile("[\x80\xa0\uf8f0-\uf8f3]")
_THREE_BYTES = re.compile("[\u0800-\ud7ff\ue000-\uffff\U00010000-\U0010ffff]")


class Undecodable(Exception):
    """A byte that the encoding has no character for; `offset` counts from 0 in the decompressed file."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"byte {offset}")


class _Capped(io.RawIOBase):
    """A gzip stream that stops at a bomb, by size and by ratio."""

    def __init__(self, path: Path) -> None:
        self._stream = gzip.open(path, "rb")  # noqa: SIM115  closed in close()
        self._given = 0
        self._limit = min(MAX_EXPANDED, max(_RATIO_FREE, path.stat().st_size * MAX_RATIO))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileHeld(f"the gzip file is cut or damaged ({error}); ask for the export again") from error
        self._given += len(data)
        if self._given > self._limit:
            raise FileHeld(f"the gzip file expands beyond {self._limit:,} bytes; it looks like a bomb")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, decompressed where its name ends in .gz.

    Raises FileHeld while reading a cut or oversized gzip file.
    """
    if path.suffix == ".gz":
        with _Capped(path) as raw, io.BufferedReader(raw, _CHUNK) as stream:
            yield cast(BinaryIO, stream)
    else:
        with path.open("rb", buffering=_CHUNK) as stream:
            yield stream


def _codec(encoding: str) -> str:
    # utf-8-sig also reads files without the mark, so a mark is accepted under utf-8 too.
    return "utf-8-sig" if encoding in ("utf-8", "utf-8-sig") else encoding


def decoded_chunks(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """The text, chunk by chunk. Raises Undecodable with the offset of the first bad byte."""
    decoder = codecs.getincrementaldecoder(_codec(encoding))("strict")
    offset = 0
    while True:
        chunk = stream.read(_CHUNK)
        if (
            offset == 0
            and encoding == "utf-16"
            and chunk[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        ):
            raise Undecodable(0)
        state = decoder.getstate()[0]
        start = offset - len(state)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise Undecodable(start + error.start) from error
        if encoding == "cp932":
            wrong = _CP932_OPEN.search(text)
            if wrong:
                raise Undecodable(start + len(text[: wrong.start()].encode("cp932")))
        offset += len(chunk)
        yield text
        if not chunk:
            return


def decodes(path: Path, encoding: str) -> bool:
    """Whether the whole file is text in `encoding`."""
    with open_bytes(path) as stream:
        try:
            for _ in decoded_chunks(stream, encoding):
                pass
        except Undecodable:
            return False
    return True


def fitting_encodings(path: Path) -> list[str]:
    """Which of the four encodings decode the whole file; `utf-8-sig` only where the mark is there."""
    with open_bytes(path) as stream:
        marked = _BOMS.get(stream.read(3)) or _BOMS.get(_first_bytes(path, 2))
    if marked:
        return [marked] if decodes(path, marked) else []
    return [encoding for encoding in ("utf-8", "cp932") if decodes(path, encoding)]


def _first_bytes(path: Path, count: int) -> bytes:
    with open_bytes(path) as stream:
        return stream.read(count)


@dataclass(frozen=True)
class TextFacts:
    """What one strict pass over a text file tells. `ends_with_newline` is also true of an empty file."""

    characters: int
    lines: int
    ends_with_newline: bool


def check_text(path: Path, encoding: str) -> TextFacts:
    """Decode the whole file once. Raises FileHeld: cut gzip, byte outside the encoding, NUL, endless line."""
    head = _first_bytes(path, 4)
    if head[:2] == _GZIP:
        raise FileHeld(
            "is a gzip file" + (" inside a gzip file" if path.suffix == ".gz" else "; name it .gz")
        )
    if head == b"PK\x03\x04":
        raise FileHeld("is a zip archive or a workbook; declare `format: {type: xlsx}`, or unpack it")
    marked = _BOMS.get(head[:3]) or _BOMS.get(head[:2])
    if marked and _codec(marked) != _codec(encoding):
        raise FileHeld(f"is declared as {encoding}, but begins with the byte order mark of {marked}")
    characters = lines = since_newline = 0
    last = "\n"
    foreign = False
    with open_bytes(path) as stream:
        try:
            for text in decoded_chunks(stream, encoding):
                if "\0" in text:
                    line = lines + text[: text.index("\0")].count("\n") + 1
                    raise FileHeld(f"line {line}: holds a NUL character; the export is damaged")
                characters += len(text)
                breaks = text.count("\n")
                lines += breaks
                since_newline = len(text) - text.rfind("\n") - 1 if breaks else since_newline + len(text)
                if since_newline > MAX_LINE:
                    raise FileHeld(f"line {lines + 1} is longer than {MAX_LINE:,} characters")
                foreign = foreign or (encoding == "cp932" and not text.isascii())
                last = text[-1:] or last
        except Undecodable as error:
            raise FileHeld(_explain(path, encoding, error.offset)) from error
    if foreign and _reads_as_utf8(path):
        raise FileHeld(
            "is declared as cp932 and decodes so, but all of it is also UTF-8, which Japanese text in cp932 "
            "practically never is; declare `encoding: utf-8`"
        )
    return TextFacts(characters, lines + (last != "\n"), last in "\r\n")


def _reads_as_utf8(path: Path) -> bool:
    with open_bytes(path) as stream:
        try:
            return any([bool(_THREE_BYTES.search(text)) for text in decoded_chunks(stream, "utf-8")])
        except Undecodable:
            return False


def _explain(path: Path, encoding: str, offset: int) -> str:
    fitting = [name for name in fitting_encodings(path) if name != encoding]
    if encoding == "utf-16" and offset == 0:
        what = "is declared as utf-16, but has no byte order mark at byte 0"
    else:
        what = f"byte {offset} is not {encoding}"
    if fitting:
        return f"{what}; the whole file decodes as {' and as '.join(fitting)}: correct `encoding` if so"
    return f"{what}; none of {', '.join(ENCODINGS)} decodes the whole file: damaged, or in another encoding"


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """The decoded file with its line ends as they are. Call `check_text` first."""
    with open_bytes(path) as stream:
        yield io.TextIOWrapper(stream, encoding=_codec(encoding), errors="strict", newline="")
