"""Content negotiation for ``/metrics``: which format and which encoding a client prefers (RFC 9110, 12.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

OPENMETRICS_TYPE = "application/openmetrics-text"
TEXT_TYPE = "text/plain"
OPENMETRICS_VERSION = "1.0.0"
TEXT_VERSION = "0.0.4"


@dataclass(frozen=True, slots=True)
class Preference:
    """One element of an Accept header, lower-cased: what is asked for, with which parameters, how much (0 to 1)."""

    value: str
    parameters: Mapping[str, str]
    weight: float


def parse_preferences(header: str) -> Iterator[Preference]:
    """Yield the elements of an Accept or Accept-Encoding header; a weight that is no number counts as 0."""
    for element in header.lower().split(","):
        value, *rest = (part.strip() for part in element.split(";"))
        if value:
            pairs = (part.partition("=") for part in rest)
            parameters = {key.strip(): text.strip().strip('"') for key, _, text in pairs}
            yield Preference(value, parameters, _weight(parameters.pop("q", "1")))


def prefers_openmetrics(accept: str) -> bool:
    """Tell whether OpenMetrics is named and wanted at least as much as the text format; wildcards mean text."""
    preferences = list(parse_preferences(accept))
    openmetrics = _weight_of(preferences, OPENMETRICS_TYPE, OPENMETRICS_VERSION, wildcards=())
    return openmetrics > 0 and openmetrics >= _weight_of(preferences, TEXT_TYPE, TEXT_VERSION, ("text/*", "*/*"))


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether gzip is acceptable; an element that names it goes before ``*``."""
    weights = {preference.value: preference.weight for preference in parse_preferences(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight_of(preferences: list[Preference], media_type: str, version: str, wildcards: tuple[str, ...]) -> float:
    """Return the weight of the most specific elements that match, 0 if none does."""
    for candidate in (media_type, *wildcards):
        weights = [
            preference.weight
            for preference in preferences
            if preference.value == candidate and preference.parameters.get("version", version) == version
        ]
        if weights:
            return max(weights)
    return 0.0


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return min(weight, 1.0) if weight >= 0 else 0.0
