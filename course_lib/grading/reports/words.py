"""The states in words: what each means, to the student and to the instructor, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.grading.results import State


@dataclass(frozen=True)
class Words:
    """A state as a page shows it. `tone` picks the colour; icon and label say the same."""

    icon: str
    tone: str
    label: str
    meaning: str
    advice: str = ""


_ASK = "If you think that this is a mistake, ask your instructor: a person can look at it."

CORRECT = Words("✓", "good", "Correct", "Your answer is right.")
WRONG = Words(
    "✗",
    "bad",
    "Not yet",
    "Your answer is not right yet.",
    "For each answer that is not right yet, read the diagnosis, then open the hints one at a time. "
    "Mend the answer in your notebook and run the check under it. The check draws new numbers each "
    "time: try as often as you like.",
)
BLANK = Words(
    "○",
    "none",
    "Not attempted",
    "The answer is as it was handed out, so there was nothing to mark.",
    "Write your answer in place of the dots. The first hint shows where to begin. If you did "
    "write one, make sure that the notebook was saved before you handed it in.",
)

EXERCISE = {
    State.TIMEOUT: Words(
        "!",
        "other",
        "Took too long",
        "Your code was stopped because it ran longer than is allowed. It earns nothing as it "
        "stands, even if it would have come to a right answer in the end.",
        "Look for a loop that never ends, for `input()`, or for work that is done again and again. "
        "Restart the kernel and run all cells: each should be done within seconds.",
    ),
    State.CRASHED: Words(
        "!",
        "other",
        "Ended unexpectedly",
        "The process that ran your code ended before a verdict was reached: for instance it called "
        "`exit()` or ran out of memory. Nobody knows yet whether your answer is right.",
        "Restart the kernel and run all cells. If that works for you, tell your instructor.",
    ),
    State.UNREADABLE: Words(
        "!",
        "other",
        "Could not be read",
        "There was no answer that could be read, so nothing could be marked.",
        "Open the notebook in JupyterLab, save it, and hand it in again.",
    ),
    State.MISSING: Words(
        "!",
        "other",
        "Missing",
        "The answer was not in what you handed in, so nothing could be marked.",
        "Hand in the whole notebook, with the cells that you were given.",
    ),
    State.TAMPERED: Words(
        "!",
        "other",
        "Not counted",
        "The answer leaves its work to the course's own code. So it earns nothing, whether it is "
        "right or not.",
        "Write the answer yourself; the hints help. " + _ASK,
    ),
    State.REFUSED: Words(
        "!",
        "other",
        "Not graded",
        "The answer is not of a kind that may be graded.",
        "Read the remarks on this page. " + _ASK,
    ),
}

SUBMISSION = {
    State.NOT_ATTEMPTED: Words(
        "○",
        "none",
        "Nothing was attempted",
        "All answers are as they were handed out.",
        "If you did write answers, make sure that you saved the notebook, and hand it in again.",
    ),
    State.TIMEOUT: Words(
        "!",
        "other",
        "Some of your code took too long",
        "A cell or an answer was stopped because it ran longer than is allowed. The other "
        "exercises were marked as far as possible.",
        "See below where it happened.",
    ),
    State.CRASHED: Words(
        "!",
        "other",
        "Your notebook ended unexpectedly",
        "The process that ran your notebook ended before all verdicts were reached. Where there is "
        "no verdict, nobody knows yet what you have earned.",
        "Restart the kernel and run all cells. If that works for you, tell your instructor.",
    ),
    State.UNREADABLE: Words(
        "!",
        "other",
        "Your notebook could not be read",
        "No mark could be given. This is not a mark of zero: nobody knows yet what you have "
        "earned.",
        "Open the notebook in JupyterLab. If it opens, save it and hand it in again; if it does "
        "not, copy your answers into a fresh copy of the exercises.",
    ),
    State.MISSING: Words(
        "!",
        "other",
        "Nothing was handed in",
        "No notebook of yours was found, so there is nothing to mark.",
        "Hand it in, or ask your instructor if you already have.",
    ),
    State.TAMPERED: Words(
        "!",
        "other",
        "Some answers do not count",
        "Answers that leave their work to the course's own code earn nothing.",
        _ASK,
    ),
    State.REFUSED: Words(
        "!",
        "other",
        "Your submission was not graded",
        "What you handed in may not be graded: for instance a notebook for another language, a "
        "link in place of a file, or a file that is too large. This is not a mark of zero.",
        "Read the remarks below, put it right, and hand it in again.",
    ),
}

# To the instructor, of a submission as a whole.
CAME_ABOUT = {
    State.GRADED: "read, run and marked",
    State.NOT_ATTEMPTED: "all answers are as they were handed out",
    State.TIMEOUT: "a cell or an answer took too long; what could be marked was marked",
    State.CRASHED: "the process ended, or sent what cannot be understood: read the answer",
    State.UNREADABLE: "no notebook that can be read: ask for it again; there is no mark",
    State.MISSING: "nothing was handed in; there is no mark",
    State.TAMPERED: "an answer calls the course's own code and earns nothing: read it",
    State.REFUSED: "not what may be graded (kernel, link, size); there is no mark",
}
