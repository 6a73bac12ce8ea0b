"""Bring the part on plans of the chart's schema up to date, so that Helm refuses what `exporter matrix` would."""

import json
from pathlib import Path
from typing import Any

from exporter.fleet.plan import plan_schema

SCHEMA = Path(__file__).parents[1] / "charts" / "memtest-exporter" / "values.schema.json"


def up_to_date(text: str) -> str:
    """The schema of the values with the present schema of plans."""
    schema: dict[str, Any] = json.loads(text)
    schema["$defs"] = {"Labels": schema["$defs"]["Labels"], **plan_schema()["$defs"]}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(up_to_date(SCHEMA.read_text()))
