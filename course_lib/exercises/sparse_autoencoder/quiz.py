"""The quiz at the end of lesson 6."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "atom",
        "A sparse autoencoder has one layer, 10 inputs and 40 latents. What is atom 3?",
        {
            "a": Option(
                "The 40 numbers by which input 3 acts on the latents.",
                "That is a column of the encoder's matrix. An atom belongs to a latent, and to the "
                "decoder.",
            ),
            "b": Option(
                "The 10 numbers that latent 3 adds to the reconstruction when it is 1.",
                "The decoder adds up atoms, as much of each as its latent says. An atom is as long "
                "as an input.",
                True,
            ),
            "c": Option(
                "The value of latent 3 for a given input.",
                "That is its activation, one number that differs from input to input. The atom is "
                "the same for all inputs.",
            ),
            "d": Option(
                "The input that switches latent 3 on most strongly.",
                "What a latent listens for is its row of the encoder. With free weights the two "
                "may differ.",
            ),
        },
    ),
    Question(
        "growing_atoms",
        "During training with L1 the mean activation falls steadily, the loss as well. L0 hardly "
        "moves, and the norms of the atoms rise. What do you do?",
        {
            "a": Option(
                "Nothing: loss and activations fall, so the codes become sparse.",
                "They become small, not sparse: as many latents are on as before. L0 tells.",
            ),
            "b": Option(
                "Raise the strength until L0 falls.",
                "Then atoms grow faster. The cheat works at every strength.",
            ),
            "c": Option(
                "Hold the norm of every atom at 1.",
                "Then codes cannot be made small for free, and the penalty must switch latents "
                "off.",
                True,
            ),
            "d": Option(
                "Add a second layer to the decoder.",
                "That opens one more place where a matrix can grow while the code shrinks.",
            ),
        },
    ),
    Question(
        "which_axis",
        "A decoder is nn.Linear(300, 50): its weight W has shape (50, 300). Which line gives all "
        "atoms length 1?",
        {
            "a": Option(
                "W / W.norm(dim=1, keepdim=True)",
                "This divides 50 rows, one per input. The atoms are the 300 columns.",
            ),
            "b": Option(
                "W / W.norm(dim=0, keepdim=True)",
                "The norm is taken down each of the 300 columns: one norm per latent.",
                True,
            ),
            "c": Option(
                "W / W.norm()",
                "This divides everything by one number. The atoms keep their different lengths.",
            ),
            "d": Option(
                "a or b: the MMCS is almost the same.",
                "The MMCS is, the norms are not. With a the atoms have different lengths, and "
                "latents cannot be compared.",
            ),
        },
    ),
    Question(
        "lower_fvu",
        "Model A has FVU 0.10 and L0 80. Model B has FVU 0.20 and L0 20. Both have 500 latents. "
        "Which is better?",
        {
            "a": Option(
                "A: it loses half as much.",
                "With four times as many latents on. To lose less with more is easy.",
            ),
            "b": Option(
                "B: it is sparser.",
                "It loses twice as much. To be sparser and lose more is easy, too.",
            ),
            "c": Option(
                "These numbers cannot tell. Train both at several strengths, and compare at equal "
                "L0.",
                "FVU and L0 are traded for each other by the strength. Only curves, or points at "
                "the same L0, can be compared.",
                True,
            ),
        },
    ),
    Question(
        "clipping",
        "Training with Adam jumps about at a learning rate of 0.1. You clip with a bound so "
        "low that every gradient is shortened to about a tenth. What happens?",
        {
            "a": Option(
                "Almost nothing: Adam's steps do not depend on the length of all gradients.",
                "Adam divides by the usual size of the gradients. When all are shorter, that size "
                "is smaller too. Lower the rate.",
                True,
            ),
            "b": Option(
                "Steps are a tenth as long, as with a learning rate of 0.01.",
                "So it would be with plain gradient descent. Adam divides by the gradients' usual "
                "size.",
            ),
            "c": Option(
                "The model stops learning.",
                "It takes steps as long as before.",
            ),
        },
    ),
    Question(
        "dying",
        "A third of your latents are dead. What is the worst thing to do?",
        {
            "a": Option(
                "Take the mean off the data.",
                "That is among the best: latents no longer sink on all data at once.",
            ),
            "b": Option(
                "Lower the weight of the penalty.",
                "It helps: L1 pushes every latent down, and pushes less then.",
            ),
            "c": Option(
                "Bring the penalty in slowly.",
                "It helps: latents find something to say before they must pay for it.",
            ),
            "d": Option(
                "Raise the learning rate a lot.",
                "Large steps carry more latents below 0 on all data, where ReLU lets no gradient "
                "through. Raising it does not wake the dead: no gradient, no step.",
                True,
            ),
        },
    ),
)
