"""What calls cost, and by whose prices: those behind a log's bills, those of a price file, or listed ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.logs.calls import Calls, remark
from coalesce_sim.logs.listings import Seller, Sellers
from coalesce_sim.logs.models import same_model
from coalesce_sim.logs.price_lists import in_file, in_package
from coalesce_sim.logs.remarks import Remarks
from coalesce_sim.scenario.tariff import TokenPrices

_SAME_PRICE = 0.01
"""Prices further apart, as a share of the higher one, contradict each other."""


def price(seller: Seller, listed: Mapping[tuple[str, str], TokenPrices], day: date) -> None:
    """Give a seller whose bills do not tell its prices those of a list, if one has them."""
    if seller.at_home or (seller.prices is not None and not seller.is_free):
        return
    found = in_file(listed, seller.provider, seller.model)
    if found is not None:
        seller.prices, seller.priced_from = found, "price file"
    elif not seller.is_free and (package := in_package(seller.provider, seller.models, day)) is not None:
        seller.prices, seller.priced_from = package


def contradicted(sellers: Sequence[Seller], listed: Mapping[tuple[str, str], TokenPrices]) -> list[str]:
    """Prices of a file that are not those behind the log's bills, in words: the bills count."""
    told = []
    for seller in sellers:
        found = in_file(listed, seller.provider, seller.model)
        if found is None or seller.prices is None or seller.prices is found:
            continue
        for name in ("input_usd_per_mtok", "output_usd_per_mtok"):
            billed, stated = getattr(seller.prices, name), getattr(found, name)
            if abs(billed - stated) > _SAME_PRICE * max(billed, stated):
                told.append(
                    f"{seller.name}: {name} is {stated:g} in the price file and {billed:g} by its bills, "
                    "which count"
                )
    return told


def bills(
    calls: Calls, sellers: Sellers, remarks: Remarks, files: Sequence[str]
) -> tuple[FloatArray, BoolArray]:
    """What each call cost, NaN at home, and which calls are somebody's whose price is known.

    A bill that is not in the log is what the seller's prices come to; a failed call without one costs
    nothing. Where bills do not tell prices by token, and no list does, a seller asks its mean bill a request.
    """
    usd = calls.usd.copy()
    known = np.ones(len(calls), dtype=np.bool_)
    for place, seller in enumerate(sellers.sellers):
        theirs = np.flatnonzero(sellers.of_call == place)
        if seller.at_home:
            why = "has a bill, but is at home: what the hardware costs counts in its place"
            remark(remarks.tell, why, calls, theirs[usd[theirs] > 0], files, "usd")
            usd[theirs] = np.nan
            continue
        lacking = theirs[np.isnan(usd[theirs])]
        billed = theirs[np.isfinite(usd[theirs]) & ~calls.failed[theirs]]
        if seller.prices is None and len(billed):
            mean = float(usd[billed].mean())
            seller.prices = TokenPrices(request_usd=mean)
            seller.priced_from = (
                f"mean of {len(billed):,} bills, a request: they do not tell input from output"
            )
        if seller.prices is None:
            known[theirs] = False
            why = f"nobody says what {seller.name} asks; state it in a price file (--prices)"
            remark(remarks.leave_out, why, calls, theirs, files, "model", seller.models[0])
            continue
        if seller.is_free:
            why = (
                f"bills of 0: {seller.name} is taken for free, unless a price file says otherwise (--prices)"
            )
            remark(remarks.tell, why, calls, billed, files, "usd")
        seller.priced_from += _against_list(seller, calls, billed)
        failed = lacking[calls.failed[lacking]]
        done = lacking[~calls.failed[lacking]]
        usd[failed] = 0.0
        remark(remarks.tell, "failed without a bill: taken for free of charge", calls, failed, files, "usd")
        usd[done] = _listed_usd(seller.prices, calls, done)
        why = f"no bill in the log: by the prices of {seller.name} ({seller.priced_from})"
        remark(remarks.tell, why, calls, done, files, "usd")
    return usd, known


def _against_list(seller: Seller, calls: Calls, billed: np.ndarray) -> str:
    """How far a seller's bills are from prices that are listed, where they are."""
    listed = seller.priced_from.startswith(("price file", "genai-prices"))
    if not listed or not len(billed) or seller.prices is None:
        return ""
    share = float(calls.usd[billed].sum() / max(_listed_usd(seller.prices, calls, billed).sum(), 1e-300))
    return f"; its {len(billed):,} bills come to {share:.1%} of that"


def _listed_usd(prices: TokenPrices, calls: Calls, which: np.ndarray) -> FloatArray:
    """What calls cost by listed prices, those for long prompts and for hours of the day among them."""
    prompt, cached = calls.prompt[which].astype(np.float64), calls.cached[which].astype(np.float64)
    output = calls.output[which].astype(np.float64)
    hour = calls.start[which] / 3.6e9 % 24
    input_usd = np.full(len(which), float(prices.input_usd_per_mtok))  # type: ignore[arg-type]
    read = prices.cache_read_usd_per_mtok
    cached_usd = np.full(len(which), float(prices.input_usd_per_mtok if read is None else read))  # type: ignore[arg-type]
    output_usd = np.full(len(which), float(prices.output_usd_per_mtok))  # type: ignore[arg-type]
    request = np.full(len(which), float(prices.request_usd))  # type: ignore[arg-type]
    for each in prices.conditional_prices:
        met = np.ones(len(which), dtype=np.bool_)
        if each.above_prompt_tokens is not None:
            met &= prompt > each.above_prompt_tokens
        if each.from_hour_utc is not None and each.until_hour_utc is not None:
            after, before = hour >= each.from_hour_utc, hour < each.until_hour_utc
            met &= (after & before) if each.from_hour_utc < each.until_hour_utc else (after | before)
        for column, stated in (
            (input_usd, each.input_usd_per_mtok),
            (cached_usd, each.cache_read_usd_per_mtok),
            (output_usd, each.output_usd_per_mtok),
            (request, each.request_usd),
        ):
            if stated is not None:
                column[met] = stated
    usd: FloatArray = (
        (prompt - cached) * input_usd + cached * cached_usd + output * output_usd
    ) / 1e6 + request
    return usd


def others_listed(
    sellers: Sequence[Seller], listed: Mapping[tuple[str, str], TokenPrices], file: str | None
) -> list[Seller]:
    """Those of a price file who are not in the log; of a model that is known from it success and pace are."""
    known = {(each.provider, each.model) for each in sellers}
    taken = {each.name for each in sellers}
    extra = []
    for (provider, model), prices in listed.items():
        plain_provider, shared = re.sub(r"\s+", "_", provider.strip().lower()), same_model(model)
        if (plain_provider, shared) in known:
            continue
        name = f"{plain_provider}/{shared}"
        if name in taken:
            name = f"{plain_provider}/{model.lower()}"
        seller = Seller(plain_provider, shared, (model,), name, prices=prices, priced_from=file or "")
        for other in sellers:
            if other.model == shared:
                for type_, (count, well) in other.outcomes.items():
                    before = seller.outcomes.get(type_, (0, 0))
                    seller.outcomes[type_] = (before[0] + count, before[1] + well)
        taken.add(name)
        extra.append(seller)
    return extra
