"""The commands; each imports what it needs when it runs, so that `course --help` is instant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from course_lib import __version__
from course_lib.errors import CourseError


class CourseGroup(click.Group):
    """Shows the course's own errors as one sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except CourseError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            place = f" ({error.filename})" if error.filename else ""
            raise click.ClickException(f"{error.strerror or error}{place}") from None


@click.group(cls=CourseGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="course")
def main() -> None:
    """The course on sparse autoencoders."""


@main.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def lab(ctx: click.Context) -> None:
    """Open JupyterLab on the welcome page; further options go to JupyterLab."""
    from course_lib.cli.lab import open_lab

    sys.exit(open_lab(ctx.args))


@main.command()
def doctor() -> None:
    """Say what is and isn't right with this machine's set-up."""
    from course_lib.cli.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(str(finding))
    bad = sum(f.level == "wrong" for f in findings)
    click.echo(
        "\nAll is well: `make lab` or `course lab` opens the course."
        if not bad
        else f"\n{bad} thing{'s' if bad > 1 else ''} to put right, marked ✗ above."
    )
    sys.exit(1 if bad else 0)


@main.command()
@click.argument("units", nargs=-1)
@click.option("--force", is_flag=True, help="Run every notebook, also those up to date.")
def build(units: tuple[str, ...], force: bool) -> None:
    """Build notebooks/, solutions/ and exercises/ from units/ (all, or the UNITS named)."""
    try:
        from course_lib.building import build as build_units
        from course_lib.layout import Layout
    except ImportError as error:
        raise click.ClickException(
            f"Building needs packages that are not installed ({error.name}). "
            "Run: pip install -c constraints.txt -e '.[instructor]'"
        ) from None
    step = _count_cells if sys.stdout.isatty() else None
    report = build_units(Layout.find(), units, force, say=click.echo, step=step)
    for name in report.written:
        click.echo(f"wrote {name}")
    click.echo(f"{len(report.written)} written, {len(report.unchanged)} unchanged")


def _count_cells(number: int, total: int) -> None:
    """One line that counts up on a terminal, and is gone when the notebook is done."""
    click.echo("\r" + " " * 30 + f"\r  cell {number} of {total}" * (number < total), nl=False)


@main.command()
@click.argument("units", nargs=-1)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option(
    "--nbgrader",
    is_flag=True,
    help="Make a course root for nbgrader instead, with solutions and settings: for instructors.",
)
def release(units: tuple[str, ...], out: Path, nbgrader: bool) -> None:
    """Make the folder to hand out: blank exercises (all, or the UNITS named), and a README."""
    from course_lib.cli.grading import release_units

    for line in release_units(units, out, nbgrader):
        click.echo(line)


@main.command()
@click.argument("submissions", type=click.Path(exists=True, path_type=Path))
@click.option("-a", "--assignment", required=True, metavar="UNIT", help="As 1 or 01_linear_layers.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where results and reports are kept; needed for all but a single notebook.",
)
@click.option("-j", "--jobs", default=1, show_default=True, type=click.IntRange(1), help="At once.")
@click.option(
    "--students",
    type=click.Path(exists=True, path_type=Path, dir_okay=False),
    help="A file that names who should have handed in, one a line.",
)
@click.option("--pattern", metavar="REGEX", help="Finds the student in a path: (?P<student>…).")
@click.option("--gradebook", metavar="URL", help="Write the marks into this database of nbgrader.")
@click.option("--scheduler", metavar="ADDRESS", help="Grade on the Dask cluster at this address.")
@click.option("--seed", type=int, help="Of the inputs; drawn the first time, then kept in --out.")
@click.option(
    "--sandbox",
    type=click.Choice(["bubblewrap", "unshare", "limits"]),
    help="By default the first of these that works here.",
)
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "junit"]),
    help="What goes to the standard output.",
)
@click.option(
    "--at-least",
    type=float,
    metavar="POINTS",
    help="End with status 1 if a submission has fewer points, or no mark.",
)
def grade(submissions: Path, assignment: str, jobs: int, **options: Any) -> None:
    """Grade SUBMISSIONS: a folder, a zip, nbgrader's submitted/, or one notebook.

    Started again with the same --out, it grades what is new or has changed.
    """
    from course_lib.cli.grading import Wanted, grade_submissions

    wanted = Wanted(submissions, assignment, workers=jobs, **options)
    reached = grade_submissions(
        wanted, say=lambda line: click.echo(line, err=wanted.form != "text")
    )
    sys.exit(0 if reached else 1)


@main.command()
def progress() -> None:
    """Show what is done, what is next, and how many attempts it took."""
    from course_lib.exercises.overview import Overview

    click.echo(str(Overview.now()))


@main.command()
@click.option(
    "--folder",
    default="course_demo",
    show_default=True,
    type=click.Path(),
    help="Where the figures go; made if it is missing.",
)
def demo(folder: str) -> None:
    """Train and draw autoencoders on real data (a minute)."""
    from course_lib.demo import run_demo

    run_demo(folder, say=click.echo)


@main.command("story-model")
@click.option("--seed", default=0, show_default=True, help="Of the training: 0, 1 or 2 ship.")
def story_model(seed: int) -> None:
    """Train the course's language model again, in place of the weights that ship (minutes)."""
    from course_lib.data import tell_stories
    from course_lib.language_model import language_loss
    from course_lib.story_model import save_story_model, train_story_model, weights_file

    model = train_story_model(seed)
    held_out = tell_stories(1000, seed=5)
    loss, entropy = language_loss(model, held_out.tokens, held_out.mask), held_out.entropy()
    click.echo(
        f"loss {loss:.4f} nats a word on 1000 held-out stories; their entropy is {entropy:.4f}: "
        f"{100 * (loss / entropy - 1):.1f} % above it"
    )
    click.echo(f"wrote {save_story_model(model, weights_file(seed))}")
