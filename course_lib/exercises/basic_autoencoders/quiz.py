"""The quiz at the end of lesson 4."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "below_the_floor",
        "An autoencoder with 50 latents is trained on 2,000 rows of 500 independent numbers of "
        "variance 1. Its training loss is 0.7. What do you say?",
        {
            "a": Option(
                "Well done: it has learned to compress these data to 70 %.",
                "There is nothing to learn in independent numbers. With 50 of 500 the floor on new "
                "rows is 1 - 50/500 = 0.9. A loss below it is not compression.",
            ),
            "b": Option(
                "It has memorised rows. On new rows the error is about 0.9 or more.",
                "The floor is 1 - 50/500 = 0.9. Below it the model can only get on rows that it "
                "knows. New rows show it.",
                True,
            ),
            "c": Option(
                "It is not trained enough: the loss should reach 0.1, since 50/500 = 0.1.",
                "The share of latents is what gets through, not what is lost. Lost is 1 - 0.1 = "
                "0.9.",
            ),
            "d": Option(
                "There is a bug in the loss: no loss can be below the floor.",
                "It can, on the training rows. The floor speaks of rows drawn anew.",
            ),
        },
    ),
    Question(
        "pca_or_autoencoder",
        "For the same number of latents, PCA has an error of 20 on new data and your autoencoder, "
        "with hidden layers in encoder and decoder, 27. What follows?",
        {
            "a": Option(
                "The data cannot be compressed any better.",
                "They can: PCA just did. Your model should be able to do the same at least.",
            ),
            "b": Option(
                "Nothing: the two cannot be compared, since PCA is not trained.",
                "Both make a code of the same size and a reconstruction of the same data. Their "
                "errors on the same new data can be compared, and should be.",
            ),
            "c": Option(
                "Your model is held up by its training or its layers, not by the size of its code.",
                "A code of this size allows 20. Is the training loss high too? Then train more, or "
                "otherwise. Are only the new data bad? Then the model memorises.",
                True,
            ),
            "d": Option(
                "PCA memorises, so its error is too low.",
                "The error is on new data. What is memorised does not help there.",
            ),
        },
    ),
    Question(
        "linear_decoder",
        "Encoder: five hidden layers. Code: 10 latents. Decoder: one linear layer. On its training "
        "data this model can be …",
        {
            "a": Option(
                "better than PCA with 10 directions, since its encoder is far from linear.",
                "The encoder only chooses where on the decoder's flat sheet an answer lies. No "
                "place on the sheet is nearer than the foot of the perpendicular.",
            ),
            "b": Option(
                "as good as PCA with 10 directions at best.",
                "All answers lie on one flat sheet of 10 dimensions, and PCA's sheet is the best "
                "one for these data.",
                True,
            ),
            "c": Option(
                "worse than PCA in any case, since ReLU loses information.",
                "It may come as close as you like: a clever encoder can do what a linear one does. "
                "It just cannot do better.",
            ),
            "d": Option(
                "better or worse, depending on the random weights.",
                "The random weights decide how close it comes to PCA's error. They never take it "
                "below.",
            ),
        },
    ),
    Question(
        "blurred",
        "With 2 latents the reconstructions of digits are blurred. Why?",
        {
            "a": Option(
                "The decoder has no activation on its output.",
                "With 16 latents the same decoder gives sharp pictures.",
            ),
            "b": Option(
                "The decoder was trained for too few steps.",
                "More steps help little. The floor of so small a code is high, for this network.",
            ),
            "c": Option(
                "Different digits have almost the same code, and the best single answer is near "
                "their mean.",
                "The squared error is smallest at the mean, and the mean of several pictures is a "
                "blur.",
                True,
            ),
            "d": Option(
                "2 latents can only tell 2 digits apart.",
                "A latent is a number, not a switch. In the plane of 2 latents, five digits had "
                "regions of their own.",
            ),
        },
    ),
    Question(
        "stuck_at_768",
        "A ReLU autoencoder with F = d = 768 is stuck at a loss of 0.05. Which of the three is "
        "certainly not the reason?",
        {
            "a": Option(
                "The floor: with F = d nothing of the spectrum is left out.",
                "The tail after 768 of 768 variances is empty, so the floor is 0.",
                True,
            ),
            "b": Option(
                "Training: the learning rate may be wrong, or the steps too few.",
                "It may well be the reason. Is the curve still falling? Try another rate.",
            ),
            "c": Option(
                "ReLU: half of the latents may be at 0 on each row.",
                "It may well be the reason. To copy its input, the model must first learn to keep "
                "all latents above 0. Train without ReLU to see the difference.",
            ),
        },
    ),
    Question(
        "saving",
        "You keep a file written by torch.save(model, path). Which change breaks it?",
        {
            "a": Option(
                "More data are added to the training set.",
                "The file holds the model, not the data.",
            ),
            "b": Option(
                "The file is copied to another folder.",
                "The path of the file does not matter. What matters is where the class lives.",
            ),
            "c": Option(
                "The class moves to another Python file.",
                "The pickle holds the class's address, its module and name. Nobody lives there any "
                "more, and torch.load raises ModuleNotFoundError.",
                True,
            ),
            "d": Option(
                "A comment in the class is changed.",
                "The address stays the same, so the class is found.",
            ),
        },
    ),
)
