"""Exercise `loss_recovered`: what a language model loses when an autoencoder stands in.

loss recovered = (zero loss - spliced loss) / (zero loss - loss)
"""

import torch
from torch import Tensor, nn

from course_lib.activations import change_output
from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.language_model.small_models import (
    HookedExercise,
    lengths_mask,
    near_autoencoder,
    own_texts,
    small_model,
)
from course_lib.language_model import language_loss


def loss_recovered(
    model: nn.Module, module: nn.Module, autoencoder: nn.Module, tokens: Tensor, mask: Tensor
) -> tuple[float, float]:
    """What the model loses when the reconstruction stands in for what `module` puts out.

    model : takes tokens, shape (texts, length)
    module : a part of it that puts out the residual stream, shape (texts, length, dim)
    autoencoder : has `encode`, (n, dim) to codes (n, latents), and `decode`, back to (n, dim)
    tokens, mask : shape (texts, length), as for `language_loss`. It lets the model read all words
        but the last, so the stream has length - 1 places; all of them are replaced.
    Returns two Python floats: the change, spliced loss minus loss, in nats a word, which is
        negative if the model does better; and the loss recovered,
        (zero loss - spliced loss) / (zero loss - loss), as it comes out, above 1 as well.
    """
    ### BEGIN SOLUTION

    def reconstruction(h):
        x_hat = autoencoder.decode(autoencoder.encode(h.flatten(0, 1)))
        return x_hat.view(h.shape)

    loss = language_loss(model, tokens, mask)
    with change_output(module, reconstruction):
        spliced = language_loss(model, tokens, mask)
    with change_output(module, torch.zeros_like):
        zero = language_loss(model, tokens, mask)
    return spliced - loss, (zero - spliced) / (zero - loss)
    ### END SOLUTION


def cases(draw: Draw):
    """Each block, texts of several lengths, one text; the losses lie well apart. One text is such
    that the model does better with the reconstruction: the change is negative."""

    def case(lengths, dim, block, note, better=False):
        while True:
            model, longest = small_model(draw, dim), max(lengths)
            module, autoencoder = model.blocks[block], near_autoencoder(draw, dim)
            with change_output(module, _splice(autoencoder) if better else _as_it_is):
                tokens = own_texts(model, draw, len(lengths), longest)
            mask = lengths_mask(lengths, longest)
            args = {
                "model": model,
                "module": module,
                "autoencoder": autoencoder,
                "tokens": tokens,
                "mask": mask,
            }
            change, recovered = loss_recovered(**args)
            # a quotient of small numbers would hang on the last digits
            if abs(change) < 0.02 or abs(change / (1 - recovered)) < 0.3 or recovered < 0.05:
                continue
            if not better or (change < -0.02 and recovered > 1.005):
                return Case(args, note=note)

    yield case([8], 6, 1, "one text")
    yield case([4, 9, 6], 8, 1, "texts of several lengths")
    yield case([5, 8], 8, 0, "the first block")
    yield case([9, 3, 7], 4, 2, "the last block")
    yield case([5, 9], 6, 1, "the model does better with the reconstruction", better=True)


def _splice(autoencoder):
    return lambda h: autoencoder.decode(autoencoder.encode(h.flatten(0, 1))).view(h.shape)


def _as_it_is(h):
    return h


exercise = HookedExercise(
    loss_recovered,
    title="Loss recovered",
    points=5,
    difficulty=2,
    minutes=20,
    why="It stands in every paper on autoencoders of language models. Who has computed it once "
    "knows why it is so near 1, and what to show beside it.",
    cases=cases,
    outputs=("change", "loss recovered"),
    hints=(
        "Three losses are needed: of the model as it is, with the reconstruction in place of the "
        "stream, and with zeros in its place. `language_loss(model, tokens, mask)` gives each; "
        "what differs is what happens at `module` meanwhile.",
        "`with change_output(module, change):` replaces what the module puts out, as long as the "
        "block lasts. `change` is a function of the output h, (texts, length, dim), and returns a "
        "tensor of the same shape. `encode` wants rows: `h.flatten(0, 1)`, and `.view(h.shape)` on "
        "the way back.",
        "`decode(encode(h.flatten(0, 1))).view(h.shape)` is the reconstruction, and "
        "`torch.zeros_like` is already the function for zeros. Take each loss inside a `with` "
        "block of its own; the plain one outside of both.",
    ),
)


# -- how it goes wrong ---------------------------------------------------------------------------


def _losses(model, module, autoencoder, tokens, mask, spliced=None, zero=None):
    """Three losses, with other changes than the right ones if they are given."""
    loss = language_loss(model, tokens, mask)
    with change_output(module, spliced or _splice(autoencoder)):
        first = language_loss(model, tokens, mask)
    with change_output(module, zero or torch.zeros_like):
        second = language_loss(model, tokens, mask)
    return loss, first, second


