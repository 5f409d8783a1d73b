"""Take the wrapping off an input file: gzip, or a zip of one file."""

import gzip
import shutil
import zipfile
import zlib
from pathlib import Path

from songpop.errors import SourceError

TAKEN_FORMS = "CSV, an Excel or OpenDocument sheet, Parquet, or one of these as gzip or zip"

_CHUNK = 1 << 22
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"


def unpack(path: Path, scratch: Path) -> Path:
    """Return a file that can be read: the path itself, or what it packs, written into an existing folder.

    A packed file may be packed once more, as a workbook in a zip is.

    Raises:
        SourceError: the wrapping is damaged, or holds not just one file.
    """
    readable = path
    for target in (scratch / "unpacked", scratch / "unpacked-twice"):
        magic = read_magic(readable)
        if magic.startswith(b"\x1f\x8b"):
            readable = _unpack_gzip(path, readable, target)
        elif magic.startswith(_ZIP) and not is_workbook(readable):
            readable = _unpack_zip(path, readable, target)
    return readable


def is_workbook(path: Path) -> bool:
    """Tell whether a file is a workbook: Excel's new or old form, or OpenDocument's."""
    magic = read_magic(path)
    if magic == _OLE:
        return True
    if not magic.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    return file.read(len(_OPEN_DOCUMENT)) == _OPEN_DOCUMENT
            return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, NotImplementedError):
        return False


def _unpack_gzip(path: Path, packed_path: Path, target: Path) -> Path:
    """Unpack a file, which messages call by another path."""
    try:
        with gzip.open(packed_path) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, _CHUNK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(path, "gzip", error) from error
    return _filled(path, target)


def _unpack_zip(path: Path, packed_path: Path, target: Path) -> Path:
    """Unpack the one file of a zip, which messages call by another path."""
    try:
        with zipfile.ZipFile(packed_path) as archive:
            member = _only_member(path, archive)
            with archive.open(member) as packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file, _CHUNK)
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise _damaged(path, "zip", error) from error
    except (RuntimeError, NotImplementedError) as error:
        raise SourceError(
            f"A zip must open without a password and be of the usual sort, however {path} says: {error}. "
            "Unpack it by hand and pass the file in it."
        ) from error
    return _filled(path, target)


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [item for item in archive.infolist() if not item.is_dir() and not item.filename.startswith("__MACOSX/")]
    if any(item.filename == "[Content_Types].xml" for item in members):
        raise SourceError(
            f"An input file must be {TAKEN_FORMS}, however {path} is an Office document and no workbook. Save its "
            "table as CSV (UTF-8) and pass that."
        )
    if len(members) != 1:
        names = ", ".join(item.filename for item in members[:5])
        raise SourceError(
            f"A zip must hold one file, however {path} holds {len(members)} files"
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
