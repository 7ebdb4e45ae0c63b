"""Exercise `explain_767`: why one latent fewer keeps a loss from reaching 0, and how to test it."""

from course_lib.exercises.values import ChoiceExercise, Option

exercise = ChoiceExercise(
    "explain_767",
    title="Explain F = 767",
    points=2,
    difficulty=2,
    minutes=8,
    why="An explanation is worth something if it predicts a number that could turn out wrong.",
    options={
        "a": Option(
            "With 767 latents training is slower. **Test:** train ten times as long; the loss will "
            "reach 0 as with 768.",
            "The loss of F = 767 is flat, not slow: it stays at its level while F = 768, trained "
            "in the same way, goes on falling. More steps do not get below a floor.",
        ),
        "b": Option(
            "ReLU sets negative numbers to 0, and so a part of each example is lost. **Test:** "
            "look for latents that are 0 now and then.",
            "F = 768 has the same ReLU, and its loss does reach 0. ReLU need not cost anything: a "
            "large bias can lift a latent above 0 on all the data. So it does not tell 767 from "
            "768.",
        ),
        "c": Option(
            "One direction of 768 is lost, and that is 1/768 of the variance, whatever the data. "
            "**Test:** divide the variance by 768.",
            "The first half is right. But the directions do not have the same variance. Training "
            "finds the one that costs least: in the spectrum above it has 0.096 of 766.896, a "
            "tenth of a typical share.",
        ),
        "d": Option(
            "The code can keep 767 directions, so it loses the one with the least variance. "
            "**Test:** compute the smallest variance; the loss will stop near it.",
            "This predicts a number without any training: here 0.096 per example. If the curve "
            "stopped at 0.5, it would be wrong, and one would look for dead latents or for a "
            "learning rate that is too large.",
            correct=True,
        ),
        "e": Option(
            "The learning rate is too large, so the loss jitters at 0.1. **Test:** take a smaller "
            "one; the loss will reach 0.",
            "F = 768 is trained with the same learning rate and gets far below 0.1. And a smaller "
            "learning rate cannot give a code of 767 numbers one direction more.",
        ),
    },
    hints=(
        "Whatever explains F = 767 must not hold for F = 768: that run differs in one latent only, "
        "and its loss goes to 0.",
        "Two of the five say that a direction is lost. They differ in how much that costs. Which "
        "one would training choose to lose?",
        "You computed it in the exercise before this one: the floor of F = 767, added up over "
        "an example, is the smallest variance.",
    ),
)
