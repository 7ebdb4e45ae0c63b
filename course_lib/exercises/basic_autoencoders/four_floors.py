"""Exercise `four_floors`: the floors of F = 100, 767, 768 and 1000 from a given spectrum."""

from course_lib.exercises.values import Field, PredictionExercise

# variances of the directions: how many directions have which
SPECTRUM = ((100, 5.0), (667, 0.4), (1, 0.096))
DIM = 768


def floor(latents: int) -> float:
    """The variance of the directions that are lost, per element."""
    variances = [value for count, value in SPECTRUM for _ in range(count)]
    return sum(variances[latents:]) / DIM


exercise = PredictionExercise(
    "four_floors",
    title="Floors for F = 100, 767, 768 and 1000",
    points=3,
    difficulty=2,
    minutes=15,
    why="A floor takes a minute to compute, and tells which of four curves can reach 0.",
    fields=(
        Field(
            "floor_100",
            "F = 100: the floor per element, to two decimals or more?",
            round(floor(100), 4),
            {
                266.896: "This is the variance lost, summed over all directions. Per element: "
                "divide by 768.",
                0.651: "This is what 100 directions *keep*, 500 / 768. The floor is what they "
                "lose.",
                0.4: "This is the mean variance of the directions that are lost. All 768 elements "
                "share the error, so divide by 768, not by 668.",
                0.87: "This is 1 - 100/768, the floor of noise. Here the 100 directions that are "
                "kept have far more variance than the others.",
                2.669: "You divided by 100, the number of latents. Divide by the number of "
                "elements, 768.",
                0.0: "668 directions are lost, and each of them has some variance.",
            },
            tolerance=0.008,
        ),
        Field(
            "floor_767",
            "F = 767: the floor per element? Write it as a product or quotient if you like.",
            floor(767),
            {
                0.096: "This is the variance of the one direction that is lost. Per element: "
                "divide by 768.",
                1 / 768: "This is the floor for noise of variance 1. Here the direction that is "
                "lost has variance 0.096, not 1.",
                0.4 / 768: "You lose one of the directions of variance 0.4. The best code loses "
                "the one with the *least* variance.",
                5 / 768: "You lose one of the directions of variance 5. The best code loses the "
                "one with the *least* variance.",
                0.0: "One direction of 768 is lost. It has a small variance, but not none.",
                0.0001: "Too few digits: write the quotient itself, or three significant digits.",
                0.00013: "Two digits are too few: write the quotient itself, or three significant "
                "digits.",
                0.96: "Check the place of the point: the last variance is 0.096, and it is still "
                "to be divided by 768.",
            },
            tolerance=0.01,
        ),
        Field(
            "floor_768",
            "F = 768: the floor per element?",
            0.0,
            {
                0.096: "No direction is lost: there are as many latents as directions.",
                0.000125: "That is the floor of 767. With 768 latents no direction is lost.",
                1.0: "A floor of 1 would mean that nothing is kept. 768 latents can keep all the "
                "directions.",
            },
        ),
        Field(
            "floor_1000",
            "F = 1000: the floor per element?",
            0.0,
            {
                -0.302: "1 - 1000/768 is below 0, and an error cannot be. The data has only 768 "
                "directions; none is left to lose.",
                0.302: "More latents than directions lose nothing.",
                0.232: "The data has only 768 directions. The 232 further latents have none left "
                "to lose or to keep.",
            },
        ),
        Field(
            "summed_767",
            "F = 767 again: the floor if one *adds up* the 768 squared errors of an example?",
            0.096,
            {
                0.000125: "This is the floor per element, the mean over 768 numbers. Added up, it "
                "is 768 times as large.",
                73.728: "You multiplied the variance by 768. The variance of a lost direction is "
                "already the sum of squared errors that it costs per example.",
                0.0: "One direction is lost in each example, whichever way one counts.",
                1.0: "This is for noise of variance 1. Here the direction that is lost has "
                "variance 0.096.",
            },
            tolerance=0.005,
        ),
    ),
    hints=(
        "Sort the directions by variance, largest first. F latents keep the first F. What is left "
        "for F = 100: how many directions, of which variance?",
        "Add up the variances that are left, and divide by 768. For F = 100 they are 667 times 0.4 "
        "and once 0.096.",
        "For F = 767 a single direction is left, the one of variance 0.096. For F = 768 none is. "
        "The last question is the one before the division by 768.",
    ),
)
