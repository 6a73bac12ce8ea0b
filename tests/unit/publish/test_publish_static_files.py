"""ES modules as one script: which modules it holds, in what order, and what can't be taken along."""

from pathlib import Path

import pytest

from exporter.publish import static_files
from exporter.publish.static_files import inlined, names_in, read_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(static_files, "_ROOT", tmp_path)
    (tmp_path / "part").mkdir()
    return tmp_path


def test_modules_come_once_and_after_what_they_import(folder: Path) -> None:
    (folder / "part" / "low.js").write_text("const inner = 1;\nexport const low = inner;\n")
    (folder / "part" / "high.js").write_text('import { low } from "./low.js";\nexport function high() {}\nlow;\n')
    (folder / "page.js").write_text(
        'import { high } from "./part/high.js";\nimport {\n  low,\n} from "./part/low.js";\n'
        "const inner = low;\nhigh();\n"
    )
    assert inlined("page.js").splitlines() == [
        "(() => {",
        '"use strict";',
        "const modules = {};",
        'modules["part/low.js"] = (() => {',
        "const inner = 1;",
        "const low = inner;",
        "return { low };",
        "})();",
        'modules["part/high.js"] = (() => {',
        'const { low } = modules["part/low.js"];',
        "function high() {}",
        "low;",
        "return { high };",
        "})();",
        'modules["page.js"] = (() => {',
        'const { high } = modules["part/high.js"];',
        "const {",
        "  low,",
        '} = modules["part/low.js"];',
        "const inner = low;",
        "high();",
        "return {  };",
        "})();",
        "})();",
    ]


def test_comments_stay_behind(folder: Path) -> None:
    source = '// One.\n\n/**\n * Two.\n */\nexport const a = "/** three */"; // four\n'
    (folder / "page.js").write_text(source)
    assert '\n\nconst a = "/** three */"; // four\n' in inlined("page.js")
    assert "One" not in inlined("page.js")
    assert "Two" not in inlined("page.js")


@pytest.mark.parametrize(
    "line",
    [
        'import * as other from "./other.js";',
        'import other from "./other.js";',
        'import "./other.js";',
        'import { one as two } from "./other.js";',
        'import { one } from "other";',
        "export default 1;",
        "export let one = 1;",
        "export { one };",
        'export { one } from "./other.js";',
    ],
)
def test_what_cannot_be_taken_along_is_refused(line: str, folder: Path) -> None:
    (folder / "page.js").write_text(f"{line}\n")
    (folder / "other.js").write_text("export const one = 1;\n")
    with pytest.raises(ValueError, match=r"page\.js can't be inlined: (import|export)"):
        inlined("page.js")


def test_the_report_takes_along_all_of_its_modules() -> None:
    script = inlined("report/page.js")
    modules = [name for name in (*names_in("chart"), *names_in("report")) if name.endswith(".js")]
    assert [name for name in modules if f'modules["{name}"] = ' not in script] == []
    assert "</script" not in script.lower()


def test_the_library_keeps_its_licence() -> None:
    assert "MIT" in read_text("uplot/LICENSE")
    assert "uPlot (v" in read_text("uplot/uPlot.iife.min.js")
