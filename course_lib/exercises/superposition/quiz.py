"""The quiz at the end of lesson 7."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "room",
        "Why can 64 dimensions hold far more than 64 features?",
        {
            "a": Option(
                "Because 64 dimensions have room for many more than 64 directions that are at "
                "right angles to each other.",
                "There is room for 64 of those at most. What there are many more of is directions "
                "that are *almost* at right angles.",
            ),
            "b": Option(
                "Because there are many directions that are almost at right angles, and few "
                "features are on at a time.",
                "Each pair disturbs the other a little. As long as few are on, the small "
                "disturbances stay small in sum.",
                True,
            ),
            "c": Option(
                "Because each of the 64 numbers can have many decimals.",
                "That is how one number could hide several. But then they could not be read off by "
                "a sum of products, and networks read by sums of products.",
            ),
            "d": Option(
                "Because two features may share a direction.",
                "Then nobody could tell which of the two is on. In superposition each feature has "
                "a direction of its own.",
            ),
        },
    ),
    Question(
        "interference",
        "Features have random directions. You read one feature off by its direction. Now four "
        "times as many of the others are on. The typical interference is …",
        {
            "a": Option(
                "the same: the cosines have not changed.",
                "Each cosine is the same, but four times as many of them are added up.",
            ),
            "b": Option(
                "twice as large.",
                "The leaks have random signs and partly cancel. Their sum grows like the root of "
                "their number.",
                True,
            ),
            "c": Option(
                "four times as large.",
                "It would be if all leaks had the same sign. They have random signs and partly "
                "cancel.",
            ),
        },
    ),
    Question(
        "top_k",
        "The pre-activations of four latents are (0.3, −2, −0.1, −0.5). What is "
        "the code with TopK, k = 2, as in this lesson?",
        {
            "a": Option(
                "(0.3, 0, 0, 0)",
                "The two largest are 0.3 and −0.1. The ReLU makes the second 0: at *most* two "
                "latents are on.",
                True,
            ),
            "b": Option(
                "(0.3, −2, 0, 0)",
                "These are the two largest in *size*. TopK takes the two largest, and no latent is "
                "negative.",
            ),
            "c": Option(
                "(0.3, 0, −0.1, 0)",
                "They are the two largest. But a code is not negative: the ReLU makes −0.1 a 0.",
            ),
            "d": Option(
                "(1, 0, 1, 0)",
                "The largest keep their values. A code says how much, not only which.",
            ),
        },
    ),
    Question(
        "one_to_one",
        "Two features have a cosine of 0.6 with each other. The dictionary has a single atom, and "
        "it lies halfway between them: its cosine with each is about 0.89. What do MMCS and the "
        "mean of the one-to-one matching say?",
        {
            "a": Option(
                "Both 0.89.",
                "The matching lets each atom serve one feature only. The other feature gets "
                "nothing.",
            ),
            "b": Option(
                "MMCS 0.89, matching about 0.45.",
                "For MMCS the atom may serve both. In the matching one of the features has no "
                "partner and counts 0.",
                True,
            ),
            "c": Option(
                "MMCS 0.45, matching 0.89.",
                "It is the matching that allows each atom only once.",
            ),
            "d": Option(
                "Both 0.6.",
                "0.6 is the cosine between the features. Neither measure looks at it.",
            ),
        },
    ),
    Question(
        "suspicious",
        "You test a new method on data with a known dictionary. It scores an MMCS of 0.97. What do "
        "you ask for first?",
        {
            "a": Option(
                "A run with more steps, to reach 0.99.",
                "First find out what 0.97 is worth.",
            ),
            "b": Option(
                "The scores of random atoms and of a run without any penalty, on the same data.",
                "If the run without a penalty scores 0.97 too, your method did nothing: the "
                "truth has leaked into the start, or the task is too easy.",
                True,
            ),
            "c": Option(
                "The reconstruction error.",
                "It does not tell. The runs with the lowest errors of this lesson found nothing.",
            ),
            "d": Option(
                "Nothing: 0.97 is above 0.9.",
                "It depends on what chance scores. In two dimensions any two hundred atoms score "
                "more than 0.99.",
            ),
        },
    ),
    Question(
        "better",
        "Model A has an FVU of 0.001, model B of 0.08. Which found more of the features?",
        {
            "a": Option(
                "A: it loses least.",
                "The lowest error comes from using many atoms at a time. Then they can be anything "
                "whose sums fill the space.",
            ),
            "b": Option(
                "B: the error is higher, so it must be sparser.",
                "Not necessarily. A model can be dense and bad.",
            ),
            "c": Option(
                "The FVU cannot tell.",
                "It says how well inputs are copied, not with which atoms. Where the features are "
                "known, measure recovery. Where they are not, look at L0 at least.",
                True,
            ),
        },
    ),
    Question(
        "revived",
        "A dead latent is given a new direction, but Adam's memory of it is kept from the time "
        "when it was alive. What is the danger?",
        {
            "a": Option(
                "None: Adam only remembers the learning rate.",
                "It remembers, for every weight, the usual gradient and the usual size of "
                "gradients (lesson 3).",
            ),
            "b": Option(
                "The first steps are taken with a memory of gradients that belong to the old "
                "direction.",
                "Direction and size of the first steps come from another life. So the memory "
                "of these latents is set to 0.",
                True,
            ),
            "c": Option(
                "The other latents are disturbed.",
                "Adam keeps its memory for each weight apart. The others notice nothing.",
            ),
        },
    ),
)
