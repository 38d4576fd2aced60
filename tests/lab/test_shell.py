"""The page that comes before all else: what the browser may ask for, and from whom."""

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import file_util

from coalesce_sim.lab.shell import Shell

HTML = "<html><head><title>Streamlit</title><script>first()</script></head>" + "<p>page</p>" * 200


@pytest.fixture
def browser(tmp_path):
    (tmp_path / "index.html").write_text(HTML)
    routes = [
        Route("/static/index.html", lambda _: FileResponse(tmp_path / "index.html")),
        Route("/health", lambda _: PlainTextResponse("<title>Streamlit</title>")),
        Route("/{page}", lambda _: FileResponse(tmp_path / "index.html")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Shell), Middleware(GZipMiddleware)])
    return TestClient(app)


def test_a_page_may_ask_nobody_but_its_own_host(browser):
    answer = browser.get("/compare")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "http" not in policy
    assert "*" not in policy


def test_a_page_has_our_name_and_knows_where_to_ask(browser):
    text = browser.get("/compare").text
    assert "<title>coalesce_sim lab</title>" in text
    assert text.index("BACKEND_BASE_URL: location.origin") < text.index("first()")
    assert text.endswith("<p>page</p>")


def test_a_browser_that_has_the_page_still_gets_it_whole(browser):
    first = browser.get("/compare")
    again = browser.get("/compare", headers={"if-none-match": '"x"', "range": "bytes=0-10"})
    assert (again.status_code, again.text) == (200, first.text)


@pytest.mark.parametrize("path", ["/health", "/static/index.html"])
def test_what_is_no_page_goes_through_as_it_is(browser, path):
    assert "<title>Streamlit</title>" in browser.get(path).text


def test_what_draws_curves_is_asked_for_at_once(browser):
    (script,) = re.findall(
        r'<link rel="modulepreload" href="/static/js/([^"]+)">', browser.get("/compare").text
    )
    assert Path(file_util.get_static_dir(), "static", "js", script).is_file()
