from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from coalesce_sim.cli.fetch import command
from coalesce_sim.inputs import sources
from coalesce_sim.inputs.download import DownloadError, fetch
from coalesce_sim.inputs.sources import SOURCES, Source, how_to_get

CONTENT = b"TIMESTAMP,ContextTokens\r\n0,7"


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/requests.csv":
            self.send_error(404, "Not Found")
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def source(site: str, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setenv("no_proxy", "*")
    return Source(
        name="requests",
        url=f"{site}/requests.csv",
        file_name="requests.csv",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        bytes=len(CONTENT),
        licence="CC0",
        credit="Nobody in particular",
    )


def test_a_download_is_the_whole_file_and_nothing_else(source: Source, tmp_path: Path) -> None:
    fetched = fetch(source, tmp_path / "new" / "data")
    assert fetched.downloaded
    assert fetched.path.read_bytes() == CONTENT
    assert list(fetched.path.parent.iterdir()) == [fetched.path]


def test_a_file_that_is_there_is_not_downloaded_again(source: Source, tmp_path: Path) -> None:
    (tmp_path / "requests.csv").write_bytes(CONTENT)
    offline = replace(source, url="http://127.0.0.1:9/requests.csv")
    assert not fetch(offline, tmp_path).downloaded


def test_a_file_with_another_content_is_replaced(source: Source, tmp_path: Path) -> None:
    (tmp_path / "requests.csv").write_bytes(CONTENT[:-5])
    assert fetch(source, tmp_path).downloaded
    assert (tmp_path / "requests.csv").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sha256": "0" * 64}, f"must have the SHA-256 {'0' * 64} (got "),
        ({"bytes": 99}, f"must be 99 bytes long (got {len(CONTENT)} bytes)"),
        ({"bytes": 5}, "must be 5 bytes long (got more)"),
        ({"url": "/gone.csv"}, "the server says 404 Not Found"),
        ({"url": "http://127.0.0.1:9/requests.csv"}, "cannot be downloaded: "),
    ],
    ids=["checksum", "short", "long", "gone", "no network"],
)
def test_what_is_not_the_file_leaves_nothing(
    source: Source, site: str, tmp_path: Path, wrong: dict[str, object], message: str
) -> None:
    if str(wrong.get("url", "")).startswith("/"):
        wrong = {"url": f"{site}{wrong['url']}"}
    bad = replace(source, **wrong)  # type: ignore[arg-type]
    with pytest.raises(DownloadError) as caught:
        fetch(bad, tmp_path / "data")
    assert str(caught.value).startswith(f"{bad.url}: {message}")
    assert not (tmp_path / "data").exists()


def test_a_wrong_download_leaves_the_file_that_was_there(source: Source, tmp_path: Path) -> None:
    (tmp_path / "requests.csv").write_bytes(b"mine")
    with pytest.raises(DownloadError):
        fetch(replace(source, sha256="0" * 64), tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"mine"]


def test_a_folder_that_cannot_be_written_is_said(source: Source, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DownloadError, match=r"requests\.csv: cannot be read or written: .*"):
        fetch(source, tmp_path / "data")


class TestCommand:
    @pytest.fixture(autouse=True)
    def _known(self, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sources.SOURCES, "requests", source)

    def test_says_what_it_did(self, tmp_path: Path) -> None:
        first = CliRunner().invoke(command, ["requests", "--out", str(tmp_path)])
        assert first.exit_code == 0, first.output
        file = tmp_path / "requests.csv"
        assert first.stdout == (
            f"{file}: downloaded; {len(CONTENT)} bytes, SHA-256 as it should be\nNobody in particular, CC0\n"
        )
        second = CliRunner().invoke(command, ["requests", "--out", str(tmp_path)])
        assert second.exit_code == 0
        assert "already there" in second.stdout

    def test_json_is_one_object(self, source: Source, tmp_path: Path) -> None:
        done = CliRunner().invoke(command, ["requests", "--out", str(tmp_path), "--json"])
        facts = json.loads(done.stdout)
        assert facts["outputs"] == [str(tmp_path / "requests.csv")]
        assert (facts["name"], facts["downloaded"], facts["sha256"]) == ("requests", True, source.sha256)

    def test_an_unknown_name_is_wrong_input_and_lists_the_known(self, tmp_path: Path) -> None:
        done = CliRunner().invoke(command, ["azurecode", "--out", str(tmp_path / "data")])
        assert done.exit_code == 2
        assert (
            "no such file: 'azurecode'; did you mean 'azure_code'? (known: azure_code, requests)"
            in done.stderr
        )
        assert not (tmp_path / "data").exists()

    def test_a_failed_download_ends_with_1(
        self, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sources.SOURCES, "requests", replace(source, url=f"{source.url}.gone"))
        done = CliRunner().invoke(command, ["requests", "--out", str(tmp_path)])
        assert done.exit_code == 1
        assert done.stdout == ""
        assert "the server says 404 Not Found" in done.stderr


def test_the_trace_is_the_one_the_source_means(shared_data: Path) -> None:
    source = SOURCES["azure_code"]
    content = (shared_data / source.file_name).read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (source.bytes, source.sha256)


def test_a_known_download_is_known_by_its_file_name_in_any_folder() -> None:
    assert how_to_get("elsewhere/AzureLLMInferenceTrace_code.csv") == "coalesce-sim fetch azure_code"
    assert how_to_get("data/mine.csv") is None