def _both(loss, spliced, zero):
    return spliced - loss, (zero - spliced) / (zero - loss)


def _wrong(message: str, name: str):
    """Declare a wrong use of the three right losses."""

    def declare(use):
        def answer(model, module, autoencoder, tokens, mask):
            return use(*_losses(model, module, autoencoder, tokens, mask))

        answer.__name__ = name
        return exercise.misconception(message)(answer)

    return declare


_wrong(
    "The quotient stands on its head: the larger difference, zero loss minus loss, belongs below "
    "the line.",
    "upside_down",
)(lambda loss, spliced, zero: (spliced - loss, (zero - loss) / (zero - spliced)))
_wrong(
    "This is the share of the loss that is *not* recovered. A perfect reconstruction must give 1: "
    "put zero loss minus spliced loss above the line.",
    "not_recovered",
)(lambda loss, spliced, zero: (spliced - loss, (spliced - loss) / (zero - loss)))
_wrong(
    "You divide the loss by the spliced loss. That is no share of anything: zero loss is the lower "
    "end of the scale, and must be in it.",
    "ratio_of_losses",
)(lambda loss, spliced, zero: (spliced - loss, loss / spliced))
_wrong(
    "Below the line you have the zero loss alone. The scale runs from the zero loss to the loss of "
    "the model as it is: divide by their difference.",
    "divided_by_zero_loss",
)(lambda loss, spliced, zero: (spliced - loss, (zero - spliced) / zero))
_wrong(
    "The change has the wrong sign: it is the spliced loss minus the loss, positive when the "
    "reconstruction costs something.",
    "change_of_wrong_sign",
)(lambda loss, spliced, zero: (loss - spliced, (zero - spliced) / (zero - loss)))
_wrong(
    "You give the change as a fraction of the loss. Asked for is the difference itself, in nats a "
    "word.",
    "change_as_fraction",
)(lambda loss, spliced, zero: ((spliced - loss) / loss, (zero - spliced) / (zero - loss)))
_wrong(
    "You take the size of the change, without its sign. Now and then a model does better with the "
    "reconstruction, and the change is negative.",
    "size_of_the_change",
)(lambda loss, spliced, zero: (abs(spliced - loss), (zero - spliced) / (zero - loss)))
_wrong(
    "You keep the loss recovered between 0 and 1. It is above 1 where the model does better with "
    "the reconstruction, and below 0 where it does worse than with zeros: do not hide that.",
    "kept_within_bounds",
)(
    lambda loss, spliced, zero: (
        spliced - loss,
        min(max((zero - spliced) / (zero - loss), 0.0), 1.0),
    )
)
_wrong(
    "You give the loss recovered in percent. Asked for is the quotient itself: 0.97, say, not 97.",
    "in_percent",
)(lambda loss, spliced, zero: (spliced - loss, 100 * (zero - spliced) / (zero - loss)))
_wrong(
    "The two numbers are right, in the wrong order. Return the change first.",
    "other_order",
)(lambda loss, spliced, zero: _both(loss, spliced, zero)[::-1])
_wrong(
    "You return the spliced loss itself in place of the change. Subtract the loss of the model as "
    "it is.",
    "spliced_loss_itself",
)(lambda loss, spliced, zero: (spliced, (zero - spliced) / (zero - loss)))


@exercise.misconception(
    "You compare with the *mean* of the stream in place of zeros. That is another scale, with "
    "another lower end. Papers have both; asked for is the one with zeros."
)
def mean_for_zeros(model, module, autoencoder, tokens, mask):
    def mean(h):
        return h.flatten(0, 1).mean(dim=0).expand_as(h).clone()

    return _both(*_losses(model, module, autoencoder, tokens, mask, zero=mean))


@exercise.misconception(
    "Your zero loss is that of zeros in the *code*: the decoder's bias is still there. Replace the "
    "stream itself by zeros."
)
def code_of_zeros(model, module, autoencoder, tokens, mask):
    def empty(h):
        z = autoencoder.encode(h.flatten(0, 1))
        return autoencoder.decode(torch.zeros_like(z)).view(h.shape)

    return _both(*_losses(model, module, autoencoder, tokens, mask, zero=empty))


@exercise.misconception(
    "Your zero loss is that of zeros for the *logits*: the model then finds all words equally "
    "likely. Zeros belong in the place of the stream: change `module`, not `model`."
)
def logits_of_zeros(model, module, autoencoder, tokens, mask):
    loss, spliced, _ = _losses(model, module, autoencoder, tokens, mask)
    with change_output(model, torch.zeros_like):
        zero = language_loss(model, tokens, mask)
    return _both(loss, spliced, zero)


