"""The quiz at the end of lesson 3."""

from course_lib.exercises.questions import Question
from course_lib.exercises.values import Option

QUESTIONS = (
    Question(
        "averaged_over_what",
        "Plain gradient descent works well with a learning rate of 0.5 on the loss per element. "
        "The pictures have 64 pixels. You switch to the loss per picture: summed over pixels, "
        "averaged over pictures. Which learning rate makes the same steps?",
        {
            "a": Option(
                "0.5: both losses have their minimum at the same weights.",
                "The minimum is at the same place, but the slopes on the way there are 64 times as "
                "large, and a step is the learning rate times the slope.",
            ),
            "b": Option(
                "32, since 64 times as many errors are added up.",
                "The slopes are 64 times as large. With a larger rate on top of it, each step "
                "would be 4,096 times as long.",
            ),
            "c": Option(
                "About 0.008: a 64th of 0.5.",
                "The loss is 64 times as large at all weights, and so is each slope. A 64th of the "
                "rate makes the same step.",
                True,
            ),
            "d": Option(
                "It depends on the batch size.",
                "Both losses are averages over the pictures, so the batch size changes neither. It "
                "would matter for a loss summed over the batch as well.",
            ),
        },
    ),
    Question(
        "zigzag",
        "Near its minimum a loss has the slope 10 · (w - 3). You use gradient descent with a "
        "learning rate of 0.15. What does w do?",
        {
            "a": Option(
                "It comes steadily closer to 3, from one side.",
                "Each step multiplies the distance w - 3 by 1 - 0.15 · 10 = -0.5. The minus sign "
                "means: it lands on the other side.",
            ),
            "b": Option(
                "It jumps over 3 each time, and comes closer.",
                "The distance w - 3 is multiplied by 1 - 0.15 · 10 = -0.5 in each step: the other "
                "side, and half as far.",
                True,
            ),
            "c": Option(
                "It jumps over 3 each time, and moves away.",
                "For this the factor 1 - 10 · rate would have to be below -1, so the rate above "
                "0.2. Here the factor is -0.5.",
            ),
            "d": Option(
                "It arrives in a single step.",
                "That happens when the factor 1 - 10 · rate is 0: at a rate of 0.1.",
            ),
        },
    ),
    Question(
        "backward_by_hand",
        "z = 3w with w = 1, then a = ReLU(z), then L = (a - 1)². What is the slope of L with "
        "respect to w?",
        {
            "a": Option(
                "4",
                "This is the slope with respect to a: 2 (3 - 1). Two more steps lead back to w: "
                "ReLU has the slope 1 here, and z changes 3 times as much as w.",
            ),
            "b": Option(
                "12",
                "2 (a - 1) = 4, times 1 for ReLU (z is above 0), times 3 for z = 3w.",
                True,
            ),
            "c": Option(
                "8",
                "It seems that the slopes 4, 1 and 3 were added up. Along one way slopes are "
                "multiplied. One adds up different ways.",
            ),
            "d": Option(
                "0, since ReLU has no slope.",
                "ReLU has the slope 0 only where z is below 0. Here z = 3, and the slope is 1.",
            ),
        },
    ),
    Question(
        "adam_first_step",
        "The slopes of two weights are 0.001 and -200. Adam has a learning rate of 0.01. What does "
        "its very first step do?",
        {
            "a": Option(
                "The first weight falls by 0.01, the second rises by 0.01.",
                "After one step the corrected averages are the slope and its square. Their "
                "fraction is the sign of the slope. Each weight moves by the learning rate, "
                "against its slope.",
                True,
            ),
            "b": Option(
                "The first falls by 0.00001, the second rises by 2.",
                "This is SGD's step: rate times slope. Adam divides by the size of the slopes.",
            ),
            "c": Option(
                "Both move by 0.001: at first m is only a tenth of the slope.",
                "m is corrected for this: it is divided by 1 - 0.9, which makes it the whole slope "
                "again. (And without any correction √v would be too small as well.)",
            ),
            "d": Option(
                "The first rises by 0.01, the second falls by 0.01.",
                "The size is right, the direction is not. Where the slope is above 0, a larger "
                "weight means a larger loss. So the weight must fall.",
            ),
        },
    ),
    Question(
        "flat_loss",
        "The loss of your new training loop is exactly the same number in every epoch, to the last "
        "digit. No error is shown. What is the first thing to check?",
        {
            "a": Option(
                "Whether the learning rate is too large.",
                "Then the weights would move, and the loss with them: up, to and fro, or to NaN.",
            ),
            "b": Option(
                "Whether the model overfits.",
                "In overfitting the training loss falls. Here nothing happens at all.",
            ),
            "c": Option(
                "Whether zero_grad is missing.",
                "Without it the slopes pile up and the loss wanders about. The weights do move.",
            ),
            "d": Option(
                "Whether backward and step are there, and zero_grad does not stand between them.",
                "Exactly the same means that no weight moves. In each of these three cases the "
                "optimiser has nothing to do, and says nothing.",
                True,
            ),
        },
    ),
    Question(
        "two_curves",
        "The training error falls from epoch to epoch. The validation error was smallest in epoch "
        "40, and in epoch 60 it is a good deal higher. Which weights do you use, and what do you "
        "report?",
        {
            "a": Option(
                "Those of epoch 60, with their training error: it is the smallest.",
                "The training error of an overfitted model says only how well it has learnt its "
                "examples by heart.",
            ),
            "b": Option(
                "Those of epoch 40, with their validation error.",
                "The weights are the right ones. But epoch 40 was chosen because of this very "
                "number, so it is likely to be a little too small.",
            ),
            "c": Option(
                "Those of epoch 40, with their error on a test set.",
                "The validation set chooses the epoch. An honest number comes from examples that "
                "had no say in anything.",
                True,
            ),
            "d": Option(
                "Those of the epoch with the smallest error on the test set, with that error.",
                "Then the test set has made a choice, and is nothing but a second validation set. "
                "Its error is likely to be too small as well.",
            ),
        },
    ),
)
