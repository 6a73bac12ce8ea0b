"""Durations as Go writes them: ``90s``, ``1h30m``, ``500ms``; parsed to seconds and formatted back."""

import re
from fractions import Fraction

_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # micro sign
    "μs": 1_000,  # Greek mu
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_TERM = re.compile(r"(\d+)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)|\.(\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_PER_SECOND = _NANOSECONDS["s"]


def parse_duration(text: str) -> float:
    """Return the seconds that a Go-style duration stands for; ``0`` needs no unit.

    The grammar is that of Go's ``time.ParseDuration`` without a sign: a sequence of decimal numbers, each with
    a unit of ns, us, ms, s, m or h. Parts below a nanosecond are dropped. Raises ValueError with a remedy.
    """
    cleaned = text.strip()
    if cleaned == "0":
        return 0.0
    total, position = 0, 0
    while position < len(cleaned) and (term := _TERM.match(cleaned, position)):
        total += _term_nanoseconds(term)
        position = term.end()
    if not cleaned or position < len(cleaned):
        raise ValueError(f"{text!r} is not a duration; write it like 90s, 30m, 1h30m or 500ms")
    try:
        return total / _PER_SECOND
    except OverflowError:
        raise ValueError(
            f"{text[:20]!r}... is too long for a duration; write it like 90s, 30m, 1h30m or 500ms"
        ) from None


def format_duration(seconds: float) -> str:
    """Return ``seconds`` (not negative) in the shortest Go-style form, to the nanosecond: 5400 is ``1h30m``."""
    nanoseconds = round(Fraction(seconds) * _PER_SECOND)  # a float's product is off by a nanosecond after 52 days
    if nanoseconds < 0:
        raise ValueError(f"{seconds} seconds: a duration can't be negative")
    if nanoseconds == 0:
        return "0s"
    if nanoseconds < _PER_SECOND:
        unit = next(unit for unit in ("ms", "us", "ns") if nanoseconds >= _NANOSECONDS[unit])
        return _decimal(nanoseconds, unit)
    hours, rest = divmod(nanoseconds, _NANOSECONDS["h"])
    minutes, rest = divmod(rest, _NANOSECONDS["m"])
    parts = (f"{hours}h" * (hours > 0), f"{minutes}m" * (minutes > 0), _decimal(rest, "s") * (rest > 0))
    return "".join(parts)


def format_clock(seconds: float) -> str:
    """Return ``seconds`` as HH:MM:SS, hours as wide as they need to be."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _term_nanoseconds(term: re.Match[str]) -> int:
    """Return one number-and-unit pair in whole nanoseconds, computed in integers so that nothing is rounded."""
    whole, fraction, unit, bare_fraction, bare_unit = term.groups()
    digits = fraction or bare_fraction or ""
    scale = _NANOSECONDS[unit or bare_unit]
    fraction_nanoseconds: int = int(digits or 0) * scale // 10 ** len(digits)
    return int(whole or 0) * scale + fraction_nanoseconds


def _decimal(nanoseconds: int, unit: str) -> str:
    """Return ``nanoseconds`` as a decimal number of ``unit``, without trailing zeros."""
    whole, rest = divmod(nanoseconds, _NANOSECONDS[unit])
    digits = str(rest).rjust(len(str(_NANOSECONDS[unit])) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}{unit}" if digits else f"{whole}{unit}"
