"""`energy.yaml` beside the registry: tariffs, carbon factors, provincial quotas, peers; every fault with its line."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from sensors.documents import MAX_BYTES, DocumentFault, DocumentSyntaxError, MapNode, Place, parse_document
from sensors.energy_terms import (
    NO_TERMS,
    EnergyTerms,
    Intent,
    Peer,
    Period,
    SiteCarbonFactor,
    SiteQuota,
    Target,
    TargetMeasure,
    Tariff,
    TariffDays,
    TariffSeason,
    months_without_season,
)
from sensors.errors import InputFault
from sensors.fields import Fields, hours, local_date, one_of, positive, whole, words
from sensors.hours import parse_hours
from sensors.topology import ClimateZone, EnergyClass
from storage.registry_file import decoded, fault_lines, placed_faults

FILE_NAME = "energy.yaml"
_LONG_AGO = date(1990, 1, 1)
_MONTHS = 12
CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RT-UW-Y]{18}")


class EnergyFileError(InputFault):
    """A file that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""


def terms_beside(registry: Path) -> EnergyTerms:
    """Return the terms of the file beside a registry, none where there is no file. Raises EnergyFileError."""
    path = registry.parent / FILE_NAME
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return NO_TERMS
    except OSError as exc:
        msg = f"{path}: cannot be read: {exc.strerror}; mend who may read it, or take it away"
        raise EnergyFileError(msg) from exc
    terms, faults = parse_terms(content)
    if faults:
        raise EnergyFileError("\n".join(fault_lines(path, faults)))
    return terms


