"""The page Compare, for tests of it."""

from urllib.parse import urlencode

from streamlit.testing.v1 import AppTest

from coalesce_sim.lab.laboratory import Lab
from coalesce_sim.lab.setting import Setting

SMALL = "extends: dur_01\nclock: {days: 0.6}\nreplications: 2\n"


def _page() -> None:
    from coalesce_sim.lab.pages.compare.page import show

    show()


def compare_page(lab: Lab) -> AppTest:
    """Not yet run; its lab has ``small.yaml``."""
    (lab.start / "small.yaml").write_text(SMALL)
    return AppTest.from_function(_page, default_timeout=60)


def setting(*changes: str, **more: str) -> str:
    """A setting of ``small.yaml`` as it stands in an address."""
    return urlencode({**Setting("small.yaml", changes).query, **more}, doseq=True)


def texts(page: AppTest) -> str:
    told = [*page.markdown, *page.caption, *page.info, *page.error]
    return "\n".join([*(str(each.value) for each in told), *(each.proto.body for each in page.get("html"))])


def row(page: AppTest, label: str) -> str:
    """The row of a table that begins with a label."""
    return next(part for part in texts(page).split("<tr>") if part.startswith(f"<td>{label}</td>"))
