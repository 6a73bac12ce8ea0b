"""What came of the field test, as Markdown and as JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median

from exporter.record.terms import Verdict

from .judging import Outcome, Stated

_LEAKS = (
    "| leaking release | what is left | verdict | from min | looks wrong | stated (95 %) | true | holds | line | MK |",
    "|---|---|---|---:|---:|---|---:|---|---|---|",
)
_CLEAN = (
    "| fixed release, or clean program | verdict | from min | looks wrong | line | MK |",
    "|---|---|---:|---:|---|---|",
)


def write(outcomes: list[Outcome], directory: Path) -> Path:
    """Write `table.md` and `table.json` into ``directory``; the path of the first."""
    as_json = [asdict(each) | {"right": each.right, "holds": each.stated and each.stated.holds} for each in outcomes]
    (directory / "table.json").write_text(json.dumps(as_json, indent=1) + "\n", encoding="utf-8")
    path = directory / "table.md"
    path.write_text(markdown(outcomes) + "\n", encoding="utf-8")
    return path


def markdown(outcomes: list[Outcome]) -> str:
    """The summary, the leaks, and the clean ones."""
    leaks = [each for each in outcomes if each.subject.leaks]
    clean = [each for each in outcomes if not each.subject.leaks]
    sections = [_summary(outcomes), [*_LEAKS, *map(_leak, leaks)], [*_CLEAN, *map(_clean, clean)]]
    return "\n\n".join("\n".join(section) for section in sections)


def _summary(outcomes: list[Outcome]) -> list[str]:
    held_out, tuned = ([each for each in outcomes if each.subject.tuning is flag] for flag in (False, True))
    columns = {"all": outcomes, "held out": held_out, "used for tuning": tuned}
    rows: dict[str, Callable[[list[Outcome]], str]] = {
        "leaks: found / acquitted / undecided": lambda some: _counts(some, leaks=True),
        "clean: acquitted / accused / undecided": lambda some: _counts(some, leaks=False),
        "wrong at any look: leaks acquitted / fixed releases accused / clean programs accused": _ever_wrong,
        "median minutes to a right leak": lambda some: _median(some, leaks=True),
        "median minutes to a right no leak": lambda some: _median(some, leaks=False),
        "stated interval holds the truth": _coverage,
        "straight line: leaks found / clean accused": lambda some: _of_rule(some, "straight line"),
        "Mann-Kendall: leaks found / clean accused": lambda some: _of_rule(some, "Mann-Kendall"),
    }
    head = [_row("", *columns), "|---" * (len(columns) + 1) + "|"]
    return head + [_row(name, *(row(some) for some in columns.values())) for name, row in rows.items()]


def _counts(some: list[Outcome], *, leaks: bool) -> str:
    verdicts = [each.verdict for each in some if each.subject.leaks is leaks]
    right, wrong = (Verdict.LEAK, Verdict.NO_LEAK) if leaks else (Verdict.NO_LEAK, Verdict.LEAK)
    counted = [verdicts.count(right), verdicts.count(wrong), verdicts.count(Verdict.INCONCLUSIVE)]
    return " / ".join(map(str, counted)) + f" of {len(verdicts)}"


def _median(some: list[Outcome], *, leaks: bool) -> str:
    minutes = [each.right_from for each in some if each.subject.leaks is leaks and each.right_from is not None]
    return f"{median(minutes):.1f} ({len(minutes)} runs)" if minutes else ""


def _ever_wrong(some: list[Outcome]) -> str:
    wrong = [each.subject for each in some if each.wrong > 0]
    leaks, fixed = sum(subject.leaks for subject in wrong), sum(subject.is_fixed for subject in wrong)
    return f"{leaks} / {fixed} / {len(wrong) - leaks - fixed}"


def _coverage(some: list[Outcome]) -> str:
    stated = [each.stated for each in some if each.stated is not None]
    return f"{sum(each.holds for each in stated)} of {len(stated)}"


def _of_rule(some: list[Outcome], name: str) -> str:
    def called(leaks: bool) -> str:
        verdicts = [each.lines[name].verdict for each in some if each.subject.leaks is leaks]
        return f"{verdicts.count(Verdict.LEAK)} of {len(verdicts)}"

    return f"{called(True)} / {called(False)}"


def _leak(each: Outcome) -> str:
    return _row(_name(each), each.subject.what, *_verdict(each), *_told(each.stated), *_rules(each))


def _clean(each: Outcome) -> str:
    return _row(_name(each), *_verdict(each), *_rules(each))


def _verdict(each: Outcome) -> tuple[str, str, str]:
    return each.verdict, _minutes(each.right_from), f"{each.wrong:.0%}" if each.wrong else "0"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _name(each: Outcome) -> str:
    return each.subject.name.replace("clean_", "") + ("" if each.subject.tuning else " *")


def _told(stated: Stated | None) -> tuple[str, str, str]:
    if stated is None:
        return "", "", ""
    told = stated.interval
    growth = f"{told.value:,.4g} ({told.low:,.4g} to {told.high:,.4g}) {stated.unit}"
    return growth, f"{stated.true:,.4g}", "yes" if stated.holds else "no"


def _rules(each: Outcome) -> tuple[str, str]:
    line, trend = each.lines["straight line"], each.lines["Mann-Kendall"]
    return f"{line.verdict} (R² {line.fit:.2f})", f"{trend.verdict}"


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
