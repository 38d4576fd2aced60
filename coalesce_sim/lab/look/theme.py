"""Colours and letters of the pages, as Streamlit takes them; those of the report and the figures."""

from __future__ import annotations

from typing import Any

_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
_CODE = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"

_LIGHT = {
    "primaryColor": "#0072b2",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f3f6f8",
    "textColor": "#1b1f24",
    "borderColor": "#d8dee4",
    "linkColor": "#00609a",
    "codeBackgroundColor": "#f3f6f8",
    "codeTextColor": "#1b1f24",
}
_DARK = {
    "primaryColor": "#56b4e9",
    "backgroundColor": "#12171d",
    "secondaryBackgroundColor": "#1b222b",
    "textColor": "#e8edf2",
    "borderColor": "#36414d",
    "linkColor": "#7cc5f0",
    "codeBackgroundColor": "#1b222b",
    "codeTextColor": "#e8edf2",
}

OPTIONS: dict[str, Any] = {
    "theme.font": _FONT,
    "theme.headingFont": _FONT,
    "theme.codeFont": _CODE,
    "theme.baseRadius": "6px",
    "theme.baseFontSize": 16,
    "theme.headingFontSizes": ["1.9rem", "1.35rem", "1.08rem"],
    "theme.headingFontWeights": [650, 650, 650],
    "theme.showWidgetBorder": True,
    "theme.showSidebarBorder": True,
    **{f"theme.light.{name}": value for name, value in _LIGHT.items()},
    **{f"theme.dark.{name}": value for name, value in _DARK.items()},
    "theme.light.sidebar.backgroundColor": "#f6f8fa",
    "theme.dark.sidebar.backgroundColor": "#161c23",
}

_NAMED = {
    "primaryColor": "primary-color",
    "backgroundColor": "background-color",
    "secondaryBackgroundColor": "secondary-background-color",
    "textColor": "text-color",
    "borderColor": "border-color",
}


def variables() -> str:
    """The colours as variables of our own style, each the one of the theme that the viewer sees."""
    told = "".join(
        f"--st-{name}: light-dark({_LIGHT[option]}, {_DARK[option]}); " for option, name in _NAMED.items()
    )
    return f'[data-testid="stApp"] {{ {told}}}'
