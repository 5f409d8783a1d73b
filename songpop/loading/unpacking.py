"""Take the wrapping off an input file: gzip, or a zip of one file."""

import gzip
import shutil
import zipfile
import zlib
from pathlib import Path

from songpop.errors import SourceError

TAKEN_FORMS = "UTF-8 CSV, CSV.gz, a zip of one CSV, or Parquet"

_CHUNK = 1 << 22


def unpack(path: Path, scratch: Path) -> Path:
    """Return a file that can be read: the path itself, or what it packs, written into an existing folder.

    Raises:
        SourceError: the wrapping is damaged, or holds not just one file.
    """
    magic = read_magic(path)
    if magic.startswith(b"\x1f\x8b"):
        return _unpack_gzip(path, scratch)
    if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _unpack_zip(path, scratch)
    return path


def _unpack_gzip(path: Path, scratch: Path) -> Path:
    target = scratch / "unpacked"
    try:
        with gzip.open(path) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, _CHUNK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, "gzip", error) from error
    return _filled(path, target)


def _unpack_zip(path: Path, scratch: Path) -> Path:
    target = scratch / "unpacked"
    try:
        with zipfile.ZipFile(path) as archive:
            member = _only_member(path, archive)
            with archive.open(member) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file, _CHUNK)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise _damaged(path, "zip", error) from error
    except (RuntimeError, NotImplementedError) as error:
        raise SourceError(
            f"A zip must open without a password and be of the usual sort, however {path} says: {error}. "
            "Unpack it by hand and pass the CSV."
        ) from error
    return _filled(path, target)


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [item for item in archive.infolist() if not item.is_dir() and not item.filename.startswith("__MACOSX/")]
    if any(item.filename == "[Content_Types].xml" for item in members):
        raise SourceError(
            f"An input file must be {TAKEN_FORMS}, however {path} is an Office document. Save its sheet as "
            "CSV (UTF-8) and pass that."
        )
    if len(members) != 1:
        names = ", ".join(item.filename for item in members[:5])
        raise SourceError(
            f"A zip must hold one CSV, however {path} holds {len(members)} files"
            f"{f' ({names})' if names else ''}. Unpack it and pass the one you mean."
        )
    return members[0]


def _damaged(path: Path, form: str, error: Exception) -> SourceError:
    return SourceError(
        f"{path} must be a whole {form} file, however it can't be unpacked ({error}). It may be cut short or "
        "damaged: copy or download it again."
    )


def _filled(path: Path, unpacked: Path) -> Path:
    if unpacked.stat().st_size == 0:
        raise SourceError(f"{path} must hold a header and rows, however what it packs is empty (0 bytes).")
    return unpacked


def read_magic(path: Path) -> bytes:
    """Return the first bytes of a file, which tell its form."""
    with path.open("rb") as file:
        return file.read(8)
