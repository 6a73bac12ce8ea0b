"""Write the dashboards; each is a file named after its uid."""

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tools.dashboards import comparison, fleet, runbook, soak_run

DIRECTORY = Path(__file__).parents[2] / "grafana" / "dashboards"
MODULES = (soak_run, comparison, fleet, runbook)


def render() -> dict[str, str]:
    """Return the dashboards' JSON by file name."""
    encode = JSONEncoder(indent=2, sort_keys=True).encode
    return {f"{module.UID}.json": encode(module.build()) + "\n" for module in MODULES}


if __name__ == "__main__":
    DIRECTORY.mkdir(exist_ok=True)
    for name, text in render().items():
        (DIRECTORY / name).write_text(text)
