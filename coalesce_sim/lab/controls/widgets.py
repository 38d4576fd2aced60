"""One control as widgets: a slider with a box beside it, a choice, or a switch; marked where it was moved."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from coalesce_sim.lab.controls.changes import NOT_KNOWN
from coalesce_sim.lab.controls.desk import Desk
from coalesce_sim.lab.controls.memory import Memory
from coalesce_sim.lab.controls.offered import NOTHING, Control
from coalesce_sim.lab.controls.span import Span
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.numbers import level_text
from coalesce_sim.scenario.problems import Steps

_HARMLESS = re.compile(r"[^\W_](?:[\w .-]*[^\W_])?")


def show_control(memory: Memory, shown: Desk, control: Control) -> None:
    """The widgets of a control, what is wrong with what is asked of it, and the way back to the scenario."""
    asked = shown.changes.get(control.steps, control.value)
    label = spoken(control.label)
    with st.container(key=memory.name("lab-field", control.path), gap=None):
        if control.choices is not None:
            _choice(memory, control, label, asked)
        elif control.sort == "flag":
            _switch(memory, control, label, on=bool(asked))
        elif control.instead != NOTHING:
            _optional(memory, control, label, asked)
        else:
            _number(memory, control, label, asked)
        if (problem := shown.problems.get(control.steps)) is not None:
            tell_problem(problem)
        if control.steps in shown.changes:
            way_back(memory, control.steps, control.written)


def spoken(label: str) -> str:
    """A label as Markdown shows it, and as screen readers say it, who are given it as it stands: nothing is
    escaped in it but what would act."""
    owner, colon, rest = label.rpartition(": ")
    harmless = _HARMLESS.fullmatch(owner) and not owner.lower().startswith("www.")
    return label if harmless or not colon else f"{plain(owner)}{colon}{rest}"


def tell_problem(sentence: str) -> None:
    """Why what is asked for cannot be played, beside the field that asks for it."""
    st.markdown(f":red[{plain(sentence)}]")


def way_back(memory: Memory, steps: Steps, written: Any) -> None:
    """The button that puts a field back to what the scenario says."""
    whole = written is NOT_KNOWN or isinstance(written, dict | list)
    said = "" if whole else f": {plain('not stated' if written is None else worded(written))}"
    st.button(
        f":primary[As in the scenario{said}]",
        key=memory.name("back", steps),
        on_click=memory.put_back,
        args=(steps,),
        type="tertiary",
    )


def worded(value: Any) -> str:
    """A value in words: names without underscores, numbers in six digits."""
    return value.replace("_", " ") if isinstance(value, str) else level_text(value)


def _choice(memory: Memory, control: Control, label: str, asked: Any) -> None:
    key = memory.name("choice", control.path)
    options = list(dict.fromkeys([*(control.choices or ()), asked]))
    st.session_state[key] = asked
    told = (control.choices or {}).get(asked, "")
    st.selectbox(
        label,
        options,
        format_func=worded,
        key=key,
        help=_help(control),
        on_change=_take,
        args=(memory, control.steps, key),
    )
    if told:
        st.caption(told)


def _switch(memory: Memory, control: Control, label: str, *, on: bool) -> None:
    key = memory.name("switch", control.path)
    st.session_state[key] = on
    st.toggle(label, key=key, help=_help(control), on_change=_take, args=(memory, control.steps, key))


def _optional(memory: Memory, control: Control, label: str, asked: Any) -> None:
    """A switch that says whether there is a number at all, and the number below it where there is one."""
    key = memory.name("stated", control.path)
    is_number = isinstance(asked, int | float)
    named = control.instead is not None
    st.session_state[key] = is_number != named
    st.toggle(
        f"{label}: {control.instead}" if named else label,
        key=key,
        help=_help(control),
        on_change=_state,
        args=(memory, control, key),
    )
    if is_number:
        _number(memory, control, label, asked, labelled=False)


def _number(memory: Memory, control: Control, label: str, asked: Any, *, labelled: bool = True) -> None:
    slider, box = memory.name("slider", control.path), memory.name("box", control.path)
    kind: type[int] | type[float] = int if control.sort == "whole" else float
    value = kind(asked) if isinstance(asked, int | float) else kind(control.value or 0)
    visibility: Any = "visible" if labelled else "collapsed"
    taken: dict[str, Any] = {"on_change": _take}
    if control.span is None:
        st.session_state[box] = value
        st.number_input(
            label,
            **_ends(control, kind, value),
            step=kind(1),
            key=box,
            help=_help(control),
            args=(memory, control.steps, box),
            **taken,
        )
        return
    span = control.span.at_least(value)
    st.session_state[slider] = value
    with st.container(key=memory.name("lab-number" if labelled else "lab-number-below", control.path)):
        st.slider(
            label,
            kind(span.low),
            kind(span.high),
            step=kind(span.step),
            format="%.6g" if kind is float else "%d",
            key=slider,
            help=_help(control) if labelled else None,
            label_visibility=visibility,
            args=(memory, control.steps, slider),
            **taken,
        )
        st.session_state[box] = value
        st.number_input(
            f"{label}, exactly",
            **_ends(control, kind, value),
            step=kind(span.step),
            format="%.6g" if kind is float else "%d",
            key=box,
            label_visibility="collapsed",
            args=(memory, control.steps, box),
            **taken,
        )


def _ends(control: Control, kind: type[int] | type[float], value: float) -> dict[str, Any]:
    """What the box takes: all that the schema allows, and what is in it."""
    least, most = control.least, control.most
    return {
        "min_value": None if least is None else kind(min(least, value)),
        "max_value": None if most is None else kind(max(most, value)),
    }


def _take(memory: Memory, steps: Steps, key: str) -> None:
    value = st.session_state[key]
    if value is not None:
        memory.put(steps, value)


def _state(memory: Memory, control: Control, key: str) -> None:
    """What the switch of a number that need not be there asks for."""
    wants_number = st.session_state[key] != (control.instead is not None)
    memory.put(control.steps, _start(control) if wants_number else control.instead)


def _start(control: Control) -> float:
    """A number to begin with: the scenario's, or a tenth of the way along the slider."""
    if isinstance(control.written, int | float):
        return control.written
    span = control.span or Span(0.0, 10.0, 1.0)
    steps = max(1, round(0.1 * (span.high - span.low) / span.step))
    value = float(f"{span.low + steps * span.step:.12g}")
    return int(value) if control.sort == "whole" else value


def _help(control: Control) -> str:
    """What the schema says of a field, and the way to it."""
    return f"{control.description}\n\n`{control.path}`"
