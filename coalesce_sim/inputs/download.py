"""Downloads that are what they should be, or are not there at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from coalesce_sim.errors import CoalesceError
from coalesce_sim.files import whole_file
from coalesce_sim.inputs.sources import Source

TIMEOUT_S = 30.0


class DownloadError(CoalesceError, RuntimeError):
    """Raised where a data file cannot be downloaded or written, or is not the one that was meant."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is there, and whether it was `downloaded` just now or found."""

    source: Source
    path: Path
    downloaded: bool


def fetch(source: Source, folder: Path) -> Fetched:
    """Put a source's file into a folder, which is made where it does not exist.

    A file that is there with the right checksum stays as it is; one with another content is replaced. Under
    the file's name there is never anything but the whole, checked content.

    Raises `DownloadError` with the reason where the file cannot be downloaded or written, or where size or
    checksum are not those of the source.
    """
    path = folder / source.file_name
    try:
        if path.is_file() and _sha256(path.read_bytes()) == source.sha256:
            return Fetched(source, path, downloaded=False)
        content = _download(source)
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise DownloadError(f"{path}: cannot be read or written: {error.strerror or error}") from error
    return Fetched(source, path, downloaded=True)


def _download(source: Source) -> bytes:
    """The checked content. At most one byte more than expected is read, whatever the server sends."""
    try:
        with urlopen(source.url, timeout=TIMEOUT_S) as reply:
            content: bytes = reply.read(source.bytes + 1)
    except HTTPError as error:
        error.close()
        raise DownloadError(f"{source.url}: the server says {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        raise DownloadError(f"{source.url}: cannot be downloaded: {reason}") from error
    if len(content) != source.bytes:
        got = f"{len(content):,} bytes" if len(content) < source.bytes else "more"
        raise DownloadError(f"{source.url}: must be {source.bytes:,} bytes long (got {got})")
    if (sha256 := _sha256(content)) != source.sha256:
        raise DownloadError(f"{source.url}: must have the SHA-256 {source.sha256} (got {sha256})")
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
