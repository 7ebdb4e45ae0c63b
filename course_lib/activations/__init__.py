"""A language model's activations: taken by a hook, changed by a hook, streamed or kept in a file.

A hook is a function that PyTorch calls after each forward pass of a module, with the module's
output. It may look at the output, and it may return another one in its place. The activations of
a model at some layer are therefore had without changing a line of the model:

    with record_output(model.blocks[1]) as outputs:
        model(tokens)                  # outputs[0] : (rows, length, dim)

As data for an autoencoder each position of each text is an example, so that (rows, length, dim)
becomes (examples, dim): row by row, position by position, padding left out. Three ways lead there:

    collect_activations(…)         all at once, in memory
    ActivationStream(…)            computed when training needs them, never all in memory
    save_activations(path, …)      computed once and kept in a .npy file, which training streams

All three stop the model's forward pass at the module: what comes after it (the later blocks, and
the logits over the vocabulary, often the largest product of all) cannot change what the module
gave.
"""

from course_lib.activations.hooks import change_output, record_output
from course_lib.activations.saving import save_activations
from course_lib.activations.stream import ActivationStream, collect_activations

__all__ = [
    "ActivationStream",
    "change_output",
    "collect_activations",
    "record_output",
    "save_activations",
]
