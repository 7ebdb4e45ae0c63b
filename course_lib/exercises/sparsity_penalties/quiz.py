"""The quiz at the end of lesson 5."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "measure_disagree",
        "On every input the same 5 of 100 latents are active, always at about the same size. "
        "Which number shows that this code is worth little?",
        {
            "a": Option(
                "L0.",
                "It is 5 of 100 on each input, and looks very good.",
            ),
            "b": Option(
                "Hoyer's measure.",
                "It looks at one code at a time, and each of them is sparse.",
            ),
            "c": Option(
                "The mean activation.",
                "It is small, as in any sparse code. It does not tell which latents are active.",
            ),
            "d": Option(
                "The densities of the latents.",
                "They are 1 for five latents and 0 for the others: always on, or dead. So the code "
                "can hardly tell one input from another.",
                True,
            ),
        },
    ),
    Question(
        "below_target",
        "A latent has a mean activation of 0.01. Which of the penalties raises it in any case?",
        {
            "a": Option(
                "L1.",
                "L1 pushes down, wherever the latent is. Only the error can hold it up.",
            ),
            "b": Option(
                "KL with a target of 0.05.",
                "Below the target its slope is negative, so descent raises the mean.",
                True,
            ),
            "c": Option(
                "Hoyer.",
                "It raises a latent in codes where the latent is above the bar, and lowers it in "
                "the others. Small latents are mostly below.",
            ),
            "d": Option(
                "None. A sparsity penalty can only make activations smaller.",
                "KL has a target, and pulls from both sides. Hoyer makes large latents larger.",
            ),
        },
    ),
    Question(
        "level_unused",
        "The tutorial's run with strength 0.001 ends at a mean activation of 0.5. You want 0.05. "
        "What helps?",
        {
            "a": Option(
                "Setting sparsity_level to 0.005.",
                "Nothing reads sparsity_level: l1_sparsity never uses its second argument. The run "
                "stays the same to the last bit.",
            ),
            "b": Option(
                "Ten times as many epochs.",
                "The longer runs of the lesson ended near 0.5 as well. At this strength the mean "
                "is where error and penalty are in balance.",
            ),
            "c": Option(
                "A larger strength, found by halving an interval; or KL.",
                "The mean falls as the strength grows, so the search works. KL brings a target "
                "with it.",
                True,
            ),
            "d": Option(
                "ReLU in place of the sigmoid.",
                "L1 has no target there either. And the mean could then be above 1.",
            ),
        },
    ),
    Question(
        "clamped_kl",
        "A ReLU autoencoder is trained with KL, its means clamped to at most 1 - 1e-6. The loss "
        "is finite. Some latents stay at a mean of 8. Why?",
        {
            "a": Option(
                "The strength is too small for them.",
                "No strength helps: their slope is 0, and any strength times 0 is 0.",
            ),
            "b": Option(
                "The clamp is flat above 1, so the penalty has no slope for these latents.",
                "A penalty acts through its slope alone. Bend the formula instead of cutting it.",
                True,
            ),
            "c": Option(
                "They are dead, and dead latents do not learn.",
                "A dead latent has a mean of 0. These are far too active.",
            ),
            "d": Option(
                "KL is satisfied: 8 is above the target.",
                "KL wants the mean at the target, not above it.",
            ),
        },
    ),
    Question(
        "wrong_sign",
        "You write a penalty of your own. Which check finds a wrong sign before any training?",
        {
            "a": Option(
                "Compute it for a one-hot code and for a code of equal entries: the first must be "
                "cheaper.",
                "Training prefers what is cheaper. That must be the sparse code.",
                True,
            ),
            "b": Option(
                "See whether the value lies between 0 and 1.",
                "Hoyer's measure and one minus it both do. One of the two has the wrong sign.",
            ),
            "c": Option(
                "See whether the gradient is finite.",
                "A gradient with the wrong sign is just as finite.",
            ),
            "d": Option(
                "Train, and see whether the penalty falls.",
                "It falls with either sign: that is what training does. L0 would have told.",
            ),
        },
    ),
    Question(
        "scale_of_lambda",
        "A text uses L1 as the mean over all entries, with λ = 2 and 4,096 latents. Your model has "
        "512 latents, and the same loss. Which λ pushes each latent just as hard?",
        {
            "a": Option(
                "16",
                "With fewer latents each feels a larger share of the mean, so λ must be smaller.",
            ),
            "b": Option(
                "2",
                "The mean divides by 512 instead of 4,096: each latent would feel 8 times the "
                "push.",
            ),
            "c": Option(
                "0.25",
                "2 · 512 / 4,096. The strength for a mean goes with the number of latents.",
                True,
            ),
            "d": Option(
                "It depends on the batch size.",
                "A mean over all entries does not grow with the batch, and neither does the error.",
            ),
        },
    ),
    Question(
        "shrunken",
        "Under L1 with sums and λ = 0.6, a latent that should be 1.0 is 0.7. What is true?",
        {
            "a": Option(
                "It was not trained for long enough.",
                "0.7 is where the loss is smallest: error and penalty are in balance at λ/2 below.",
            ),
            "b": Option(
                "A latent that should be 2.0 will be 1.4.",
                "L1 subtracts, it does not multiply: 2.0 becomes 1.7.",
            ),
            "c": Option(
                "A latent that should be 0.2 will be 0.14.",
                "λ/2 is 0.3. What is below that becomes exactly 0.",
            ),
            "d": Option(
                "A latent that should be 2.0 will be 1.7.",
                "λ/2 = 0.3 is subtracted from large and small alike. Refitting gives it back.",
                True,
            ),
        },
    ),
)
