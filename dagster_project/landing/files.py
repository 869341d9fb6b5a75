"""Which export files lie in the data folder, and their snapshots, taken before anything is read."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath

SETTLE_SECONDS = 2.0
MANIFEST = ".manifest.json"
_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp", MANIFEST)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Found:
    """An export file. `name`: its path below the data folder, NFC, with forward slashes."""

    path: Path
    name: str
    size: int
    mtime_ns: int


def refusal(pattern: str) -> str | None:
    """Why a glob may not be used, or None. Sources read below the data folder only, and never a network."""
    if "://" in pattern:
        return f"files: {pattern!r} is an address; exports are read from the data folder only"
    if "\0" in pattern or not pattern.strip():
        return "files: the pattern is empty or holds a NUL"
    if PurePosixPath(pattern).is_absolute() or PureWindowsPath(pattern).drive or pattern[0] in "\\~":
        return f"files: {pattern!r} is absolute; write it relative to the data folder"
    if ".." in PurePosixPath(pattern.replace("\\", "/")).parts:
        return f"files: {pattern!r} leaves the data folder with '..'"
    return None


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _candidates(data_dir: Path, pattern: str) -> Iterator[Path]:
    # A name written by a Mac is decomposed on disk; the pattern is tried in both forms.
    forms = {_composed(pattern), unicodedata.normalize("NFD", pattern), pattern}
    seen: set[Path] = set()
    for form in sorted(forms):
        for path in data_dir.glob(form):
            if path not in seen:
                seen.add(path)
                yield path


def find_files(data_dir: Path, pattern: str) -> tuple[list[Found], list[str]]:
    """Files that match, by name, and what was passed over for a reason worth saying.

    Unfinished and hidden files are passed over in silence; a link that leads out of the folder is not.
    """
    refused = refusal(pattern)
    if refused:
        return [], [refused]
    if not data_dir.is_dir():
        return [], [f"{data_dir} is not a folder; name the exports' folder with --data DIR"]
    root = data_dir.resolve()
    found: list[Found] = []
    notes: list[str] = []
    try:
        candidates = list(_candidates(data_dir, pattern))
    except (ValueError, NotImplementedError) as error:
        return [], [f"files: {pattern!r} is no glob ({error})"]
    for path in candidates:
        relative = path.relative_to(data_dir)
        name = _composed(relative.as_posix())
        if any(part.startswith((".", "~$")) for part in relative.parts):
            continue
        if path.name.lower().endswith(_UNFINISHED):
            continue
        try:
            real = path.resolve(strict=True)
            if not real.is_relative_to(root):
                notes.append(f"{name}: a link that leads out of the data folder; not read")
                continue
            if not real.is_file():
                continue
            stat = real.stat()
        except OSError as error:
            notes.append(f"{name}: can't be read ({error.strerror or error})")
            continue
        found.append(Found(real, name, stat.st_size, stat.st_mtime_ns))
    return sorted(found, key=lambda file: file.name), notes


def matches(name: str, pattern: str) -> bool:
    """Whether a file's name below the data folder is one that the glob finds."""
    return _expression(pattern).fullmatch(_composed(name)) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """The glob as a regular expression. Kept, for one glob is asked of thousands of files."""
    known = {"**/": "(?:.*/)?", "?": "[^/]"}

    def translated(token: str) -> str:
        if token[0] == "*" and token not in known:
            return "[^/]*"
        if token[0] == "[" and len(token) > 1:
            return token.replace("[!", "[^")
        return known.get(token) or re.escape(token)

    tokens = re.findall(r"\*\*/|\*+|\?|\[!?[^\]]+\]|.", _composed(pattern), re.DOTALL)
    return re.compile("".join(translated(token) for token in tokens))


def settled(files: Iterable[Found], seconds: float = SETTLE_SECONDS) -> tuple[list[Found], list[Found]]:
    """(at rest, still being written). Files touched within the last `seconds` are looked at a second time,
    after one common wait of at most that long."""
    files = list(files)
    fresh = [file for file in files if time.time() - file.mtime_ns / 1e9 < seconds]
    if not fresh:
        return files, []
    youngest = max(file.mtime_ns / 1e9 for file in fresh)
    time.sleep(max(0.0, min(seconds, youngest + seconds - time.time())))
    writing = {file.name for file in fresh if not unchanged(file)}
    return [file for file in files if file.name not in writing], [f for f in files if f.name in writing]


def unchanged(file: Found) -> bool:
    """Whether the file is still as it was found."""
    try:
        stat = file.path.stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (file.size, file.mtime_ns)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def snapshot(file: Found, raw_dir: Path) -> tuple[str, Path] | None:
    """(sha256, copy in `raw_dir`), or None where the file changed meanwhile. The copy appears in one step."""
    digest = sha256_of(file.path)
    kept = raw_dir / snapshot_name(digest, file.name)
    if not kept.exists():
        raw_dir.mkdir(parents=True, exist_ok=True)
        draft = raw_dir / f".{uuid.uuid4().hex}.tmp"
        try:
            shutil.copyfile(file.path, draft)
            if sha256_of(draft) != digest:
                return None
            with draft.open("rb+") as stream:
                os.fsync(stream.fileno())
            draft.replace(kept)
        finally:
            draft.unlink(missing_ok=True)
    return (digest, kept) if unchanged(file) else None


def snapshot_name(sha256: str, name: str) -> str:
    """A snapshot keeps the kind of the file (`.csv.gz`), which its reader goes by, no more of its name."""
    return sha256 + ("".join(suffixes(name)))


def suffixes(name: str) -> list[str]:
    """The last suffix in lower case, with the one before it where the last is `.gz`."""
    found = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    if found and found[-1] == ".gz":
        return [suffix for suffix in found[-2:] if suffix[1:].isalnum()]
    return [suffix for suffix in found[-1:] if suffix[1:].isalnum()]


def stem(name: str) -> str:
    """The file's own name without the suffixes of its kind."""
    base = PurePosixPath(name).name
    for suffix in reversed(suffixes(name)):
        base = base[: -len(suffix)]
    return base


def sweep_drafts(folder: Path) -> None:
    """Remove what a killed night left half written."""
    for draft in folder.glob("**/.*.tmp"):
        draft.unlink(missing_ok=True)