def parse_terms(content: bytes) -> tuple[EnergyTerms, list[DocumentFault]]:
    """Return the terms of a file's bytes, or every fault in the file's order."""
    try:
        document = parse_document(decoded(content))
    except DocumentSyntaxError as exc:
        return NO_TERMS, [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    if not isinstance(document.root, MapNode):
        reason = "must be a mapping with tariffs, carbon_factors, quotas, peers, credit_code, targets or intents"
        return NO_TERMS, [DocumentFault(path=(), reason=reason, place=Place(1, 1))]
    faults = list(document.faults)
    terms = _terms(Fields(document.root, (), faults, ""))
    return (NO_TERMS, placed_faults(document.root, faults)) if faults else (terms, [])


def _terms(fields: Fields) -> EnergyTerms:
    tariffs = tuple(_tariff(each) for _, each in fields.each("tariffs", "tariff"))
    for at, (before, after) in enumerate(pairwise(tariffs), start=1):
        if before.last is None or after.first <= before.last:
            fields.fail(
                ("tariffs", at), "tariff: begins before the one above it ends; write `last` there, oldest first"
            )
    terms = EnergyTerms(
        tariffs=tariffs,
        factors=tuple(_factor(each) for _, each in fields.each("carbon_factors", "carbon factor")),
        quotas=tuple(_quota(each) for _, each in fields.each("quotas", "quota")),
        peers=tuple(_peer(each) for _, each in fields.each("peers", "peer")),
        credit_code=fields.optional("credit_code", _credit_code) or "",
        targets=tuple(_target(each) for _, each in fields.each("targets", "target")),
        intents=tuple(_intent(each) for _, each in fields.each("intents", "intent")),
    )
    fields.finish()
    return terms


def _tariff(fields: Fields) -> Tariff:
    first = fields.required("first", local_date, _LONG_AGO)
    last = fields.optional("last", local_date)
    if last is not None and last < first:
        fields.fail(("last",), f"is before {first}; a tariff ends after it begins")
    seasons = tuple(_season(each) for _, each in fields.each("seasons", f"{fields.label}: season"))
    prices = tuple(_prices(fields))
    _check_seasons(fields, seasons, {period for period, _ in prices})
    return Tariff(
        first=first,
        last=last,
        prices_cny_kwh=prices,
        seasons=seasons,
        source=fields.required("source", words, ""),
        water_cny_m3=fields.optional("water_cny_m3", positive),
    )


def _prices(fields: Fields) -> Iterator[tuple[Period, float]]:
    inner = fields.nested("prices_cny_kwh", f"{fields.label}: prices_cny_kwh")
    if inner is None:
        return
    for period in Period:
        price = inner.optional(period.value, positive)
        if price is not None:
            yield period, price
    inner.finish()


def _season(fields: Fields) -> TariffSeason:
    named = (
        (period, parse_hours(written))
        for period in Period
        if period is not Period.FLAT and (written := fields.optional(period.value, hours))
    )
    spans = tuple(named)
    every = sorted(span for _, hours_of in spans for span in hours_of)
    if any(after[0] < before[1] for before, after in pairwise(every)):
        fields.fail((), "two periods share an hour; an hour has one price")
    return TariffSeason(
        months=frozenset(fields.many("months", _month)) or frozenset(range(1, _MONTHS + 1)),
        days=fields.optional("days", one_of(TariffDays)) or TariffDays.ALL,
        spans=spans,
    )


def _check_seasons(fields: Fields, seasons: Sequence[TariffSeason], priced: set[Period]) -> None:
    absent = months_without_season(seasons)
    if absent:
        fields.fail(("seasons",), f"month {absent[0]} has no season on some days; every day needs one")
    used = {period for season in seasons for _, _, period in season.day_parts()}
    for period in Period:
        if period in used and period not in priced:
            fields.fail(("prices_cny_kwh",), f"no price for {period.value}, which the seasons use; add it")


def _factor(fields: Fields) -> SiteCarbonFactor:
    return SiteCarbonFactor(
        grid=fields.required("grid", words, ""),
        year=fields.required("year", _year, 2000),
        kg_per_kwh=fields.required("kg_per_kwh", _factor_value, 1.0),
        source=fields.required("source", words, ""),
    )


def _quota(fields: Fields) -> SiteQuota:
    constraint = fields.required("constraint_kwh_m2", positive, 1.0)
    guide = fields.optional("guide_kwh_m2", positive)
    if guide is not None and guide > constraint:
        fields.fail(("guide_kwh_m2",), f"is above the constraint {constraint:g}; what to aim at is lower")
    return SiteQuota(
        energy_class=fields.required("energy_class", one_of(EnergyClass), EnergyClass.A),
        climate_zone=fields.optional("climate_zone", one_of(ClimateZone)),
        constraint_kwh_m2=constraint,
        guide_kwh_m2=guide,
        source=fields.required("source", words, ""),
        year=fields.required("year", _year, 2000),
    )


def _peer(fields: Fields) -> Peer:
    return Peer(
        energy_class=fields.required("energy_class", one_of(EnergyClass), EnergyClass.A),
        kwh_m2=fields.required("kwh_m2", positive, 1.0),
        source=fields.required("source", words, ""),
        year=fields.required("year", _year, 2000),
    )


def _target(fields: Fields) -> Target:
    return Target(
        measure=fields.required("measure", one_of(TargetMeasure), TargetMeasure.ELECTRICITY_KWH),
        year=fields.required("year", _year, 2000),
        value=fields.required("value", positive, 1.0),
        source=fields.required("source", words, ""),
    )


def _intent(fields: Fields) -> Intent:
    return Intent(year=fields.required("year", _year, 2000), text=fields.required("text", words, ""))


def _credit_code(text: str) -> str:
    """Return a code of 18 letters and digits (GB 32100-2015), whose last character is checked by no one here."""
    code = text.strip().upper()
    if not CREDIT_CODE.fullmatch(code):
        msg = f"must be 18 digits and capital letters, without I, O, S, V, Z, not {text}; put it in quotation marks"
        raise ValueError(msg)
    return code


def _within(parse: Callable[[str], float], low: float, high: float, what: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = parse(text)
        if not low <= value <= high:
            msg = f"must be {what}, not {text}"
            raise ValueError(msg)
        return value

    return read


def _year(text: str) -> int:
    return int(_within(whole, 2000, 2100, "a year from 2000 to 2100")(text))


def _month(text: str) -> int:
    return int(_within(whole, 1, _MONTHS, "a month from 1 to 12")(text))


_factor_value = _within(positive, 0.0, 2.0, "kg of CO2 per kWh, at most 2; is it in g or per MWh?")
