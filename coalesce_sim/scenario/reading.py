"""The bytes of a file that a user names: the whole of it, or in words what stands in the way."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from coalesce_sim import files


def read_bytes(path: str | Path, most: int) -> bytes:
    """The bytes of a regular file, as `read_content` reads them."""
    return read_content(path, most).data


def read_content(path: str | Path, most: int) -> files.Content:
    """The content of a regular file of at most so many bytes.

    Raises OSError, whose `strerror` says what stands in the way; FileNotFoundError where nothing is there;
    `ChangedFile` where the file should hold something else (`files.expecting`).
    """
    try:
        status = Path(path).stat()
        if stat.S_ISREG(status.st_mode) and status.st_size <= most:
            return files.read_bytes(path)
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, "no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        reason = getattr(error, "strerror", None) or error
        raise OSError(errno.EIO, f"cannot be read: {reason}") from None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a directory, not a file")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is a device or pipe, not a file")
    raise OSError(errno.EFBIG, f"is {status.st_size:,} bytes long; the limit is {most:,} bytes")
