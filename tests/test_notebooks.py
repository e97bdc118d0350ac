"""The notebooks run from top to bottom, and hold nothing of the machine they were run on."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.forked import Forked

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


RUN = """
import os, sys, warnings
os.environ["MPLBACKEND"] = "agg"
os.chdir(sys.argv[1])
sys.stdout = open("said", "w")
warnings.simplefilter("ignore")
exec(compile(open("code").read(), "<notebook>", "exec"), {"__name__": "__main__"})
sys.stdout.flush()
"""


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(notebook: Path, tmp_path: Path, python: Forked) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    (tmp_path / "code").write_text(code)
    assert python.begin(RUN, str(tmp_path)).wait() == 0
    printed = (
        "".join(out["text"])
        for cell in cells
        for out in cell.get("outputs", ())
        if out["output_type"] == "stream"
    )
    # What readers see is what the package says now.
    assert (tmp_path / "said").read_text() == "".join(printed), (
        "run the notebook again and keep its outputs"
    )


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_was_executed_and_names_no_machine(notebook: Path) -> None:
    text = notebook.read_text()
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert any(cell["outputs"] for cell in code)
    assert not any(out["output_type"] == "error" for cell in code for out in cell["outputs"])
    assert not re.search(r"/(tmp|home|root|work|Users)/", text)
