"""What is to be compared, as it is asked for: policies on one setting, or several settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from coalesce_sim.experiments.contenders import contenders
from coalesce_sim.lab.named_code import classes_in
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.variants import Faults, Variant, faults_of, given_in, labelled, query_of
from coalesce_sim.own_code import nothing_imported
from coalesce_sim.report.comparison.writing import ComparisonOrigin
from coalesce_sim.scenario.policy import Custom
from coalesce_sim.scenario.problems import Problem, ScenarioError

Query = Mapping[str, Sequence[str]]
"""An address: each name with all its values."""


@dataclass(frozen=True)
class PoliciesAsked:
    """Policies, as ``compare --policies`` takes them, on the tasks of one setting."""

    setting: Setting
    policies: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether there is something to be played."""
        return bool(self.policies)

    @property
    def playable(self) -> bool:
        """Whether nothing stands in its way."""
        try:
            _ = self.origin
        except ScenarioError:
            return False
        return True

    @property
    def query(self) -> dict[str, str | list[str]]:
        """As it stands in the address of the page."""
        return {**self.setting.query, **({"policy": list(self.policies)} if self.policies else {})}

    @cached_property
    def origin(self) -> ComparisonOrigin:
        """Everything that the results depend on. Raises `ScenarioError` where it cannot be played, and for
        code of a user's own that the scenario does not name."""
        setting = self.setting
        origin, scenario = setting.origin, setting.scenario
        with nothing_imported():
            field = contenders(scenario, self.policies)
        known = set(classes_in(scenario.resolved()))
        for each in field:
            if isinstance(each.chosen, Custom) and each.chosen.class_ not in known:
                message = "names code, which is not executed when a link or a field asks for it"
                raise ScenarioError(
                    [Problem(f"policy {each.label!r}", None, "", f"{message} (got {each.chosen.class_!r})")]
                )
        return ComparisonOrigin(
            setting.source,
            setting.overrides,
            scenario,
            origin.seed,
            origin.replications,
            policies=self.policies,
        )


@dataclass(frozen=True)
class SettingsAsked:
    """Settings side by side. Left out, seed and replications are those of the first one's scenario."""

    variants: tuple[Variant, ...]
    seed: int | None = None
    replications: int | None = None

    @property
    def complete(self) -> bool:
        """Whether there is something to be played."""
        return len(self.variants) > 1

    @property
    def query(self) -> dict[str, str | list[str]]:
        """As it stands in the address of the page."""
        query: dict[str, str | list[str]] = {"setting": query_of(self.variants)}
        for name, value in (("seed", self.seed), ("replications", self.replications)):
            if value is not None:
                query[name] = str(value)
        return query

    @property
    def playable(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.faults

    @cached_property
    def faults(self) -> Faults:
        """What stands in the way of playing it."""
        return faults_of(self.variants)

    @property
    def played_seed(self) -> int:
        """The seed that all settings are played with."""
        return self.variants[0].setting.scenario.seed if self.seed is None else self.seed

    @property
    def played_replications(self) -> int:
        """How often each is played."""
        first = self.variants[0].setting.scenario
        return first.replications if self.replications is None else self.replications


Asked = PoliciesAsked | SettingsAsked


def asked_of(query: Query) -> Asked | None:
    """What an address asks for, None where it asks for nothing. Raises `ScenarioError` for what is none."""
    if query.get("setting"):
        given = [given_in(text) for text in query["setting"]]
        first = given[0][1]
        common = Setting.of_query({**query, "scenario": [first.source], "set": []})
        assert common is not None
        bare = [(label, replace(each, seed=None, replications=None)) for label, each in given]
        return SettingsAsked(
            labelled(bare),
            first.seed if common.seed is None else common.seed,
            first.replications if common.replications is None else common.replications,
        )
    setting = Setting.of_query(query)
    return None if setting is None else PoliciesAsked(setting, tuple(query.get("policy", ())))


def told_changes(text: str) -> tuple[str, ...]:
    """The overrides of a field of text, one a line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())
