"""Content negotiation for ``/metrics``: which format and which encoding a client prefers (RFC 9110, 12.5).

prometheus_client says what an answer states of itself. It takes the first format that it knows and gzip wherever it is
named, so weights, wildcards and the versions that are written are seen to here.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from prometheus_client.exposition import choose_encoder

_OPENMETRICS, _TEXT = "application/openmetrics-text", "text/plain"
_VERSIONS: Mapping[str, tuple[str, ...]] = {_OPENMETRICS: ("1.0.0",), _TEXT: ("0.0.4", "1.0.0")}
_WILDCARDS = ("text/*", "*/*")
# Our names are plain ones, which these leave as they are; the scheme `dots` doubles their underscores.
_ESCAPINGS = ("allow-utf-8", "underscores", "values")
# Whoever scrapes says the same each time.
_HEADERS_KEPT = 16
_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)


class Format(NamedTuple):
    """How a page of metrics is written, and what it states of itself."""

    openmetrics: bool
    content_type: str


class _Preference(NamedTuple):
    """One element of an Accept header, lower-cased: what is asked for, with which parameters, how much (0 to 1)."""

    value: str
    parameters: Mapping[str, str]
    weight: float

    @property
    def is_written(self) -> bool:
        versions = _VERSIONS.get(self.value, ())
        return self.parameters.get("version") in (None, *versions) and bool(versions)


@lru_cache(_HEADERS_KEPT)
def choose_format(accept: str) -> Format:
    """Return OpenMetrics if it is named and wanted at least as much as text; wildcards mean text."""
    preferences = _preferences(accept)
    written = [each for each in preferences if each.is_written]
    if not any(each.value == _TEXT for each in written):
        wildcards = [each for value in _WILDCARDS for each in preferences if each.value == value]
        written += [_Preference(_TEXT, {}, each.weight) for each in wildcards[:1]]
    best = max(written, key=lambda each: (each.weight, each.value == _OPENMETRICS), default=None)
    if best is None or not best.weight:
        best = _Preference(_TEXT, {}, 1.0)
    stated = [f"{key}={text}" for key, text in best.parameters.items() if key == "version" or text in _ESCAPINGS]
    _, content_type = choose_encoder(";".join([best.value, *stated]))
    return Format(best.value == _OPENMETRICS, content_type)


@lru_cache(_HEADERS_KEPT)
def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether gzip is acceptable; an element that names it goes before ``*``."""
    weights = {preference.value: preference.weight for preference in _preferences(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _preferences(header: str) -> list[_Preference]:
    """Return the elements of an Accept or Accept-Encoding header; a weight that is none counts as 0."""
    found = []
    for element in header.lower().split(","):
        value, *rest = (part.strip() for part in element.split(";"))
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip(): text.strip().strip('"') for key, _, text in pairs}
        weight = parameters.pop("q", "1")
        found.append(_Preference(value, parameters, float(weight) if _WEIGHT.fullmatch(weight) else 0.0))
    return found
