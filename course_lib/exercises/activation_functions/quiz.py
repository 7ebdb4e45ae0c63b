"""The quiz at the end of lesson 2."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "why_an_activation",
        "You stack three linear layers without activations: 10 → 50 → 50 → 10. What can this model "
        "compute that a single linear layer 10 → 10 cannot?",
        {
            "a": Option(
                "Nothing.",
                "Each layer is linear, and a linear function of a linear "
                "function is linear. The three weight matrices multiply to one.",
                True,
            ),
            "b": Option(
                "Curved functions, since it has three layers.",
                "Depth alone bends nothing. Between two layers there must be an activation.",
            ),
            "c": Option(
                "More, since it has many more parameters.",
                "It has more parameters, but they all end up in one matrix of 10 × 10 and "
                "one bias.",
            ),
            "d": Option(
                "Curved functions, thanks to the biases.",
                "The biases add up to one bias. They shift the output, they do not bend it.",
            ),
        },
    ),
    Question(
        "saturation",
        "A sigmoid unit has the pre-activation 12 on all inputs. What happens to its weights in "
        "training?",
        {
            "a": Option(
                "They change fast, since the output is large.",
                "The step depends on the slope of the sigmoid, not on its value. At 12 the "
                "curve is flat.",
            ),
            "b": Option(
                "They hardly change: the slope there is about 0.000006.",
                "The slope is σ(z) (1 - σ(z)), and σ(12) is almost 1. Each gradient that "
                "passes through the unit is multiplied by it. The unit is saturated.",
                True,
            ),
            "c": Option(
                "They become NaN, since exp overflows.",
                "exp(12) is about 160,000, far from an overflow. In float32 it starts near "
                "89, and a stable sigmoid has none.",
            ),
            "d": Option(
                "They change as fast as at 0: the slope of the sigmoid is 1/4.",
                "1/4 is the slope at 0, its maximum. It falls towards 0 on both sides.",
            ),
        },
    ),
    Question(
        "dead_unit",
        "A ReLU unit gives 0 on 70 % of the data. Is it dead?",
        {
            "a": Option(
                "Yes, since it is 0 most of the time.",
                "Being 0 on many inputs is normal for ReLU, and for sparse codes it is the aim.",
            ),
            "b": Option(
                "Yes, since its gradient is 0 there, so it cannot learn.",
                "Its gradient is 0 on those 70 %. The other 30 % give a gradient, and they "
                "are enough to move its weights.",
            ),
            "c": Option(
                "No. Only a unit that gives 0 on all inputs is dead.",
                "On all inputs its slope is 0, so no gradient reaches its weights, and it "
                "stays as it is. One active input is enough to be alive.",
                True,
            ),
            "d": Option(
                "No. A ReLU unit cannot die, since its slope is 1.",
                "The slope is 1 for positive pre-activations only. Below 0 it is 0.",
            ),
        },
    ),
    Question(
        "linear_code_and_output",
        "The data are standardised: mean 0, standard deviation 1. What goes wrong with ReLU after "
        "the autoencoder's last decoder layer?",
        {
            "a": Option(
                "Nothing, if one trains long enough.",
                "No training helps: where the data are negative, the best that ReLU can answer "
                "is 0. That leaves an error which no weights can remove.",
            ),
            "b": Option(
                "Negative entries cannot be restored.",
                "ReLU gives 0 and above only, and data with mean 0 have entries of both signs. "
                "The output must be able to reach every value of the data.",
                True,
            ),
            "c": Option(
                "The shapes no longer fit.",
                "An activation works entry by entry and changes no shape.",
            ),
            "d": Option(
                "The output is between 0 and 1.",
                "That would be the sigmoid. ReLU has no upper limit.",
            ),
        },
    ),
    Question(
        "shrinkage",
        "Soft thresholding with λ = 0.5 is applied to (2, 0.3, -1). What comes out, and what is "
        "its price?",
        {
            "a": Option(
                "(2, 0, -1). Its price is a jump.",
                "This is hard thresholding: survivors stay as they are, and the function jumps "
                "at λ. Soft thresholding moves them towards 0.",
            ),
            "b": Option(
                "(1.5, 0, 0). Its price is that negative numbers are lost.",
                "This is ReLU(x − λ). Soft thresholding looks at the size, whatever the sign: -1 "
                "survives.",
            ),
            "c": Option(
                "(1.5, 0, -0.5). Its price is that what survives is too small.",
                "All survivors move towards 0 by λ. This is shrinkage.",
                True,
            ),
            "d": Option(
                "(1.5, -0.2, -1.5). Its price is that nothing becomes exactly 0.",
                "Here 0.5 was subtracted from every number: a bias, not a threshold. What is "
                "at most 0.5 in size becomes 0, and the others move towards 0.",
            ),
        },
    ),
    Question(
        "kinks",
        "A network with one input, one hidden layer of 5 ReLU units and a linear output draws a "
        "curve. What does the curve look like?",
        {
            "a": Option(
                "Smooth, like a polynomial of degree 5.",
                "ReLU consists of two straight pieces. Sums of straight pieces have corners; "
                "they are not smooth.",
            ),
            "b": Option(
                "Straight pieces, with at most 5 kinks.",
                "Each unit switches at one place, where z = w x + b = 0. The output can have "
                "a kink there and is straight in between.",
                True,
            ),
            "c": Option(
                "Straight pieces, all kinks at x = 0.",
                "Without biases this would be true. The bias moves the kink to x = -b / w.",
            ),
            "d": Option(
                "Steps: 5 jumps between constant values.",
                "ReLU does not jump: it leaves 0 gradually. So the curve has kinks, but no jumps.",
            ),
        },
    ),
)
