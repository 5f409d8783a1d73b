"""A list of songs that is sent as content: written to a file, if it can be the CSV or the workbook of an album."""

import zipfile
import zlib
from pathlib import Path

from songpop.errors import SourceError
from songpop.loading.unpacking import is_workbook

# what is sent as content is not unpacked: a small zip can hold a very large file; of a workbook its size is looked at
_PACKED = (b"PK", b"\x1f\x8b", b"PAR1")
_MOST_UNPACKED = 20_000_000  # bytes


def write_content(folder: Path, content: bytes) -> Path:
    """Write what was sent as a file, if it can be the CSV of an album.

    Raises:
        SourceError: it is empty, packed, too large or no text.
    """
    if not content.strip():
        raise SourceError("The list must hold a header and songs, however it is empty.")
    path = folder / "album"
    path.write_bytes(content)
    if is_workbook(path):
        _refuse_large(path)
        return path
    if content.startswith(_PACKED):
        raise SourceError("The list must be CSV text or a workbook, however it is a packed or a Parquet file.")
    if not content.partition(b"\n")[0].strip() and not _is_utf8(content):
        raise SourceError("The list must be CSV text, however it holds bytes that no text has.")
    return path


def _refuse_large(path: Path) -> None:
    """Look how large a workbook is unpacked, without trust in what it says of itself."""
    if not zipfile.is_zipfile(path):
        return
    n_bytes = 0
    try:
        with zipfile.ZipFile(path) as book:
            for item in book.infolist():
                with book.open(item) as file:
                    while chunk := file.read(1 << 20):
                        n_bytes += len(chunk)
                        if n_bytes > _MOST_UNPACKED:
                            raise SourceError(
                                f"A workbook must hold at most {_MOST_UNPACKED // 1_000_000} MB, however this one has "
                                "more when it is unpacked. Save its sheet as CSV."
                            )
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, zlib.error) as error:
        raise SourceError(f"The list must be a whole workbook, however it can't be unpacked ({error}).") from error


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
