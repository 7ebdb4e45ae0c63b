"""Exercise `layer_activations`: what a block of a language model puts out, taken by a hook."""

import torch
from torch import Tensor, nn

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.language_model.small_models import (
    GRAPH,
    HOOKS,
    MODE,
    OTHERS,
    STOPS,
    WEIGHTS,
    WORDS,
    HookedExercise,
    lengths_mask,
    small_model,
    some_texts,
)


def layer_activations(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """What `module` puts out when `model` reads texts: one row per word that counts.

    model : takes tokens, shape (texts, length)
    module : a part of it that puts out a tensor, shape (texts, length, dim)
    tokens : numbers of words, int64, shape (texts, length)
    mask : True for the words that count, False for padding, shape (texts, length)
    Returns the activations, shape (words that count, dim): text by text, word by word, without a
    gradient. The model is left as it was: the mode it was in, its weights and their
        `requires_grad`, the hooks of others, and no hook of this function. An error of the
        model goes on to the caller.
    """
    ### BEGIN SOLUTION
    outputs = []
    handle = module.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
        model.train(was_training)
    return outputs[0][mask]
    ### END SOLUTION


def cases(draw: Draw):
    """Models in both modes, with dropout; each block; no padding; one text; a word too many."""

    def case(texts, lengths, block, note, training=False, tokens=None, **kind):
        model = small_model(draw, dropout=0.5, **kind).train(training)
        longest = max(lengths)
        tokens = some_texts(draw, texts, longest) if tokens is None else tokens
        return Case(
            {
                "model": model,
                "module": model.blocks[block],
                "tokens": tokens,
                "mask": lengths_mask(lengths, longest),
            },
            note=note,
        )

    yield case(1, [4], 1, "one text, no padding")
    yield case(3, [2, 5, 3], 1, "texts of several lengths; a model in training mode", True)
    yield case(2, [6, 3], 0, "the first block", dim=6)
    yield case(4, [1, 4, 4, 2], 2, "the last block; float64", True, dtype=torch.float64)
    unknown = some_texts(draw, 2, 4)
    unknown[1, 2] = WORDS
    yield case(2, [4, 3], 1, STOPS, True, tokens=unknown)


exercise = HookedExercise(
    layer_activations,
    title="Activations by hook",
    points=5,
    difficulty=2,
    minutes=25,
    why="It is how one gets at the inside of any model, without changing a line of it. A hook that "
    "is forgotten goes on working, and spoils what comes later.",
    cases=cases,
    watched=(HOOKS, OTHERS, MODE, WEIGHTS, GRAPH),
    hints=(
        "A hook is a function of three things: the module, its inputs and its output. Let it put "
        "the output into a list. `module.register_forward_hook(…)` returns a handle; run "
        "`model(tokens)`, then `handle.remove()`.",
        "The list then holds a tensor (texts, length, dim). Indexing it with the mask, "
        "`output[mask]`, gives the rows in the right order. Run the model in evaluation mode and "
        "under `torch.no_grad()`. Note `model.training` before, and give it to `model.train(…)` "
        "afterwards.",
        "If the model stops with an error, the lines behind it are not reached. Write `try:`, "
        "under it the model's run, then `finally:`, and under that the two lines that clear up. "
        "What stands under `finally` is done in both cases.",
    ),
)


# -- how it goes wrong ---------------------------------------------------------------------------


def _answer(model, module, tokens, mask, **wrong):
    """The solution, with parts of it left out or done differently."""
    taken = []

    def hook(_, inputs, output):
        taken.append(inputs[0] if wrong.get("inputs") else output)

    handle = module.register_forward_hook(hook)
    was = model.training
    if not wrong.get("mode_ignored"):
        model.eval()
    done = False
    try:
        with torch.set_grad_enabled(bool(wrong.get("gradient"))):
            result = model(tokens)
        done = True
    finally:
        if done or not wrong.get("no_finally"):
            if not wrong.get("hook_stays"):
                handle.remove()
            if not wrong.get("mode_stays") and not wrong.get("mode_ignored"):
                model.train(wrong.get("back_to", was))
    found = result if wrong.get("logits") else taken[0]
    return wrong["rows"](found, mask) if "rows" in wrong else found[mask]


@exercise.misconception(
    "Your hook stays on the module. It will be called each time the model runs, for ever. Keep "
    "what `register_forward_hook` returns, and call `.remove()` on it."
)
def hook_stays(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, hook_stays=True)


@exercise.misconception(
    "All is well as long as the model runs through. If it stops with an error, your hook stays, "
    "and so does the mode. Put the clearing up under `finally:`."
)
def no_finally(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, no_finally=True)


@exercise.misconception(
    "The mode is put back when the model stops with an error, but your hook stays on it. Put "
    "`handle.remove()` under `finally:`, too."
)
def hook_stays_after_an_error(model, module, tokens, mask):
    taken = []
    handle = module.register_forward_hook(lambda _, __, output: taken.append(output))
    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(tokens)
    finally:
        model.train(was)
    handle.remove()
    return taken[0][mask]


@exercise.misconception(
    "Your hook is gone even after an error, but the model then stays in evaluation mode. Put the "
    "mode back under `finally:`, too."
)
def mode_stays_after_an_error(model, module, tokens, mask):
    taken = []
    handle = module.register_forward_hook(lambda _, __, output: taken.append(output))
    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
    model.train(was)
    return taken[0][mask]


@exercise.misconception(
    "You run the model in the mode in which you find it. In training mode, dropout sets some "
    "numbers to 0 at random, so the activations differ each time. Call `model.eval()` first."
)
def mode_ignored(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, mode_ignored=True)


@exercise.misconception(
    "You leave the model in evaluation mode. Whoever was training it goes on without dropout, and "
    "does not know. Note `model.training` before, and put it back."
)
def mode_stays(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, mode_stays=True)


@exercise.misconception(
    "You put the model into training mode at the end, whatever it was in before. Note "
    "`model.training` first: `model.train(was_training)`."
)
def always_to_training(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, back_to=True)


@exercise.misconception(
    "The numbers are right, but `requires_grad_(False)` has frozen the model's weights, and they "
    "stay frozen: whoever was training it learns nothing more. Run it under `torch.no_grad()`."
)
def weights_frozen(model, module, tokens, mask):
    model.requires_grad_(False)
    return _answer(model, module, tokens, mask)


@exercise.misconception(
    "You remove *all* hooks of the module. Somebody else may have put one there, as in this check. "
    "Remove your own by its handle: `handle.remove()`."
)
def all_hooks_removed(model, module, tokens, mask):
    try:
        return _answer(model, module, tokens, mask, hook_stays=True)
    finally:
        module._forward_hooks.clear()


@exercise.misconception(
    "If the model stops with an error, your function does not let it go on: the caller never "
    "learns of it. Leave `except` out: after `try` and `finally` an error goes on by itself."
)
def error_swallowed(model, module, tokens, mask):
    try:
        return _answer(model, module, tokens, mask)
    except Exception:
        return None


@exercise.misconception(
    "You put `module` alone into evaluation mode. The parts of the model before it keep their "
    "dropout, and what they put out comes into it. Call `model.eval()`."
)
def module_alone(model, module, tokens, mask):
    was = module.training
    module.eval()
    try:
        return _answer(model, module, tokens, mask, mode_ignored=True)
    finally:
        module.train(was)


@exercise.misconception(
    "The first word of each text is missing. It has no loss, but it has activations: each word "
    "that counts gives a row."
)
def first_words_dropped(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, rows=lambda h, m: h[:, 1:][m[:, 1:]])


@exercise.misconception(
    "The numbers are right, but they carry a gradient: the whole graph of the model's run stays "
    "in memory with them. Run the model under `torch.no_grad()`."
)
def gradient_kept(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, gradient=True)


@exercise.misconception(
    "These are the module's *inputs*. A hook gets three things: the module, its inputs and its "
    "output. Keep the third."
)
def inputs_taken(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, inputs=True)


@exercise.misconception(
    "This is what the *model* returns, its logits. What the module puts out comes to your hook."
)
def logits_taken(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, logits=True)


@exercise.misconception(
    "Padding is among your rows. It is no word of any text: take only the places where `mask` is "
    "True, `output[mask]`."
)
def padding_taken(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, rows=lambda h, m: h.flatten(0, 1))


@exercise.misconception(
    "You set padding to zeros. Then zeros are among the examples, and an autoencoder will learn "
    "them. Leave these rows out: `output[mask]`."
)
def padding_set_to_zero(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, rows=lambda h, m: (h * m[..., None]).flatten(0, 1))


@exercise.misconception(
    "You took the places where `mask` is *False*. It is True for the words that count."
)
def mask_inverted(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, rows=lambda h, m: h[~m])


@exercise.misconception(
    "Your rows come in another order: the first words of all texts, then the second words. Asked "
    "for is text by text. Do not transpose before you use the mask."
)
def word_by_word(model, module, tokens, mask):
    return _answer(
        model, module, tokens, mask, rows=lambda h, m: h.transpose(0, 1)[m.transpose(0, 1)]
    )


@exercise.misconception(
    "You return (texts, length, dim). As data for an autoencoder each word is an example: one row "
    "per word that counts."
)
def not_flattened(model, module, tokens, mask):
    return _answer(model, module, tokens, mask, rows=lambda h, m: h)


@exercise.misconception(
    "You took one row per text, its last word. Asked for is one row per word that counts."
)
def last_words(model, module, tokens, mask):
    return _answer(
        model, module, tokens, mask, rows=lambda h, m: h[torch.arange(len(h)), m.sum(dim=1) - 1]
    )


@exercise.misconception(
    "You took the mean over the words of each text. Asked for is a row per word."
)
def mean_of_each_text(model, module, tokens, mask):
    def mean(h, m):
        return (h * m[..., None]).sum(dim=1) / m.sum(dim=1, keepdim=True)

    return _answer(model, module, tokens, mask, rows=mean)


# -- other right answers -------------------------------------------------------------------------


@exercise.style
def with_record_output(model, module, tokens, mask):
    from course_lib import record_output

    was = model.training
    try:
        with record_output(module) as outputs, torch.no_grad():
            model.eval()(tokens)
    finally:
        model.train(was)
    return outputs[0].flatten(0, 1)[mask.flatten()]


@exercise.style
def with_the_course(model, module, tokens, mask):
    from course_lib import collect_activations

    try:
        return collect_activations(model, module, tokens, mask)
    except Exception:
        model(tokens)  # the model's own error
        raise


@exercise.style
def text_by_text(model, module, tokens, mask):
    kept = {}

    def hook(module, inputs, output):
        kept["h"] = output.detach().clone()

    was = model.training
    model.eval()
    handle = module.register_forward_hook(hook)
    try:
        model(tokens)
    finally:
        handle.remove()
        model.train() if was else model.eval()
    rows = [h[i] for h, m in zip(kept["h"], mask, strict=True) for i in range(len(m)) if m[i]]
    return torch.stack(rows)
