"""What `exporter matrix` is told: which plan, which of its cells, and where the results go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import Complaint
from exporter.settings.declared import setting
from exporter.settings.group import SettingsGroup, contradiction, same_files
from exporter.settings.kinds import OBJECT_STORAGE, PATH


@dataclass(frozen=True)
class MatrixSettings(SettingsGroup):
    """A plan, and what to do with it."""

    plan: Path | None = setting(None, "", flag="PLAN", kind=PATH, positional=True, metavar="PLAN.yaml")
    schema: bool = setting(False, "Print the JSON schema of plans, for an editor, and end.")
    dry_run: bool = setting(False, "List the cells and end.")
    jobs: int | None = setting(
        None,
        "Cells at once, one for two processors if not given; 0: only report those that are done.",
        at_least=0,
    )
    cell: int | None = setting(
        None, "Run this cell only, counted from 0, end as its run does, and show what that prints.", at_least=0
    )
    output: Path | None = setting(
        None, "Directory of the cells; matrix-NAME, with the plan's name, if not given.", short="o", metavar="DIRECTORY"
    )
    fetch: str | None = setting(
        None,
        "Fetch the files of cells that have ended from object storage, as s3://bucket/prefix/JOB, and report them "
        "without running any; their plan is there too.",
        kind=OBJECT_STORAGE,
        metavar="URL",
    )
    junit: Path | None = setting(None, "Also write JUnit XML to this file.", metavar="FILE", file="written")
    markdown: Path | None = setting(
        None, "Also write the table as Markdown to this file.", metavar="FILE", file="written"
    )
    json: Path | None = setting(
        None,
        "Also write every field as JSON to this file; with --cell its result, below 4 KiB.",
        metavar="FILE",
        file="written",
    )
    kubernetes: bool = setting(False, "Run the cells on a cluster, as pods of one Job, or follow them if it exists.")
    context: str = setting("", "With --kubernetes, the kubeconfig's context; the current one if not given.")
    namespace: str = setting("", "With --kubernetes, the namespace; the context's if not given.")
    job: str = setting("", "With --kubernetes, the Job's name; made from the plan if not given.")
    image: str = setting("", "With --kubernetes, the image of the cells, where the plan names none or another.")
    delete: bool = setting(False, "With --kubernetes, delete the Job, with its pods, and end.")

    def needs(self) -> Mapping[str, str]:
        asks_a_cluster = self.kubernetes and not (self.schema or self.dry_run)
        return ({"kubernetes": "kubernetes"} if asks_a_cluster else {}) | ({"s3": "fetch"} if self.fetch else {})

    def contradictions(self) -> Iterator[Complaint]:
        carried = self.fetch or (self.kubernetes and self.job and not self.dry_run)
        if self.plan is None and not self.schema and not carried:
            yield contradiction("PLAN is missing: name a YAML file, for example plan.yaml", "plan", "schema")
        yield from same_files({"plan": self.plan, "junit": self.junit, "markdown": self.markdown, "json": self.json})
        of_clusters = ("context", "namespace", "job", "image", "delete")
        of_processes = {
            "jobs": self.jobs is not None,
            "cell": self.cell is not None,
            "output": self.output,
            "fetch": self.fetch,
        }
        if self.kubernetes:
            for name in (name for name, given in of_processes.items() if given):
                yield contradiction(
                    f"{name} is of cells that run here: leave it out, or kubernetes", name, "kubernetes"
                )
        else:
            for name in (name for name in of_clusters if getattr(self, name)):
                yield contradiction(f"{name} is about a cluster: add --kubernetes, or leave it out", name, "kubernetes")
        of_runs = {"jobs": self.jobs is not None, "cell": self.cell is not None, "dry_run": self.dry_run}
        for name in (name for name, given in of_runs.items() if given and self.fetch):
            yield contradiction(f"{name} is of cells that run and fetch runs none: leave one out", name, "fetch")
        if self.cell is not None:
            several = {"jobs": self.jobs is not None, "junit": self.junit, "markdown": self.markdown}
            for name in (name for name, given in several.items() if given):
                yield contradiction(f"{name} is about all cells and cell is {self.cell}: leave one out", name, "cell")
