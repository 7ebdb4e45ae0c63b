"""The quiz at the end of lesson 8."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "hook",
        "You register a hook that replaces the stream after block 2 by zeros, look at the loss, "
        "and forget to remove it. Then you collect activations after block 3. What do you get?",
        {
            "a": Option(
                "The activations of the model as it is: a hook works for one forward pass.",
                "A hook stays until it is removed, and is called in every forward pass.",
            ),
            "b": Option(
                "What block 3 makes of zeros.",
                "The hook still replaces what block 3 reads. Nothing warns you. A `with` block "
                "that removes the hook at its end guards against it.",
                True,
            ),
            "c": Option(
                "Zeros.",
                "The zeros stand behind block 2. Block 3 reads them, and adds its biases at least.",
            ),
            "d": Option(
                "An error: a part has two hooks.",
                "The two hooks belong to different parts. And one part may have several.",
            ),
        },
    ),
    Question(
        "recovered",
        "A paper reports a loss recovered of 0.98 for its sparse autoencoder. The model's loss is "
        "2.0 nats, with zeros in the stream it is 12.0. What is the loss with the reconstruction?",
        {
            "a": Option(
                "2.2: a tenth more than without it.",
                "0.98 of the 10 nats between 12.0 and 2.0 are won back, and 0.2 are missing. 10 % "
                "of the loss: that is not little.",
                True,
            ),
            "b": Option(
                "2.04: two hundredths more.",
                "The 2 hundredths are of the 10 nats that zeros destroy, not of the loss.",
            ),
            "c": Option(
                "1.96.",
                "That would be better than the model itself. With the reconstruction it has lost "
                "something.",
            ),
            "d": Option(
                "It cannot be computed: the FVU is missing.",
                "The three losses and the loss recovered belong together. The FVU is another "
                "matter.",
            ),
        },
    ),
    Question(
        "precision",
        "A latent is active at 50 words. At 50 of them, all, the next word is “blue”. In the same "
        "stories “blue” comes 200 times. What are precision, recall and F1?",
        {
            "a": Option(
                "1, 0.25, and 0.4.",
                "All 50 are right; 50 of 200 places are found; 2 · 50 / (50 + 200) = 0.4. It may "
                "be a latent for a part of the cases.",
                True,
            ),
            "b": Option(
                "0.25, 1, and 0.4.",
                "Precision looks at the times it says yes: all of them are right. Recall looks at "
                "the places: a quarter is found.",
            ),
            "c": Option(
                "1, 0.25, and 0.625.",
                "F1 is not the mean of the two. It is lower when they are far apart.",
            ),
            "d": Option(
                "1, 1, and 1: it is never wrong.",
                "It never says a wrong yes. But 150 places it misses.",
            ),
        },
    ),
    Question(
        "control",
        "In a model's first layer 90 % of the latents are active at one word each, flawlessly. "
        "What does that show about what the model has learned?",
        {
            "a": Option(
                "That it has learned to tell the words apart.",
                "Random embeddings tell them apart as well, without any training.",
            ),
            "b": Option(
                "That it has no superposition.",
                "159 words in 64 dimensions are more than there are dimensions. In lesson 7 such a "
                "code was found again, too.",
            ),
            "c": Option(
                "Nothing, as long as the same has not been done on the untrained model.",
                "There each word has a vector of its own as well. The control scores as high.",
                True,
            ),
            "d": Option(
                "That the autoencoder has too many latents.",
                "The number of latents has little to do with it: each word has a vector of its own "
                "and so each gets a latent.",
            ),
        },
    ),
    Question(
        "random_atoms",
        "On a trained model latents score a mean F1 of 0.80, single neurons 0.30. On an untrained "
        "model the latents score 0.10. “So training the autoencoder has found the features.” What "
        "is missing?",
        {
            "a": Option(
                "Nothing: the untrained model is the control.",
                "It shows that the score is due to the trained model. It does not show that it is "
                "due to the trained autoencoder.",
            ),
            "b": Option(
                "As many random directions with the same TopK, on the trained model.",
                "They have the width and the sparsity, but nothing is trained. If they score 0.70, "
                "training has added 0.10, and not 0.50.",
                True,
            ),
            "c": Option(
                "A linear probe.",
                "A probe tells what is there to be found. It does not tell what the training of "
                "the autoencoder has added.",
            ),
            "d": Option(
                "More neurons: 64 are too few.",
                "The model has no more. But it is true that neurons offer fewer candidates than "
                "latents do, and a fair control has as many.",
            ),
        },
    ),
    Question(
        "absorbed",
        "The best latent for “plural” has precision 1 and recall 0.6. At four of six places it "
        "finds every plural, at the market and at school none. A linear probe finds the plural "
        "everywhere. What is the most likely reason?",
        {
            "a": Option(
                "At the market the model does not know the number.",
                "The probe finds it in the same vectors. So it is there.",
            ),
            "b": Option(
                "At these two places special latents speak, as “many, at the market”.",
                "This is absorption. Look at the latents that are active where the best one is "
                "silent.",
                True,
            ),
            "c": Option(
                "The threshold is too low.",
                "Then it would say yes too often, and precision would suffer, not recall.",
            ),
            "d": Option(
                "The autoencoder has too few latents.",
                "With more of them there is more room for special ones. Absorption tends to grow.",
            ),
        },
    ),
    Question(
        "error_kept",
        "To ablate latent j, somebody replaces the stream by the reconstruction without latent j. "
        "The loss rises by 0.05. What follows?",
        {
            "a": Option(
                "Latent j is worth 0.05 nats a word.",
                "The reconstruction has an error of its own. It is in the 0.05 as well.",
            ),
            "b": Option(
                "Nothing yet: how much of it is the error of the reconstruction is not known.",
                "Subtract the latent's share from the stream itself. Then the error stays where "
                "it was, and what changes is due to the latent.",
                True,
            ),
            "c": Option(
                "Latent j does nothing, for 0.05 is little.",
                "Little or much depends on the loss, and on how often the latent is active.",
            ),
            "d": Option(
                "The autoencoder must be trained anew without latent j.",
                "That would be another autoencoder. What latent j does in this model it would not "
                "tell.",
            ),
        },
    ),
    Question(
        "steered",
        "A latent marks “past” with F1 1.00. In stories told in the present it is set to its "
        "typical value. The chance of a verb in the past rises from 0.00 to 0.05. A patch at the "
        "same word takes it to 1.00, a random latent leaves it at 0.00. What do you conclude?",
        {
            "a": Option(
                "The F1 must be wrong.",
                "Reading and steering are two things. A perfect detector may be a small part of "
                "what the model reads.",
            ),
            "b": Option(
                "The model takes the tense from other words.",
                "Then the patch at this word would not work either. It reaches 1.00.",
            ),
            "c": Option(
                "The tense is in this vector, and this latent is only a part of it.",
                "The patch shows the first, the 0.05 the second. Look for what other latents "
                "differ between past and present.",
                True,
            ),
            "d": Option(
                "Steering works: it is better than a random latent.",
                "It moves 0.05 of the way to what a patch does. To call that a success hides the "
                "rest.",
            ),
        },
    ),
)
