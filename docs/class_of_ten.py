"""A made-up class of ten for unit 5, to try `course grade` with; docs/grading.md walks through it.

python docs/class_of_ten.py FOLDER     writes FOLDER/submitted/… and FOLDER/students.txt
"""

import argparse
import copy
from pathlib import Path

import nbformat

from course_lib.layout import Layout

L1_MEAN = "def l1_penalty(z):\n    return z.abs().mean()\n"
L1_SUM = "def l1_penalty(z):\n    return z.abs().sum()\n"
L1_BORROWED = "from course_lib import l1_sparsity_loss as l1_penalty\n"
KL_MEANS = """\
def kl_penalty(z, rho=0.05):
    m = z.mean(dim=0).clamp(1e-6, 1 - 1e-6)
    return (rho * torch.log(rho / m) + (1 - rho) * torch.log((1 - rho) / (1 - m))).mean()
"""
HOYER_ODD = """\
def hoyer_penalty(z):
    # sum of squares over square of sum, seen somewhere
    squares = (z ** 2).sum(dim=1) + 1e-9
    sums = z.abs().sum(dim=1) ** 2 + 1e-9
    return (1 - squares / sums).mean() * z.shape[1] ** 0.5
"""
BEST_CODE_ODD = """\
def best_code(x, atom, strength):
    along = (x * atom).sum(dim=1)
    near = along - strength * torch.tanh(3 * along)
    return torch.where(near.abs() < strength, torch.zeros_like(near), near)
"""
WHOLE_STRENGTH = """\
def best_code(x, atom, strength):
    along = x @ atom
    return torch.sign(along) * torch.relu(along.abs() - strength)
"""
ENDLESS = """\
def hoyer_measure(z):
    n = z.shape[1]
    while n > 1:
        l1 = z.abs().sum(dim=1)
    return (n ** 0.5 - l1 / z.norm(dim=1)) / (n ** 0.5 - 1)
"""
EXITS = "import sys, os\nprint('done!')\nos._exit(0)\n"

BLANK = None  # as it was handed out
ANSWERS = {
    "ada": {},
    "ben": {"l1_penalty": L1_MEAN, "kl_penalty": KL_MEANS, "hoyer_penalty": BLANK},
    "cleo": {"hoyer_penalty": HOYER_ODD, "best_code": BEST_CODE_ODD, "l1_penalty": L1_MEAN},
    "dev": {"hoyer_penalty": HOYER_ODD, "best_code": BEST_CODE_ODD, "l1_penalty": L1_MEAN},
    "eli": {"l1_penalty": L1_BORROWED, "best_code": WHOLE_STRENGTH},
    "fay": {"hoyer_measure": ENDLESS, "l1_penalty": L1_SUM},
    "gus": {"count_active": EXITS, "kl_penalty": BLANK},
    "hana": {},
    "june": {},
}  # ivo hands in nothing


def handed_in(solved, blank, changes):
    """The solved notebook with some answers replaced."""
    notebook = copy.deepcopy(solved)
    texts = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in blank.cells}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in changes:
            cell.source = texts[name] if changes[name] is BLANK else changes[name]
    return notebook


def with_accidents(notebook):
    """What happens to honest people: a copied cell, a deleted check, warnings."""
    cells = notebook.cells
    at = next(i for i, c in enumerate(cells) if c.get("id") == "answer-kl-penalty")
    twin = copy.deepcopy(cells[at])
    twin["id"] = "copied"
    cells.insert(at, twin)
    checks = [c for c in cells if c.metadata.get("nbgrader", {}).get("grade")]
    cells.remove(checks[0])
    cells.insert(2, nbformat.v4.new_code_cell("import warnings\nwarnings.warn('do I need this?')"))
    return notebook


def main():
    """Write the class."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    unit = Layout.find(Path(__file__).parent).units(("5",))[0]
    solved = nbformat.read(unit.solution, as_version=4)
    blank = nbformat.read(unit.exercises, as_version=4)
    for student, changes in ANSWERS.items():
        notebook = handed_in(solved, blank, changes)
        if student == "hana":
            notebook = with_accidents(notebook)
        text = nbformat.writes(notebook)
        path = folder / "submitted" / student / unit.name / unit.exercise_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text[:-2000] if student == "june" else text, encoding="utf-8")
    (folder / "students.txt").write_text("\n".join([*sorted([*ANSWERS, "ivo"]), ""]))
    print(f"wrote {folder}: {len(ANSWERS)} submissions of a class of {len(ANSWERS) + 1}")


if __name__ == "__main__":
    main()