@exercise.misconception(
    "The rows come back in another order than that in which they were made: words get the stream "
    "of other texts. `h.flatten(0, 1)` makes them text by text, and `.view(h.shape)` takes them "
    "back so; do not transpose before."
)
def rows_transposed(model, module, autoencoder, tokens, mask):
    def change(h):
        rows = h.transpose(0, 1).flatten(0, 1)
        return autoencoder.decode(autoencoder.encode(rows)).view(h.shape)

    return _both(*_losses(model, module, autoencoder, tokens, mask, spliced=change))


@exercise.misconception(
    "Your reconstruction lacks the decoder's bias. Take `autoencoder.decode`, which adds it, and "
    "not code times atoms."
)
def bias_forgotten(model, module, autoencoder, tokens, mask):
    def change(h):
        z = autoencoder.encode(h.flatten(0, 1))
        return (z @ autoencoder.dictionary).view(h.shape)

    return _both(*_losses(model, module, autoencoder, tokens, mask, spliced=change))


@exercise.misconception(
    "You *add* the reconstruction to the stream. It is to stand in its place: return x̂ alone."
)
def added(model, module, autoencoder, tokens, mask):
    splice = _splice(autoencoder)
    return _both(
        *_losses(model, module, autoencoder, tokens, mask, spliced=lambda h: h + splice(h))
    )


@exercise.misconception(
    "You put the *error*, h - x̂, in the stream's place. The reconstruction x̂ is to stand there."
)
def error_spliced(model, module, autoencoder, tokens, mask):
    splice = _splice(autoencoder)
    return _both(
        *_losses(model, module, autoencoder, tokens, mask, spliced=lambda h: h - splice(h))
    )


@exercise.misconception(
    "Your spliced loss and the loss of the model as it is are the same. Either the change does not "
    "reach the model (the function must *return* the new stream), or you took both losses inside "
    "the `with` block, or both outside of it."
)
def no_effect(model, module, autoencoder, tokens, mask):
    return _both(*_losses(model, module, autoencoder, tokens, mask, spliced=lambda h: h))


@exercise.misconception(
    "The reconstruction comes while zeros are still in the stream's place: it is that of zeros. "
    "Take each loss in a `with` block of its own, one after the other, none inside another."
)
def one_inside_the_other(model, module, autoencoder, tokens, mask):
    splice = _splice(autoencoder)
    return _both(
        *_losses(model, module, autoencoder, tokens, mask, spliced=lambda h: splice(0 * h))
    )


@exercise.misconception(
    "You change another block than the one you are given. Use `module`, not `model.blocks[…]` with "
    "a number of your own."
)
def another_block(model, module, autoencoder, tokens, mask):
    number = next(i for i, block in enumerate(model.blocks) if block is module)
    return _both(*_losses(model, model.blocks[(number + 1) % 3], autoencoder, tokens, mask))


@exercise.misconception("Padding counts in your losses. Hand the mask on to `language_loss`.")
def padding_counts(model, module, autoencoder, tokens, mask):
    return _both(*_losses(model, module, autoencoder, tokens, torch.ones_like(mask)))


@exercise.misconception(
    "The numbers are right, but your hook stays on the module: from now on the model runs with the "
    "change. `change_output` takes it away by itself; a handle of your own you must remove."
)
def hook_stays(model, module, autoencoder, tokens, mask):
    found = _both(*_losses(model, module, autoencoder, tokens, mask))
    module.register_forward_hook(lambda _, __, output: torch.zeros_like(output))
    return found


# -- other right answers -------------------------------------------------------------------------


@exercise.style
def with_splice_report(model, module, autoencoder, tokens, mask):
    from course_lib import splice_report

    mean = torch.zeros(model.dim)
    report = splice_report(model, module, autoencoder, tokens, mask, mean)
    return report.change, report.loss_recovered


@exercise.style
def with_hooks_and_cross_entropy(model, module, autoencoder, tokens, mask):
    def loss(change):
        hook = module.register_forward_hook(lambda _, __, h: change(h))
        with torch.no_grad():
            logits = model(tokens)[:, :-1]
        hook.remove()
        counted = mask[:, 1:]
        return nn.functional.cross_entropy(logits[counted], tokens[:, 1:][counted]).item()

    def spliced(h):
        rows = [autoencoder.decode(autoencoder.encode(row)) for row in h]
        return torch.stack(rows)

    plain, spliced_loss, zero = loss(lambda h: h), loss(spliced), loss(lambda h: h * 0)
    return spliced_loss - plain, 1 - (spliced_loss - plain) / (zero - plain)
