"""Exercise `leaks_by_hand`: how much leaks, from the number of dimensions and of features on."""

from course_lib.exercises.values import Field, PredictionExercise

exercise = PredictionExercise(
    "leaks_by_hand",
    title="How much interference?",
    points=2,
    difficulty=1,
    minutes=10,
    why="Two square roots tell whether a code of so many features fits into so many dimensions.",
    fields=(
        Field(
            "cosine",
            "The typical cosine of two random directions in 100 dimensions",
            0.1,
            {
                0.01: "This is 1/100, the mean of the *square* of the cosine. Take the root.",
                10.0: "A cosine lies between -1 and 1. It is one divided by this.",
                0.0: "The mean is 0, for the signs cancel. Typical *sizes* are not 0.",
                0.125: "This is so in 64 dimensions.",
            },
            tolerance=0.01,
        ),
        Field(
            "nine_on",
            "The typical interference in 100 dimensions, with 9 others on, each of strength 1",
            0.3,
            {
                0.9: "You add up nine cosines of the same sign. The signs are random: squares add "
                "up, so it is √9 times as much as from one.",
                3.0: "That is √9. Each of them leaks a tenth of its strength.",
                0.0: "The mean is 0, for the signs cancel. The typical *size* is not 0.",
                1.3: "The feature's own strength is no interference: only what the *others* leak.",
                0.1: "This is what one feature leaks. Nine are on.",
                0.09: "You are left with the square, 9/100. Take the root.",
            },
            tolerance=0.01,
        ),
        Field(
            "all_on",
            "The typical interference in 100 dimensions, with 400 others on, each of strength 1",
            2.0,
            {
                40.0: "You add up 400 cosines of the same sign. The signs are random: squares add "
                "up, so it is √400 times as much as from one.",
                4.0: "You are left with the square, 400/100. Take the root.",
                0.1: "This is what a single feature leaks. 400 are on.",
                1.0: "Interference can be larger than a feature itself: there is no bound at 1.",
                20.0: "That is √400. Each of them leaks a tenth of its strength.",
            },
            tolerance=0.01,
        ),
        Field(
            "dimensions",
            "In how many dimensions is it 0.15, typically, with 9 others on, each of strength 1?",
            400,
            {
                60: "It falls with the *root* of the dimensions: √(9/60) is about 0.39.",
                25: "In fewer dimensions there is *more* interference. It is to be half as large.",
                20: "It falls with the *root* of the dimensions. You have found that root: square "
                "it.",
                44.4: "There *one* feature leaks 0.15. Nine are on.",
                3600: "The signs are random: nine features leak √9 times as much as one, not 9 "
                "times.",
                200: "From 100 dimensions on it is to fall by a factor of 2. For that the "
                "dimensions must grow by the *square* of 2.",
            },
            tolerance=0.02,
        ),
    ),
    hints=(
        "Two random directions in d dimensions have a cosine of size 1/√d, typically. And n "
        "numbers of that size with random signs add up to √n times it, not to n times.",
        "So with n others on it is √(n/d). Put in n = 1 (the cosine itself), 9 and 400, with d = "
        "100.",
        "√(1/100) is one tenth. √(9/100) is three tenths. √(400/100) is 2. And √(9/d) = 0.15 means "
        "that 9/d = 0.0225.",
    ),
)
