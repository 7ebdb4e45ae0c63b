"""Exercise `conclusions`: what eight findings leave open, and what should stand beside them."""

from course_lib.exercises.values import Field, PredictionExercise

CONTROLS = {
    "a": "the same on an untrained model",
    "b": "the change of the loss, in nats or as a share of it",
    "c": "the same with random latents in their place",
    "d": "other stories than those by which it was chosen",
    "e": "other training seeds of the language model",
    "f": "more latents of the same autoencoder",
    "g": "the difference of the mean activations before both words, added to the stream",
    "h": "the same with random atoms, on which nothing was trained",
}
_OTHER = {
    "a": "An untrained model is the control for what is *read*: could it be there without any "
    "learning? That is not the gap here.",
    "b": "The change of the loss belongs beside a loss recovered. No loss is claimed here.",
    "c": "Random latents are the control for what is *done*: would any push have had this effect? "
    "Here nothing was pushed, or it was done already.",
    "d": "Other stories help when something was chosen on the same words that judge it. Here it is "
    "said that they were others, or nothing was chosen.",
    "e": "Other training seeds tell whether a claim is about such models or about this one. The "
    "claim here is only about this one, and has a gap already.",
    "f": "More latents of the same autoencoder tell whether a feature is spread over several. That "
    "is not the gap here.",
    "g": "The difference of the means is a rival in steering, and does without an autoencoder. "
    "Nothing is said here about what steering needs.",
    "h": "Random atoms tell what many directions do without any training of the autoencoder. "
    "Nothing is said here about what this training has brought.",
}


def _field(name: str, finding: str, answer: str, **told: str) -> Field:
    """One finding; what is told of a wrong control is its general sentence, or one of its own."""
    told = {letter: s for letter, s in (_OTHER | told).items() if letter != answer}
    mistakes = {letter: f"{finding}: this is not it. {s}" for letter, s in told.items()}
    return Field(name, f'{finding}: which is missing? "a" to "f"', answer, mistakes=mistakes)


exercise = PredictionExercise(
    "conclusions",
    title="What can be concluded?",
    points=4,
    difficulty=2,
    minutes=20,
    why="All eight findings are of kinds that one meets in print. Each is true, and each says less "
    "than it seems to.",
    fields=(
        _field(
            "this_word",
            'A probe for the word "friend"',
            "a",
            e="Other training seeds would give the same. The word itself is in the stream before "
            "anything has been learnt: what would an untrained model show?",
            d="It was judged on other stories already. Even so: the word itself is in the stream "
            "before anything has been learnt.",
        ),
        _field(
            "many_atoms",
            "Latents beside single dimensions",
            "h",
            a="An untrained *model* would show what is in the stream before it has learnt. The "
            "claim is about the training of the *autoencoder*.",
            c="Random latents are for setting, and nothing is set here. The claim is about "
            "training: what would be the same autoencoder without it?",
            d="They were other stories already. There are 256 latents and 64 dimensions: how much "
            "does it bring to have more directions to choose from?",
        ),
        _field(
            "recovered",
            "A loss recovered above 0.97",
            "b",
            a="On an untrained model there is hardly a loss to recover. Look at the scale itself: "
            "zeros are so bad a stand-in that 3 % of that distance may be much.",
        ),
        _field(
            "best_of_many",
            "The best of 70,000 pairs",
            "d",
            a="That would tell whether it had to be learnt. First of all: is the score itself to "
            "be believed, when the best of so many was chosen by the same words?",
            h="Random atoms would show how high the best of so many comes by chance. More "
            "directly: does the score hold on words that had no say in the choice?",
            e="Before other models: is it true of this one, on words that had no say in the "
            "choice?",
        ),
        _field(
            "pushed",
            "Three latents set, and the word changes",
            "c",
            a="Nothing is read from the stream here: it is pushed. Which control tells whether any "
            "push would have done that?",
            f="That one could do with more, or fewer, is not the gap: perhaps any push as strong "
            "would have made the model give up the word.",
            g="That would be one more push with a purpose. The gap: perhaps any push as strong "
            "would have made the model give up the word.",
        ),
        _field(
            "without",
            "Four latents, and the model says blue",
            "g",
            c="Random latents would hardly bring blue: that it takes *these* four is not in doubt. "
            "But does it take latents at all?",
            h="Random atoms would still be atoms. Is there a way to steer without an autoencoder?",
            f="More latents would do the same a little better. Is there a way without any?",
        ),
        _field(
            "one_model",
            'Tense can be steered "in language models"',
            "e",
            c="Random latents were tried already. How many models is the sentence about, and how "
            "many were looked at?",
            d="Other stories would not make it more than one model.",
        ),
        _field(
            "half_found",
            'No latent for "muffin or muffins"',
            "f",
            a="An untrained model tells whether something *found* had to be learnt. Here nothing "
            "was found, and the conclusion is that nothing is there.",
            d="The score is low on other stories, too. Look at precision and recall: what is the "
            "latent sure of, and what does it miss?",
        ),
    ),
    hints=(
        "Ask of each finding: what is claimed, and what else could have produced the same number? "
        "The lesson had a section on what cannot be concluded.",
        "What is read from a model needs a model that has learnt nothing. What is done to a model "
        "needs a push that should do nothing, and a simpler one that should do the same. What a "
        "training has found needs the same without this training. What was chosen needs words "
        "that had no say. What is said of all models needs more than one.",
        "The eight letters are all different. A feature that is told by two latents, each for its "
        "own half, has a best latent of precision 1 and recall a half.",
    ),
)
