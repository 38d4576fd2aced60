"""What a user writes about code of their own: its class, and what its constructor takes."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from coalesce_sim.scenario.base import Model


class OwnCode(Model):
    """``class: "my_module:MyClass"``; other keys go to its constructor."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    class_: Annotated[str, Field(alias="class", pattern=r"^[\w.]+:\w+$")]
    """Module and class, as in ``my_module:MyClass``; the working directory is searched first."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The keys other than ``class``."""
        return dict(self.model_extra or {})


def kind_of(data: Any) -> str | None:
    """Which of several settings these are: their `kind`, or ``class`` for code of the user's own."""
    if isinstance(data, OwnCode):
        return "class"
    if isinstance(data, dict):
        return "class" if "class" in data else data.get("kind")
    return getattr(data, "kind", None)
