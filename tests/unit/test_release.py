"""What a release is made of: the changelog's sections, and workflows that nobody can slip something into."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from tools.release_notes import CHANGELOG, main, releases

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_changelog_begins_with_what_is_unreleased_and_goes_back_in_time() -> None:
    first, *versions = releases(CHANGELOG.read_text())
    assert first == "Unreleased"
    assert versions == sorted(versions, key=Version, reverse=True)


def test_every_change_is_of_a_known_kind() -> None:
    assert set(re.findall(r"^### (.+)$", CHANGELOG.read_text(), re.MULTILINE)) <= KINDS


def test_the_notes_of_a_release_are_its_section_alone() -> None:
    text = "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.2.0 - 2026-01-02\n\n- a\n\n## 1.1.0 - 2026-01-01\n\n- b\n"
    assert releases(text) == {"Unreleased": "- new", "1.2.0": "- a", "1.1.0": "- b"}


def test_a_release_that_the_changelog_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["release_notes", "99.0.0"])
    with pytest.raises(SystemExit, match=r"says nothing of 99\.0\.0: rename its section Unreleased"):
        main()


@pytest.mark.processes
def test_zizmor_finds_nothing_in_the_workflows() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    options = ("--offline", "--quiet", "--persona", "auditor")
    done = subprocess.run([zizmor, *options, ROOT], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ci_tests_every_python_that_the_package_names() -> None:
    matrix = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]["check"]["strategy"][
        "matrix"
    ]
    classifiers = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text())
    assert matrix["python"] == classifiers


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_ends_in_time(workflow: Path) -> None:
    jobs = yaml.safe_load(workflow.read_text())["jobs"]
    assert [name for name, job in jobs.items() if "timeout-minutes" not in job] == []
