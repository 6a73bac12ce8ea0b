"""`exporter matrix --kubernetes`, from its settings to its exit code."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from exporter import version
from exporter.errors import ConfigError
from exporter.exit_codes import ExitCode
from exporter.fleet.cells import cells_of, fingerprint
from exporter.fleet.cluster.api import ApiError, Cluster, connect
from exporter.fleet.cluster.course import Course, remove
from exporter.fleet.cluster.job import PLAN_KEY, default_name, job_of
from exporter.fleet.matrix import tell
from exporter.fleet.placement import Artefacts
from exporter.fleet.plan import Plan, parse_plan, read_plan
from exporter.runs.console import Console
from exporter.settings.matrix import MatrixSettings


def run_on_cluster(asked: MatrixSettings) -> int:
    """Make the Job of a plan or find it, follow it and tell what it came to; or print it, or remove it.

    Returns the exit code. Raises ConfigError for what can't be done, ApiError for what the cluster refuses.
    """
    plan, text = _read(asked.plan)
    name = asked.job or (default_name(plan) if plan else "")
    if asked.dry_run and plan:
        click.echo(yaml.safe_dump(job_of(plan, text, name, asked.image), sort_keys=False).rstrip())
        return 0
    cluster = connect(asked.context, asked.namespace)
    found = cluster.job(name)
    where = f"Job {name} in namespace {cluster.namespace}"
    if asked.delete:
        if found is None:
            raise ConfigError(f"there is no {where}: name another with --job or --namespace")
        remove(cluster, name)
        click.echo(f"Deleted: {where}, with its pods")
        return 0
    if found is None:
        if plan is None:
            raise ConfigError(f"there is no {where}: name the plan, to make it, or another Job")
        found = _make(cluster, job_of(plan, text, name, asked.image))
    else:
        plan = _carried(found, plan, where)
    return _follow(cluster, name, plan, asked, _heading(found, where))


def _read(path: Path | None) -> tuple[Plan | None, str]:
    return (None, "") if path is None else (read_plan(path), path.read_text())


def _make(cluster: Cluster, job: dict[str, Any]) -> dict[str, Any]:
    try:
        cluster.create(job)
    except ApiError as error:
        # Another client with the same plan was faster: its Job is as good.
        if error.status != 409:
            raise
    return job


def _carried(job: dict[str, Any], plan: Plan | None, where: str) -> Plan:
    """The plan of a Job, which has to be the one that was named, if one was."""
    text = job["spec"]["template"]["metadata"].get("annotations", {}).get(PLAN_KEY)
    if text is None:
        raise ConfigError(f"{where} carries no plan: it is no matrix; name another with --job")
    carried = parse_plan(text.encode())
    if plan is not None and fingerprint(cells_of(plan)) != fingerprint(cells_of(carried)):
        raise ConfigError(f"{where} has the cells of another plan: leave out one of the two, or name another --job")
    return carried


def _heading(job: dict[str, Any], where: str) -> str:
    spec = job["spec"]
    made = job["metadata"].get("creationTimestamp")
    when = f"made at {made}" if made else "made now"
    return f"exporter {version()} · {where}, {when} · {spec['completions']} cells, {spec['parallelism']} at once"


def _follow(cluster: Cluster, name: str, plan: Plan, asked: MatrixSettings, heading: str) -> int:
    console = Console()
    console.line(heading)
    course = Course(cluster, name, cells_of(plan), console)
    asyncio.run(course.follow())
    if course.interrupted:
        return ExitCode.INTERRUPTED
    code = tell(plan, course.results, asked, console, interrupted=False)
    if artefacts := plan.kubernetes.artefacts:
        for line in _where_files_are(artefacts, name):
            console.line(line)
    return code


def _where_files_are(artefacts: Artefacts, job: str) -> Sequence[str]:
    if artefacts.claim:
        return (f"Files: in the volume of the claim {artefacts.claim}, in its directory {job}",)
    url = artefacts.url_of(job)
    return f"Files: {url}", f"All on one page: exporter matrix --fetch {url}"
