"""Exercise `predict_shapes`: every shape on the way through the lesson's autoencoder."""

from course_lib.exercises.values import Field, PredictionExercise

exercise = PredictionExercise(
    "predict_shapes",
    title="Shapes on the way through",
    points=2,
    difficulty=1,
    minutes=8,
    why="Many bugs in a network are wrong shapes. If you know the shapes beforehand, you see them.",
    fields=(
        Field(
            "hidden_shape",
            "Shape of encoder_linear1(x), for x of shape (5, 768)?",
            (5, 256),
            {
                (256,): "The batch is missing. Five inputs go in, so five rows come out: the "
                "layer changes only the last dimension.",
                (1, 256): "That would be the result for a single input. Here the batch holds five.",
                (256, 5): "The two dimensions are the wrong way round: the batch comes first, "
                "then the hidden width.",
                (5, 768): "This is the shape of `x`, before the layer. nn.Linear(768, 256) turns "
                "768 numbers into another number of them: its second argument.",
                (5, 128): "128 is the size of the code. The first layer goes only as far as the "
                "hidden width, which is twice the size of the code.",
                (768, 256): "These are the two arguments of the layer. The result has one row for "
                "each input of the batch.",
                (256, 768): "This is the shape of the layer's weight. The result has one row for "
                "each input of the batch.",
            },
        ),
        Field(
            "code_shape",
            "Shape of the code, that is, of encoder_linear2's output?",
            (5, 128),
            {
                (128,): "The batch is missing. Each of the five inputs has a code of its own.",
                (1, 128): "That would be the code of a single input. Here the batch holds five.",
                (128, 5): "The two dimensions are the wrong way round: the batch comes first, "
                "then the size of the code.",
                (5, 256): "256 is the hidden width, before encoder_linear2. The code comes after "
                "that layer.",
                (5, 768): "This is the shape of the input. The encoder makes it smaller.",
                (256, 128): "These are the two arguments of encoder_linear2. The code has one row "
                "for each input of the batch.",
            },
        ),
        Field(
            "reconstruction_shape",
            "Shape of the reconstruction, that is, of decoder_linear2's output?",
            (5, 768),
            {
                (768,): "The batch is missing. Each of the five inputs has a reconstruction of "
                "its own.",
                (1, 768): "That would be the reconstruction of a single input. Here the batch "
                "holds five.",
                (768, 5): "The two dimensions are the wrong way round: the batch comes first, "
                "then the size of an input.",
                (5, 128): "This is the shape of the code. The decoder still has to lead back to "
                "the size of the input.",
                (5, 256): "This is the shape after decoder_linear1. One more layer follows.",
                (256, 768): "These are the two arguments of decoder_linear2. The reconstruction "
                "has one row for each input of the batch.",
            },
        ),
        Field(
            "encoder_weight_shape",
            "Shape of encoder_linear1.weight, for encoder_linear1 = nn.Linear(768, 256)?",
            (256, 768),
            {
                (768, 256): "This is the order in the call: inputs, then outputs. The weight is "
                "stored the other way round, one row for each output. That is why the forward "
                "pass needs `W.T`.",
                (5, 256): "This is the shape of the layer's output. A weight does not depend on "
                "the batch.",
                (256,): "This is the shape of the bias. The weight joins each output with every "
                "input, so it has two dimensions.",
                196608: "This is the number of its entries, 256 · 768. A shape tells how they are "
                "laid out.",
            },
        ),
        Field(
            "encoder_bias_shape",
            "Shape of encoder_linear1.bias?",
            (256,),
            {
                256: "The size is right, but a shape is a tuple. Write `(256,)` with a comma: "
                "`(256)` is only the number 256 in brackets.",
                (768,): "There is one bias for each output of the layer, not one for each input.",
                (256, 768): "This is the shape of the weight. The bias is one number an output.",
                (5, 256): "The bias does not depend on the batch: the same one is added to each "
                "row.",
                (1,): "There is not one bias for the whole layer, but one for each output.",
                1: "This is one bias for the whole layer. There is one for each output, and a "
                "shape is a tuple.",
                (1, 256): "The bias is stored with one dimension only. Broadcasting adds it to "
                "each row all the same.",
                (256, 1): "The bias is stored with one dimension only. As a column it would not "
                "fit onto rows of 256 numbers.",
            },
        ),
        Field(
            "decoder_weight_shape",
            "Shape of decoder_linear2.weight?",
            (768, 256),
            {
                (256, 768): "decoder_linear2 is nn.Linear(256, 768): it leads from the hidden "
                "width back to the input. Its weight has one row for each of its outputs.",
                (768, 128): "The decoder goes back by the same stations as the encoder. "
                "decoder_linear2 starts from the hidden width, not from the code.",
                (128, 768): "The decoder goes back by the same stations as the encoder. "
                "decoder_linear2 starts from the hidden width, and its weight has one row for "
                "each output.",
                (768,): "This is the shape of the bias. The weight has a row for each of these 768 "
                "outputs, so it has two dimensions.",
                (5, 768): "This is the shape of the reconstruction. A weight does not depend on "
                "the batch.",
            },
        ),
    ),
    hints=(
        "A linear layer changes the last dimension and leaves the batch alone. Write the widths "
        "in a row: 768 → 256 → 128 → 256 → 768.",
        "Every result on the way has shape (batch, width). A shape is a tuple, even if it has one "
        "number only: `(7,)`.",
        "nn.Linear(in, out) stores a weight of shape (out, in), one row for each output, and one "
        "bias for each output. decoder_linear2 is nn.Linear(256, 768).",
    ),
)
