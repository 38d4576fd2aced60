"""A sweep ready to be played: every design point's scenario, seed and key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from coalesce_sim.adversaries.registry import strategy_of
from coalesce_sim.experiments.contenders import written
from coalesce_sim.files import expecting, read_bytes
from coalesce_sim.loading import DATA_PATHS, data_files, resolve
from coalesce_sim.market.hired import not_hired, steps_to
from coalesce_sim.market.matching import own_embedder
from coalesce_sim.own_code import code_of, expected_name, may_import
from coalesce_sim.policies.registry import PolicyError, create
from coalesce_sim.scenario.adversaries import OwnAdversary
from coalesce_sim.scenario.document import Base, Change, Document, read_base
from coalesce_sim.scenario.origins import Origins
from coalesce_sim.scenario.policy import Custom, hired_by
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.skills import OwnEmbedder
from coalesce_sim.scenario.uncertain_numbers import with_uncertainty
from coalesce_sim.statistics.stopping import next_total
from coalesce_sim.sweeps.design import design_of
from coalesce_sim.sweeps.factors import (
    SCENARIO,
    FactorSettings,
    Integers,
    Level,
    Uniform,
    field_steps,
)
from coalesce_sim.sweeps.facts import own_seed
from coalesce_sim.sweeps.keys import played_text
from coalesce_sim.sweeps.specification import Precision, Specification
from coalesce_sim.version import __version__

_CHECKED_LEVELS = 100
"""Of a factor with more levels, about this many are tried before anything runs."""

_NAME_FILES = (
    *(SCENARIO, "policy", "policy.class", "skills.embedder.class"),
    *{".".join(path[:end]) for path in DATA_PATHS for end in range(1, len(path) + 1)},
)
"""Fields whose levels may name data files or code: all are tried, so that their content is known."""


@dataclass(frozen=True, slots=True)
class Point:
    """A design point, ready to be played; `key` is the hash of its scenario, data files and this version.

    `digests` are what data files and the user's own modules must have been, wherever and whenever they are
    read (`files.expecting`).
    """

    number: int
    scenario: Scenario
    seed: int
    key: str
    digests: Mapping[str, str] = field(default_factory=dict)


class Plan:
    """What a specification comes to; `document` says where each of its values was written."""

    def __init__(self, specification: Specification, document: Document) -> None:
        self.specification = specification
        self._marks = document.marks
        self._folder = document.sources[0].parent if document.sources else Path()
        self._digests: dict[str, str] = {}
        self._code: dict[str, str] = {}
        self._files: set[str] = set()
        self._policies: dict[tuple[str, str], Change] = {}
        self._fixed = [
            Change.of_value(field_steps(path), value, self._mark("set", path))
            for path, value in specification.set.items()
        ]
        self._bases = dict(self._read_bases())
        self._first = next(iter(self._bases))
        self.base = self._plain(self._first)
        factors = {name: self._of_whole_numbers(name, each) for name, each in specification.factors.items()}
        seed = self.base.seed if specification.seed is None else specification.seed
        self.specification = specification.model_copy(update={"factors": factors, "seed": seed})
        try:
            self.design = design_of(self.specification)
        except ValueError as error:
            raise self._mark("factors").error(str(error)) from None

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that vary."""
        return self.specification.columns

    @property
    def seed(self) -> int:
        """The seed of the sweep, its design's too: its own, or the base scenario's."""
        assert self.specification.seed is not None
        return self.specification.seed

    @cached_property
    def replications(self) -> int | Precision:
        """How often each point is played."""
        stated = self.specification.replications
        return self.base.replications if stated is None else stated

    @property
    def runs_at_least(self) -> int:
        """Runs of the whole design; where the number of replications is found on the way, the fewest."""
        rule = self.replications
        return len(self.design) * (rule.fewest if isinstance(rule, Precision) else rule)

    def total(self, values: Sequence[float]) -> int | None:
        """How many replications a point needs that has had the given ones; None if no more.

        `values` are of the metric that decides, NaN where undefined.
        """
        rule = self.replications
        if isinstance(rule, Precision):
            return next_total(
                values,
                half_width=rule.half_width,
                minimum=rule.minimum,
                look_ahead=rule.look_ahead,
                cap=rule.cap,
            )
        return rule if len(values) < rule else None

    def __getstate__(self) -> dict[str, Any]:
        """Without the design, which the specification makes again in less than its size takes to send."""
        return {name: value for name, value in self.__dict__.items() if name != "design"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.design = design_of(self.specification)

    def at(self, shares: Sequence[float]) -> Scenario:
        """The scenario at a share in [0, 1] of each factor. Raises `ScenarioError`."""
        factors = zip(self.design.factors, shares, strict=True)
        return self._scenario(tuple(factor.at(u) for factor, u in factors))

    def point(self, number: int) -> Point:
        """Raises `ScenarioError` where the levels make no scenario together, and `ChangedFile`."""
        with expecting(self._digests):
            scenario = self._scenario(self.design.levels(number))
            key = self._key(scenario)
        return Point(number, scenario, self._seed_of(key), key, self.digests)

    @property
    def digests(self) -> dict[str, str]:
        """What data files and the user's own modules were when they were first met; see `files.expecting`."""
        return self._digests | self._code

    def check(self) -> None:
        """Try every level of every factor once, the others as in the first point.

        Raises `ScenarioError` with all problems, among them a policy that cannot be had.
        """
        problems: dict[Problem, None] = {}
        for levels in self._trials():
            try:
                scenario = self._scenario(levels)
                for path in data_files(scenario):
                    self._files.add(f"{Path(path).name}: {self._digest(path)}")
                self._check_code(scenario)
                self._check_hired(scenario, levels)
            except ScenarioError as error:
                problems |= dict.fromkeys(error.problems)
            except PolicyError as error:
                problems[Problem(self._marks[()].file, None, "", str(error))] = None
        if problems:
            raise ScenarioError(problems)

    @property
    def paper_metrics(self) -> bool:
        """Whether a base is a scenario of the paper, of which its own metrics are told."""
        return any(self._plain(name).paper_metrics for name in self._bases)

    def origins(self) -> dict[str, dict[str, Any]]:
        """Where each base was written, by its name, as JSON; what varies was in the sweep."""
        varied = {column: self._mark("factors", column) for column in self.columns}
        bases = {name: self._plain(name).origins for name in self._bases}
        return {name: replace(each, marks={**each.marks, **varied}).told() for name, each in bases.items()}

    def asked(self) -> dict[str, Any]:
        """Everything that decides the results, as JSON: what must be the same for a sweep to go on.

        That includes data files and the code of policies and embedders of the user's own, as far as `check`
        has met them; keys of points do not include code, so that a sweep can be extended after it was mended.
        """
        specification = self.specification.as_json(exclude={"name", "title"})
        bases = {name: self._plain(name) for name in self._bases}
        specification["base"] = {
            name: json.loads(played_text(scenario, self._digest)) for name, scenario in bases.items()
        }
        if isinstance(self.replications, int):
            specification["replications"] = self.replications
        return {
            "coalesce_sim": __version__,
            "sweep": specification,
            "files": sorted(self._files),
        }

    def _check_hired(self, scenario: Scenario, levels: tuple[tuple[Level, ...], ...]) -> None:
        """Raises `ScenarioError` where the one contractor to be hired is not there in some replication."""
        hired = [(place, each) for place, each in scenario.policies if hired_by(each)]
        if not hired:
            return
        rule, seed = self.replications, self._seed_of(self._key(scenario))
        fewest = rule.fewest if isinstance(rule, Precision) else rule
        for place, chosen in hired:
            for named, message in not_hired(scenario, chosen, seed, range(fewest)):
                base, changes = self._changed(levels)
                raise ScenarioError([base.document(changes).problem(steps_to(place, named), message)])

    def _check_code(self, scenario: Scenario) -> None:
        """Have policies, strategies and the user's own embedder, as far as they may be imported here."""
        embedder = scenario.skills.embedder
        for place, chosen in scenario.policies:
            if not isinstance(chosen, Custom):
                create(chosen)
            elif may_import(chosen.class_):
                self._note_code(place, type(create(chosen)))
        for index, follows in enumerate(scenario.adversaries):
            if isinstance(follows, OwnAdversary) and may_import(follows.class_):
                self._note_code(f"adversaries[{index}]", type(strategy_of(follows)))
        if isinstance(embedder, OwnEmbedder) and may_import(embedder.class_):
            found = own_embedder(scenario)
            assert found is not None
            self._note_code("skills.embedder", found)

    def _note_code(self, place: str, found: type) -> None:
        """Remember the code of a class as it was imported. Raises `PolicyError` if it has changed since."""
        code = code_of(found)
        if code is None:
            return
        if code.changed:
            since = "has changed since it was imported; start Python anew"
            raise PolicyError(f"{place}.class: {code.file} {since}")
        self._files.add(f"{Path(code.file).name}: {code.sha256}")
        self._code[expected_name(found)] = code.sha256

    def _read_bases(self) -> Iterator[tuple[str, Base]]:
        stated = self.specification.base
        names = dict.fromkeys(
            str(level[factor.columns.index(SCENARIO)].value)
            for factor in self.specification.dimensions
            if SCENARIO in factor.columns
            for level in factor.levels or ()
        )
        if not names and stated is not None:
            yield "base", self._read(stated, "base")
        for name in names:
            yield name, self._read(name, "factors", SCENARIO)

    def _read(self, source: str | dict[str, Any], *field: str) -> Base:
        beside = self._folder / source if isinstance(source, str) else None
        try:
            return read_base(beside if beside is not None and beside.is_file() else source)
        except ScenarioError as error:
            mark = self._mark(*field)
            told = [
                each if each.line is not None else Problem(mark.file, mark.line, ".".join(field), str(each))
                for each in error.problems
            ]
            raise ScenarioError(told) from None

    def _of_whole_numbers(self, name: str, settings: FactorSettings) -> FactorSettings:
        """A range with whole ends is one of whole numbers where the field holds no others."""
        if not isinstance(settings, Uniform) or not all(end.is_integer() for end in settings.uniform):
            return settings
        low, high = map(int, settings.uniform)
        whole = self._holds(name, low) and not self._holds(name, low + 0.5)
        return Integers(integers=[low, high]) if whole else settings

    def _holds(self, column: str, value: float) -> bool:
        """Whether a field of the first base can have the value."""
        try:
            resolve(self._bases[self._first], [*self._fixed, self._change(self._first, column, value)])
        except ScenarioError:
            return False
        return True

    def _plain(self, name: str) -> Scenario:
        """A base with the fixed changes and nothing that varies, which knows where it was written."""
        document = with_uncertainty(self._bases[name].document(self._fixed))
        return resolve(self._bases[name], self._fixed).written_at(
            Origins.of(document.root, document.extended)
        )

    def _scenario(self, levels: tuple[tuple[Level, ...], ...]) -> Scenario:
        return resolve(*self._changed(levels))

    def _changed(self, levels: tuple[tuple[Level, ...], ...]) -> tuple[Base, list[Change]]:
        """The base of a point, and what it changes there."""
        cells = {
            column: level
            for factor, chosen in zip(self.design.factors, levels, strict=True)
            for column, level in zip(factor.columns, chosen, strict=True)
        }
        base = str(cells.pop(SCENARIO).value) if SCENARIO in cells else self._first
        changes = [self._change(base, column, level.value) for column, level in cells.items()]
        changes.sort(key=lambda change: len(change.steps))  # a whole policy before one of its parameters
        return self._bases[base], [*self._fixed, *changes]

    def _change(self, base: str, column: str, value: Any) -> Change:
        if column != "policy" or not isinstance(value, str):
            return Change.of_value(field_steps(column), value, self._mark("factors", column))
        if (base, value) not in self._policies:
            mark = self._mark("factors", column)
            try:
                settings = written(self._plain(base), value)
            except ScenarioError as error:
                told = (Problem(mark.file, mark.line, "", str(each)) for each in error.problems)
                raise ScenarioError(told) from None
            plain = settings.model_dump(mode="json", by_alias=True, exclude_none=True)
            self._policies[base, value] = Change.of_value(("policy",), plain, mark)
        return self._policies[base, value]

    def _trials(self) -> Iterator[tuple[tuple[Level, ...], ...]]:
        first = self.design.levels(0)
        yield first
        for position, factor in enumerate(self.design.factors):
            for level in _some_levels(factor):
                yield (*first[:position], level, *first[position + 1 :])

    def _key(self, scenario: Scenario) -> str:
        content = f"{__version__} {self.specification.steady_state} {played_text(scenario, self._digest)}"
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    def _seed_of(self, key: str) -> int:
        """The seed of a point, by its key."""
        return self.seed if self.specification.common_random_numbers else own_seed(self.seed, key)

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = read_bytes(path).sha256
        return self._digests[path]

    def _mark(self, *field: str) -> Mark:
        """Where a field of the sweep was written, or what is nearest around it."""
        steps = (field[:end] for end in range(len(field), -1, -1))
        return next(self._marks[each] for each in steps if each in self._marks)


def _some_levels(factor: Any) -> Iterator[tuple[Level, ...]]:
    if factor.levels is None:
        yield from (factor.at(0.0), factor.at(1.0))
    else:
        few = set(factor.columns).isdisjoint(_NAME_FILES)
        step = max(1, len(factor.levels) // _CHECKED_LEVELS) if few else 1
        yield from (*factor.levels[::step], factor.levels[-1])
