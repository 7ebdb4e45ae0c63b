"""The quiz at the end of the lesson on linear layers."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "weighted_sum",
        "A linear layer has one output with weights (3, 4) and bias 0.5. What does it make of the "
        "input (2, −1)?",
        {
            "a": Option(
                "2.0", "This is the weighted sum 3 · 2 + 4 · (−1) alone. The bias comes on top."
            ),
            "b": Option("2.5", "3 · 2 + 4 · (−1) + 0.5 = 6 − 4 + 0.5.", correct=True),
            "c": Option(
                "10.5", "Here the sign of the second input was lost: 4 · (−1) is −4, not 4."
            ),
            "d": Option(
                "(6.5, −3.5)",
                "These are products entry by entry. A linear layer adds them up: one output is "
                "one number.",
            ),
        },
    ),
    Question(
        "shape_and_count",
        "layer = nn.Linear(10, 4). What is the shape of `layer.weight`, and how many "
        "parameters does the layer have?",
        {
            "a": Option(
                "(10, 4), 44 parameters",
                "The number is right. But the weight is stored with one row for each output, so "
                "its shape is (out, in), the other way round than in the call.",
            ),
            "b": Option(
                "(4, 10), 40 parameters",
                "The shape is right. But 40 counts the weights only: each of the 4 outputs has a "
                "bias too.",
            ),
            "c": Option(
                "(4, 10), 50 parameters",
                "This counts a bias for each of the 10 inputs. Biases belong to the outputs, and "
                "there are 4.",
            ),
            "d": Option(
                "(4, 10), 44 parameters",
                "One row of 10 weights for each of the 4 outputs, and 4 biases: 4 · 10 + 4.",
                correct=True,
            ),
        },
    ),
    Question(
        "plane",
        "The weight W = [[1, 2], [2, 4]] maps the plane into the plane. What becomes of the whole "
        "plane?",
        {
            "a": Option(
                "It lands on a line.",
                "The determinant is 1 · 4 − 2 · 2 = 0 and the rank is 1: every result is a "
                "multiple of (1, 2). What is lost this way, no later layer brings back.",
                correct=True,
            ),
            "b": Option(
                "It lands on the point (0, 0).",
                "That is so only if all weights are zero (rank 0). This W takes (1, 0) to (1, 2).",
            ),
            "c": Option(
                "It stays a plane, stretched and leaning.",
                "Then its area would only be multiplied by a number other than 0. Here that "
                "number, the determinant, is 1 · 4 − 2 · 2 = 0.",
            ),
            "d": Option(
                "It stays a plane, but turned over.",
                "A map that turns the plane over has a negative determinant. This one is "
                "1 · 4 − 2 · 2 = 0.",
            ),
        },
    ),
    Question(
        "initial_scale",
        "A layer has 768 inputs. Inputs and weights are drawn at random with mean 0 and standard "
        "deviation 1, the biases are 0. About how large is the standard deviation of an output?",
        {
            "a": Option(
                "1",
                "One product of input and weight has standard deviation 1. An output adds up 768 "
                "of them.",
            ),
            "b": Option(
                "0, since everything cancels",
                "The outputs have mean 0. But a sum of 768 random terms hardly ever cancels "
                "exactly, and the more terms it has, the wider it spreads.",
            ),
            "c": Option(
                "28",
                "Sums of n random numbers are √n times as large, not n times: pluses and minuses "
                "partly cancel. √768 ≈ 28. To keep the size at 1, one takes weights of standard "
                "deviation 1/√768.",
                correct=True,
            ),
            "d": Option(
                "768",
                "It would be, if all 768 terms had the same sign. But pluses and minuses partly "
                "cancel, and the size of the sum grows with √768 only.",
            ),
        },
    ),
    Question(
        "collapse",
        "Two linear layers 768 → 256 → 128 with nothing in between, or one layer 768 → 128: do the "
        "two compute more?",
        {
            "a": Option(
                "Yes, because they have more parameters.",
                "They have more parameters, but W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2): "
                "whatever values these take, one layer can hold the product.",
            ),
            "b": Option(
                "Yes, curves instead of straight lines, because there is a hidden layer.",
                "A linear map of a linear map is a linear map: straight lines stay straight. For "
                "curves you need something between the layers that is not linear.",
            ),
            "c": Option(
                "No. The two compute exactly the functions that the one computes.",
                "The product W2 W1 is one weight of shape (128, 768). And since the hidden width "
                "256 is not below 128, any such weight can be reached. (How training gets there "
                "may differ.)",
                correct=True,
            ),
            "d": Option(
                "No; they even compute less, because the hidden layer is narrower than the "
                "input.",
                "A weight of shape (128, 768) has rank 128 at most, so 256 hidden numbers are "
                "enough. Only a hidden layer narrower than the code would take something away.",
            ),
        },
    ),
)
