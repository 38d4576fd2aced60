"""From what the user wrote to a policy that decides."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.policies.yardsticks import AlwaysLocal, Cheapest, Oracle, Random
from coalesce_sim.scenario import policy as settings

_BUILT_IN: dict[type, Callable[[Any], Policy]] = {
    settings.Topsis: Topsis,
    settings.AlwaysLocal: lambda _: AlwaysLocal(),
    settings.Cheapest: lambda _: Cheapest(),
    settings.Random: lambda _: Random(),
    settings.Oracle: lambda _: Oracle(),
}


class PolicyError(ValueError):
    """A policy that cannot be had or that decided something impossible."""


def create(chosen: settings.PolicySettings) -> Policy:
    """The policy that the settings describe.

    Raises `PolicyError` where a user's class cannot be imported, constructed, or is no `Policy`.
    """
    if isinstance(chosen, settings.Custom):
        return _custom(chosen)
    return _BUILT_IN[type(chosen)](chosen)


def _custom(chosen: settings.Custom) -> Policy:
    module_name, _, class_name = chosen.class_.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise PolicyError(f"policy.class: cannot import (got {chosen.class_!r}): {error}") from error
    if not (isinstance(found, type) and issubclass(found, Policy)):
        raise PolicyError(f"policy.class: must be a subclass of coalesce_sim.Policy (got {chosen.class_!r})")
    if found.decide is Policy.decide:
        raise PolicyError(f"policy.class: {chosen.class_} does not define decide(self, view)")
    try:
        return found(**chosen.parameters)
    except TypeError as error:
        raise PolicyError(f"policy: {chosen.class_} does not take these parameters: {error}") from error
