"""Run a notebook from top to bottom and keep outputs that are the same on every run."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from course_lib.bars import SWITCH as BARS
from course_lib.building.render import Rendered
from course_lib.errors import BuildError
from course_lib.exercises.progress import SWITCH
from course_lib.exercises.units import STRICT

CELL_TIMEOUT = 300  # seconds; lessons aim at 30, but a busy machine may be slow
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def execute(
    rendered: Rendered, unit: str, folder: Path, step: Callable[[int, int], None] | None = None
) -> NotebookNode:
    """The notebook with its outputs, run in `folder`.

    step : told the number of each cell as it starts, and how many there are.
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
            BARS: "1",  # no bar is stored: it is for someone who waits
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
        started = 0

        def note(cell: NotebookNode, cell_index: int) -> None:
            nonlocal started
            started = cell_index
            if step is not None:
                step(cell_index + 1, len(notebook.cells))

        client.on_cell_start = note
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise BuildError(_where(rendered, unit, started, str(error))) from None
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            first = str(error).split("\n")[0]
            raise BuildError(_where(rendered, unit, started, first)) from None
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


def _where(rendered: Rendered, unit: str, failed: int, message: str) -> str:
    """The unit, the cell (its index is `failed`) and the line of the text that stopped."""
    cells = rendered.notebook.cells
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
