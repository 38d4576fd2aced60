"""What a user writes about a GPU: a profile's name, or a mapping that may begin with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, ModelWrapValidatorHandler, model_validator
from pydantic_core import CoreSchema

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.catalogue import catalogue, served, what_is_measured
from coalesce_sim.scenario.distributions import NonNegative, Positive, PositiveShare

_NEEDED = {"flop": ("peak_flop_s",), "tokens": ("prefill_tokens_per_s", "decode_tokens_per_s")}
_COST_OF_BASIS = {
    "owned": ("purchase_usd", "lifetime_h", "electricity_usd_per_kwh"),
    "rented": ("rent_usd_per_h",),
}


class Hardware(Model):
    """GPUs that work as one, on several requests at once, each in a slot.

    `compute_usd_per_h` and `memory_usd_per_h` are of the whole, the two token speeds of one slot, all other
    figures of one GPU.
    """

    profile: str | None = None
    """A GPU of the catalogue (`coalesce-sim hardware` lists them) whose published figures fill what is left
    out here; its name alone may stand for the whole mapping."""
    name: str = "GPU"
    """What the GPU is called where a scenario is written out, by default as in the profile; changes nothing.
    """
    gpus: Annotated[int, Field(gt=0, le=1024)] = 1
    """How many of them work as one: multiplies FLOP/s, bandwidth, power, depreciation and rent."""
    batch: Annotated[int, Field(gt=0, le=65_536)] = 1
    """Requests at once, each in a slot that has 1 / `batch` of the FLOP/s and hourly costs. How many slots
    there are is said beside the hardware (`slots`)."""
    utilisation: PositiveShare = 1.0
    """Share of `peak_flop_s` that is reached and, where `power_w` is not known, of `tdp_w` that is drawn."""
    memory_gb: Positive
    """GB of one GPU. `memory_usd_per_h` is charged for the share of it that a task occupies, and the weights
    of a ``roofline`` must fit."""
    peak_flop_s: Positive | None = None
    """FLOP per second of one GPU at its best; times work that is counted in FLOP."""
    bandwidth_gb_s: Positive | None = None
    """GB per second between one GPU and its memory; no effect but on a ``roofline``."""
    tokens: Literal["measured", "roofline"] = "measured"
    """Where token speeds come from that are not stated. ``measured``: one request at a time on one GPU, Llama
    3 8B Q4; or, of the model that `serves` names, the writing in batches, and reading is left to be stated.
    ``roofline``: what is not measured is estimated as the most that FLOP/s and memory bandwidth allow, for
    what `serves` names or for a dense model of `params_billions`. That is optimistic."""
    serves: str | None = None
    """Model whose measured writing speed and power are taken, at `gpus` and `batch`; only what was measured
    on the profile can be named."""
    params_billions: Positive | None = None
    """Billions of parameters of a dense model; no effect but on a ``roofline``, where it is needed unless
    `serves` names a model."""
    bytes_per_param: Positive = 2.0
    """Bytes that a parameter takes, 2 in FP16; no effect but on a ``roofline``."""
    prefill_tokens_per_s: Positive | None = None
    """Tokens of a prompt that one slot reads per second; times work that is counted in tokens."""
    decode_tokens_per_s: Positive | None = None
    """Tokens of an answer that one slot writes per second; times work that is counted in tokens."""
    tdp_w: NonNegative
    """Watts that one GPU is built for; no effect where `power_w` is known or the basis is ``rented``."""
    power_w: NonNegative | None = None
    """Watts that one GPU draws while at work; left out, as measured of what it `serves`, else `tdp_w` ·
    `utilisation`. No effect where ``rented``."""
    basis: Literal["owned", "rented"] = "owned"
    """``owned`` costs depreciation and electricity, ``rented`` costs the rent, electricity included; figures
    of the other basis are not used."""
    purchase_usd: NonNegative | None = None
    """USD for one GPU, written off over `lifetime_h`; no effect where ``rented``."""
    lifetime_h: Positive | None = None
    """Hours at work over which the purchase is written off; no effect where ``rented``."""
    electricity_usd_per_kwh: NonNegative | None = None
    """USD for each kWh drawn while at work; no effect where ``rented``."""
    rent_usd_per_h: NonNegative | None = None
    """USD for each hour of one GPU at work; no effect where ``owned``."""
    compute_usd_per_h: NonNegative = 0.0
    """USD for each hour at work on top, on either basis, of all GPUs together."""
    memory_usd_per_h: NonNegative = 0.0
    """USD for each hour at work on top, for tasks that occupy all `memory_gb`, and in proportion for less; no
    effect at contractors."""

    @model_validator(mode="wrap")
    @classmethod
    def _completed(cls, data: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        """Fill in the profile's figures, then the speeds that follow from the settings."""
        if not isinstance(data, str | Mapping):
            return validated(data)
        given = {"profile": data} if isinstance(data, str) else data
        facts: dict[str, Any] = {}
        if isinstance(name := given.get("profile"), str):
            try:
                facts = _profile_facts(name, given)
            except LookupError as error:
                raise ValueError(f"{'' if isinstance(data, str) else 'profile: '}{error}") from None
        hardware = validated({**facts, **given})
        for field in _COST_OF_BASIS[hardware.basis]:
            if getattr(hardware, field) is None:
                raise ValueError(f"{field}: missing, but basis is {hardware.basis}")
        speeds = hardware._speeds()
        return validated({**facts, **speeds, **given}) if speeds else hardware

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        whole = super().__get_pydantic_json_schema__(core, handler)
        return {"anyOf": [{"enum": list(catalogue().profiles)}, whole]}

    @property
    def slot_flop_s(self) -> float | None:
        """FLOP/s for one slot."""
        return None if self.peak_flop_s is None else self.peak_flop_s * self.utilisation * self._share

    @property
    def slot_compute_usd_per_h(self) -> float:
        """Compute charge, or rent, of one slot while it works."""
        if self.rent_usd_per_h is None or self.basis == "owned":
            return self.compute_usd_per_h / self.batch
        return self.compute_usd_per_h / self.batch + self.rent_usd_per_h * self._share

    @property
    def slot_energy_usd_per_h(self) -> float:
        """Electricity of one slot while it works; included in a rent."""
        if self.electricity_usd_per_kwh is None or self.basis == "rented":
            return 0.0
        power_w = self.tdp_w * self.utilisation if self.power_w is None else self.power_w
        return power_w / 1000 * self.electricity_usd_per_kwh * self._share

    @property
    def slot_depreciation_usd_per_h(self) -> float:
        """Depreciation of one slot while it works; included in a rent."""
        if self.purchase_usd is None or self.lifetime_h is None or self.basis == "rented":
            return 0.0
        return self.purchase_usd / self.lifetime_h * self._share

    @property
    def slot_usd_per_h(self) -> float:
        """What one slot costs while it works, all told but for memory."""
        return self.slot_compute_usd_per_h + self.slot_energy_usd_per_h + self.slot_depreciation_usd_per_h

    def lacking(self, work: Literal["flop", "tokens"]) -> dict[str, str]:
        """The fields without which such work cannot be timed, each with what to do about it, if known."""
        if work == "flop" or self.profile is None:
            hint = ""
        elif self.serves is not None:
            hint = "; of served models only writing is measured: state it, or estimate it (tokens: roofline)"
        else:
            hint = (
                f"; {what_is_measured(self.profile)}: ask for that, state the speeds, "
                "or estimate them (tokens: roofline)"
            )
        return {field: hint for field in _NEEDED[work] if getattr(self, field) is None}

    @property
    def _share(self) -> float:
        return self.gpus / self.batch

    def _speeds(self) -> dict[str, float]:
        """Token speeds of a slot, and the power of a GPU, as measured and as estimated."""
        speeds: dict[str, float] = {}
        params_billions = self.params_billions
        if self.serves is not None:
            point = served(self.profile, self.serves, self.gpus, self.batch)
            params_billions = params_billions or point.active_params_billions
            speeds["decode_tokens_per_s"] = point.output_tokens_per_s / self.batch
            speeds["power_w"] = point.j_per_token * point.output_tokens_per_s / self.gpus
        if self.tokens == "roofline":
            speeds = self._roofline(params_billions) | speeds
        return speeds

    def _roofline(self, params_billions: float | None) -> dict[str, float]:
        """Bounds on a slot's token speeds: 2 FLOP a weight and token; all weights read for every token
        written, once for the whole batch. Traffic for the context is left out."""
        if params_billions is None:
            raise ValueError("params_billions: missing, but tokens is roofline")
        if self.slot_flop_s is None or self.bandwidth_gb_s is None:
            field = "peak_flop_s" if self.slot_flop_s is None else "bandwidth_gb_s"
            raise ValueError(f"{field}: missing, but tokens is roofline")
        weights_gb = params_billions * self.bytes_per_param
        if self.serves is None and weights_gb > self.memory_gb * self.gpus:
            raise ValueError(
                f"params_billions: {weights_gb:g} GB of weights do not fit into "
                f"{self.memory_gb * self.gpus:g} GB (got {params_billions:g})"
            )
        prefill = self.slot_flop_s / (2e9 * params_billions)
        decode = min(self.bandwidth_gb_s * self.gpus / weights_gb, prefill)
        return {"prefill_tokens_per_s": prefill, "decode_tokens_per_s": decode}


def _profile_facts(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The profile's figures by field; the speeds of one request at a time only where that is asked for."""
    known = catalogue()
    profile = known.profile(name)
    facts: dict[str, Any] = {field: figure.value for field, figure in profile.figures.items()}
    alone = all(given.get(field, 1) == 1 for field in ("gpus", "batch"))
    if not alone or given.get("serves") is not None or given.get("tokens") == "roofline":
        facts.pop("prefill_tokens_per_s", None)
        facts.pop("decode_tokens_per_s", None)
    return {
        "name": profile.name,
        "basis": profile.basis,
        "lifetime_h": known.lifetime_h.value,
        "electricity_usd_per_kwh": known.electricity_usd_per_kwh.value,
        **facts,
    }
