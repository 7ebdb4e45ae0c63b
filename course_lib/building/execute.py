"""Run a notebook from top to bottom and keep outputs that are the same on every run."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from course_lib.building.render import Rendered
from course_lib.errors import BuildError
from course_lib.exercises.progress import SWITCH
from course_lib.exercises.units import STRICT

CELL_TIMEOUT = 300  # seconds; lessons aim at 30, but a busy machine may be slow
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def execute(rendered: Rendered, unit: str, folder: Path) -> NotebookNode:
    """The notebook with its outputs, run in `folder`.

    Checks are strict: a solution that fails its check fails the build.
    Raises `BuildError` naming the unit, the cell and the line of the text.
    """
    notebook = rendered.notebook
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="course-build-") as private:
        environment = {
            **os.environ,
            STRICT: "1",
            SWITCH: "off",
            "OMP_NUM_THREADS": "1",
            "IPYTHONDIR": private,
            "PYTHONHASHSEED": "0",
        }
        environment.pop("NBGRADER_EXECUTION", None)
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            store_widget_state=False,
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],  # quiet about its loopback port
            resources={"metadata": {"path": str(folder)}},
        )
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise BuildError(_where(rendered, unit, str(error))) from None
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            raise BuildError(_where(rendered, unit, str(error).split("\n")[0])) from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _stable(cell.outputs)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def _stable(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join text streams; drop widget models, whose identifiers are new on every run."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if (
            output.output_type == "stream"
            and kept
            and kept[-1].output_type == "stream"
            and kept[-1].name == output.name
        ):
            kept[-1].text += output.text
            continue
        if "data" in output:
            output.data.pop(WIDGET_VIEW, None)
        kept.append(output)
    return kept


def _where(rendered: Rendered, unit: str, message: str) -> str:
    """The unit, the cell and the line of the text where execution stopped."""
    cells = rendered.notebook.cells
    failed = next(
        (
            i
            for i, c in enumerate(cells)
            if c.cell_type == "code" and any(o.output_type == "error" for o in c.outputs)
        ),
        None,
    )
    if failed is None:  # no error output: the kernel died or hung in the last cell it started
        run = [i for i, c in enumerate(cells) if c.cell_type == "code" and c.execution_count]
        failed = run[-1] if run else 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", message)
    inside = [int(n) for n in re.findall(r"Cell In\[\d+\], line (\d+)", plain)]
    line = rendered.lines[failed] + (inside[-1] if inside else 0)
    error = next((o for o in cells[failed].get("outputs", []) if o.output_type == "error"), None)
    said = f"{error.ename}: {error.evalue.strip()}" if error else plain.strip().split("\n")[0]
    identity = cells[failed].metadata.get("nbgrader", {}).get("grade_id")
    place = (
        f"the cell '{identity}' (marker on line {rendered.lines[failed]})"
        if identity
        else f"line {line}"
    )
    return f"{unit}: cell {failed + 1} of {len(cells)} failed, {place} of {rendered.text}.\n{said}"
