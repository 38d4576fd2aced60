"""What users write in one word: ``name(field=value, …)``, and lists of such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.document import read_document
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.validation import validate

M = TypeVar("M", bound=Model)

CLASS = "class"
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""


def split(text: str, between: str = ",") -> list[str]:
    """The parts of a list, separated by commas; what stands in brackets or quotes is not divided."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        else:
            depth += (character in _OPENING) - (character in _CLOSING)
        if character == between and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


@dataclass(frozen=True, slots=True)
class Worded:
    """A text such as ``topsis(epsilon=0)``, taken apart; errors say `what` it is, such as a policy."""

    what: str
    text: str
    name: str
    parameters: tuple[str, ...]

    @classmethod
    def of(cls, what: str, text: str) -> Worded:
        """Raises `ScenarioError` for brackets and parameters that are not as they should be."""
        name, opening, rest = text.partition("(")
        inside = rest.rstrip()
        bare = cls(what, text, name.strip(), ())
        if opening and not inside.endswith(")"):
            raise bare.refused("a closing bracket is missing")
        parameters = tuple(split(inside[:-1])) if inside[:-1].strip() else ()
        fields = [each.partition("=")[0].strip() for each in parameters]
        for parameter, field in zip(parameters, fields, strict=True):
            if "=" not in parameter:
                raise bare.refused(f"parameters must look like field=value (got {parameter!r})")
            if field in ("kind", CLASS):
                raise bare.refused(f"the kind stands before the bracket (got {parameter!r})")
            if fields.count(field) > 1:
                raise bare.refused(f"{field} is stated twice")
        if not bare.name:
            raise bare.refused("a name is missing")
        return cls(what, text, bare.name, parameters)

    def settings(self, field: str, base: Mapping[str, Any], model: type[M]) -> M:
        """A model whose `field` is what the parameters make of `base`. Raises `ScenarioError`."""
        try:
            stated = [f"{field}.{parameter}" for parameter in self.parameters]
            return validate(read_document({field: base}, stated), model)
        except ScenarioError as error:
            raise self.told(error, field) from None

    def told(self, error: ScenarioError, field: str = "") -> ScenarioError:
        """The same problems at the place of this text, by the paths within `field`."""
        return ScenarioError(
            Problem(self.place, None, each.path.removeprefix(field).removeprefix("."), each.message)
            for each in error.problems
        )

    def refused(self, message: str, path: str = "") -> ScenarioError:
        """An error that says so of this text."""
        return ScenarioError([Problem(self.place, None, path, message)])

    @property
    def place(self) -> str:
        """Where problems with it are said to be."""
        return f"{self.what} {self.text!r}"


def unknown_name(worded: Worded, known: Sequence[str], near: str | None, also: str = "") -> ScenarioError:
    """An error that says that there is no such thing, and what there is."""
    hint = f"; did you mean {near!r}?" if near else ""
    return worded.refused(f"there is no such {worded.what}{hint} (known: {', '.join(known)}{also})")
