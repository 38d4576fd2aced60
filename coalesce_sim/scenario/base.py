"""The strict base of everything a user writes in a scenario, and where its fields are described."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema


class Model(BaseModel):
    """A frozen record that refuses unknown fields and silent type conversions.

    The text below a field describes it in the JSON Schema and the reference, and nowhere else. It is read
    from the source when a schema is asked for (pydantic would read it at every import, which takes 0.1 s).
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    def __deepcopy__(self, _: dict[int, Any] | None = None) -> Self:
        """The same: nobody changes it, so copies of a policy share its settings."""
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        described = _descriptions(cls)
        for name, field in cls.model_fields.items():
            if name in described:
                properties[field.alias or name]["description"] = described[name]
        return schema


Text = Annotated[str, Field(max_length=20_000)]
"""What somebody says in words, bounded."""


def _descriptions(model: type[Model]) -> dict[str, str]:
    """The texts below a model's fields, inherited ones among them.

    A `kind` that names its model among others has no text of its own: it is described by what the model is.
    """
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, Model):
            told |= _described_in(each.__module__).get(each.__qualname__, {})
    if "kind" in model.model_fields:
        told.setdefault("kind", " ".join((model.__doc__ or "").partition("\n\n")[0].split()))
    return told


@lru_cache
def _described_in(module: str) -> dict[str, dict[str, str]]:
    """The texts below the fields of all classes of a module, each on one line."""
    described: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.ClassDef):
            described[node.name] = {
                field.target.id: " ".join(text.value.value.split())
                for field, text in pairwise(node.body)
                if isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
                and isinstance(text.value.value, str)
            }
    return described
