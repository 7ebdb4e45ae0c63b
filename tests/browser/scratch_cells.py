"""The cells of a notebook that test_controls.py opens: controls in every state they can be in."""
# ruff: noqa: B018

# %%
import time

from course_lib import LiveFigure, Select, Slider
from course_lib.exercises.questions import Predict, Question, Quiz
from course_lib.exercises.units import Hint
from course_lib.exercises.values import Option
from course_lib.exercises.verdicts import Status, Verdict

draws = 0


# %%
# slow to draw, so that a fast drag gets ahead of it; every other value gives the same picture
def slow(figure, n, kind):
    global draws
    draws += 1
    time.sleep(0.15)
    figure.subplots().plot([0, n // 2])
    return f"Drawing {draws} shows {n:g}, which is {kind}."


LiveFigure(
    slow,
    "Does a fast drag end at the right picture?",
    n=Slider("how many", 0, 40, 1, 4),
    kind=Select("kind", ("round", "square"), "round"),
)


# %%
# cannot be drawn at 3
def broken(figure, n):
    figure.subplots().plot(range(int(n)))
    if n == 3:
        raise ValueError("three is too many")
    return f"A line of {n:g} points."


LiveFigure(broken, "What happens at 3?", n=Slider("points", 1, 6, 1, 2))

# %%
guess = Predict("scratch").number("size", "How many weights has a layer with `bias=False`?")
guess

# %%
guess.compare(12, "As many as `W` has entries.")

# %%
reasons = {
    "A": Option("the slope", "The slope is what the `weights` set."),
    "B": Option("where the output starts", "At x = 0 only `b` is left.", correct=True),
    "C": Option("nothing; it is there for the sake of completeness and can be left out", "No."),
}
Quiz("scratch", Question("bias", "What does the `bias` change?", reasons))()

# %%
case = ("expected", "tensor([[1., 2., 3.],\n        [4., 5., 6.]])"), ("got", "tensor([0.])")
wrong = Verdict("linear", Status.WRONG, "Here `b` is left out.", 2, "no_bias", case, 12, 3)
display(wrong, Verdict("linear", Status.PASSED, "", 2))  # noqa: F821
display(Verdict("linear", Status.BLANK, "Write it first.", 2), Hint(1, 3, "Look at `b`."))  # noqa: F821
