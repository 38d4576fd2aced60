"""The page Your own, for tests of it."""

import html
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.lab.labs import settled
from tests.logs.own import rows, written


def _page():
    from coalesce_sim.lab.pages.own.page import show

    show()


def opened_page(**query: str) -> AppTest:
    page = AppTest.from_function(_page)
    for name, value in query.items():
        page.query_params[name] = value
    return settled(page)


def uploaded(content: bytes, name: str = "calls.csv") -> AppTest:
    page = opened_page()
    page.file_uploader(key="own log").set_value((name, content, "text/csv"))
    return settled(page)


def log(folder: Path, count: int = 48, **changed: dict[int, str]) -> bytes:
    """A log of two models and one type of task; `changed` has other values by column and row, from 0."""
    made = [row | {"tag": "ask"} for row in rows(count)]
    for column, values in changed.items():
        for place, value in values.items():
            made[place][column] = value
    return written(folder, made, "made.csv").read_bytes()


def click(page: AppTest, label: str) -> AppTest:
    next(each for each in page.button if each.label == label).click()
    return settled(page)


def texts(page: AppTest) -> str:
    told = [*page.markdown, *page.caption, *page.error, *page.info]
    bodies = [each.proto.body for each in page.get("html")]
    return html.unescape("\n".join([*(str(each.value) for each in told), *bodies])).replace("\u00a0", " ")


def errors(page: AppTest) -> list[str]:
    assert not page.exception
    return [each.value.replace("\\", "") for each in page.error]


def asked(page: AppTest) -> dict[str, str]:
    """What stands in the address, once each."""
    return {name: each if isinstance(each, str) else each[-1] for name, each in page.query_params.items()}


def headings(page: AppTest) -> list[str]:
    return [each.value for each in page.header]
