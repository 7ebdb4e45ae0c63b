"""Wrong answers to unit 8, written from the text of the exercises alone,
without sight of the checks.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from course_lib import change_output, language_loss

# ---------------------------------------------------------------- 1 · next_word_loss


def paid(logits: Tensor, tokens: Tensor) -> Tensor:
    """Not handed in: what each word but the first costs, (texts, length - 1)."""
    chosen = logits[:, :-1].log_softmax(dim=-1).gather(-1, tokens[:, 1:, None])
    return -chosen[..., 0]


def word_1_not_shifted(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Each word is to foresee itself."""
    return cross_entropy(logits[mask], tokens[mask])


def word_2_shifted_back(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The word before, not the next one."""
    return cross_entropy(logits[:, 1:][mask[:, 1:]], tokens[:, :-1][mask[:, 1:]])


def word_3_mask_of_the_reader(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The mask is that of the word read: the padding behind each text is to be foreseen."""
    return paid(logits, tokens)[mask[:, :-1]].mean()


def word_4_no_mask(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Padding counts as well."""
    return paid(logits, tokens).mean()


def word_5_mean_of_means(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """A mean for each text, and the mean of these: short texts weigh too much."""
    counted = mask[:, 1:].float()
    per_text = (paid(logits, tokens) * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)
    return per_text.mean()


def word_6_bits(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The logarithm to the base 2."""
    return paid(logits, tokens)[mask[:, 1:]].mean() / math.log(2)


def word_7_first_words_counted(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Divided by all words, the first ones too."""
    return (paid(logits, tokens) * mask[:, 1:]).sum() / mask.sum()


def word_8_zeros_averaged(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Padding costs nothing, but the mean counts it."""
    return (paid(logits, tokens) * mask[:, 1:]).mean()


def word_9_no_softmax(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The logits are taken for logarithms of chances."""
    return -logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0][mask[:, 1:]].mean()


def word_10_log_of_mean(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The logarithm of the mean chance."""
    return -(-paid(logits, tokens)[mask[:, 1:]]).exp().mean().log()


def word_11_one_minus(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """One minus the mean chance, without a logarithm."""
    return 1 - (-paid(logits, tokens)[mask[:, 1:]]).exp().mean()


def word_12_no_gradient(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Right, but without gradient."""
    with torch.no_grad():
        return paid(logits, tokens)[mask[:, 1:]].mean()


def word_13_new_tensor(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """A new tensor of the number: the gradient is cut off."""
    return torch.tensor(paid(logits, tokens)[mask[:, 1:]].mean().item())


def word_14_wrong_axis(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the words of the text."""
    chosen = logits.log_softmax(dim=1)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    return -chosen[mask[:, 1:]].mean()


def word_15_sum(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The sum over the words."""
    return paid(logits, tokens)[mask[:, 1:]].sum()


def word_16_softmax_twice(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """`cross_entropy` is given chances, and takes the softmax once more."""
    return cross_entropy(logits.softmax(dim=-1)[:, :-1][mask[:, 1:]], tokens[:, 1:][mask[:, 1:]])


def word_17_last_word_left_out(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The mask is shifted once too often: only words after the second count."""
    return paid(logits, tokens)[:, 1:][mask[:, 2:]].mean()


def word_18_sign(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The minus is forgotten."""
    return -paid(logits, tokens)[mask[:, 1:]].mean()


def word_19_first_text(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The first text only."""
    return paid(logits, tokens)[0][mask[0, 1:]].mean()


def word_20_likeliest(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The chance of the likeliest word, not of the word that came."""
    return -logits[:, :-1].log_softmax(dim=-1).amax(dim=-1)[mask[:, 1:]].mean()


def word_21_perplexity(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """The exponential of the loss."""
    return paid(logits, tokens)[mask[:, 1:]].mean().exp()


def word_22_logits_masked(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Zeros for the logits at padding, which then counts with the logarithm of the vocabulary."""
    return paid(logits * mask[..., None], tokens * mask).mean()


def word_23_in_place(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Right, but -100 is written over the caller's padding."""
    tokens[~mask] = -100
    return cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())


def word_24_padding_is_zero(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Padding is told by the number 0, not by the mask."""
    return paid(logits, tokens)[tokens[:, 1:] != 0].mean()


def word_25_reshaped(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """`reshape` in place of `transpose` to bring the vocabulary to axis 1."""
    texts, length, vocabulary = logits.shape
    columns = logits[:, :-1].reshape(texts, vocabulary, length - 1)
    return cross_entropy(columns, tokens[:, 1:], reduction="none")[mask[:, 1:]].mean()


def word_26_across_texts(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """Put in a row, then shifted: the first word of a text is foreseen by the text before it."""
    return cross_entropy(logits[mask][:-1], tokens[mask][1:])


def word_27_per_word(logits: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
    """One loss per word: the mean is forgotten."""
    return paid(logits, tokens)[mask[:, 1:]]


# ---------------------------------------------------------------- 2 · layer_activations


def rows_1_padding_too(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """The mask is not used."""
    return collected(model, module, tokens).flatten(0, 1)


def collected(model: nn.Module, module: nn.Module, tokens: Tensor) -> Tensor:
    """Not handed in: what the module puts out, (texts, length, dim)."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        model.eval()
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
        model.train(before)
    return seen[0]


def rows_2_hook_stays(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """The hook is never removed."""
    seen, before = [], model.training
    module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        model.eval()
        with torch.no_grad():
            model(tokens)
    finally:
        model.train(before)
    return seen[0][mask]


def rows_3_no_finally(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """After an error the hook stays, and so does the mode."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    model.eval()
    with torch.no_grad():
        model(tokens)
    handle.remove()
    model.train(before)
    return seen[0][mask]


def rows_4_mode_not_in_finally(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """After an error the hook is gone, but the mode stays."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        model.eval()
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
    model.train(before)
    return seen[0][mask]


def rows_5_dropout(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """The mode is left alone, and dropout on."""
    seen = []
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
    return seen[0][mask]


def rows_6_eval_stays(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """The model stays in evaluation mode."""
    rows = collected(model, module, tokens)[mask]
    model.eval()
    return rows


def rows_7_train_afterwards(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """Afterwards the model is in training mode, whatever it was."""
    rows = collected(model, module, tokens)[mask]
    model.train()
    return rows


def rows_8_gradient(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """The gradient is not taken off."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        model.eval()
        model(tokens)
    finally:
        handle.remove()
        model.train(before)
    return seen[0][mask]


def rows_9_logits(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """What the whole model puts out."""
    return collected(model, model, tokens)[mask]


def rows_10_input(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """What went into the module."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    try:
        model.eval()
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
        model.train(before)
    return seen[0][mask]


def rows_11_only_the_module(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """Dropout is turned off in the module, and on before it."""
    seen, before = [], module.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        module.eval()
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
        module.train(before)
    return seen[0][mask]


def rows_12_place_by_place(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """All first words, then all second words."""
    return collected(model, module, tokens).transpose(0, 1)[mask.T]


def rows_13_first_text(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """The first text only."""
    return collected(model, module, tokens)[0][mask[0]]


def rows_14_zeros(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """Zeros at padding, and the old shape."""
    return collected(model, module, tokens) * mask[..., None]


def rows_15_swallowed(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """An error of the model is swallowed."""
    try:
        return collected(model, module, tokens)[mask]
    except Exception:
        return torch.zeros(0)


def rows_16_all_hooks(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """Removes every hook, those of others too."""
    rows = collected(model, module, tokens)[mask]
    module._forward_hooks.clear()
    return rows


def rows_17_frozen(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """No gradient, for the weights of the model are frozen, and stay so."""
    model.requires_grad_(False)
    return collected(model, module, tokens)[mask]


def rows_18_list(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> list:
    """One tensor per text."""
    h = collected(model, module, tokens)
    return [rows[counted] for rows, counted in zip(h, mask, strict=True)]


def rows_19_eval_too_late(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """Evaluation mode comes after the run."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        with torch.no_grad():
            model(tokens)
        model.eval()
    finally:
        handle.remove()
        model.train(before)
    return seen[0][mask]


def rows_20_padding_only(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """The mask the wrong way round."""
    return collected(model, module, tokens)[~mask]


def rows_21_no_first_words(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """Without the first word of each text, as in the loss."""
    return collected(model, module, tokens)[:, 1:][mask[:, 1:]]


def rows_22_only_the_flag(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """`model.training = False` does not reach the parts of the model."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        model.training = False
        with torch.no_grad():
            model(tokens)
    finally:
        handle.remove()
        model.training = before
    return seen[0][mask]


def rows_23_hook_stays_after_an_error(
    model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor
) -> Tensor:
    """The mode is set back in any case, the hook is not."""
    seen, before = [], model.training
    handle = module.register_forward_hook(lambda module, inputs, output: seen.append(output))
    try:
        model.eval()
        with torch.no_grad():
            model(tokens)
        handle.remove()
    finally:
        model.train(before)
    return seen[0][mask]


def rows_24_means(model: nn.Module, module: nn.Module, tokens: Tensor, mask: Tensor) -> Tensor:
    """One row per text: the mean of its words."""
    h = collected(model, module, tokens) * mask[..., None]
    return h.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)


# ---------------------------------------------------------------- 3 · loss_recovered


def rebuilt(autoencoder: nn.Module, h: Tensor) -> Tensor:
    """Not handed in: the reconstruction, (texts, length, dim)."""
    return autoencoder.decode(autoencoder.encode(h.flatten(0, 1))).view(h.shape)


def losses(model, module, autoencoder, tokens, mask, spliced=None, zeros=None):
    """Not handed in: the loss, the spliced loss and the zero loss; a change may be replaced."""
    plain = language_loss(model, tokens, mask)
    with change_output(module, spliced or (lambda h: rebuilt(autoencoder, h))):
        loss_spliced = language_loss(model, tokens, mask)
    with change_output(module, zeros or torch.zeros_like):
        loss_zeros = language_loss(model, tokens, mask)
    return plain, loss_spliced, loss_zeros


def both(plain: float, spliced: float, zeros: float) -> tuple[float, float]:
    """Not handed in: the two numbers."""
    return spliced - plain, (zeros - spliced) / (zeros - plain)


def recovered_1_over_zeros(model, module, autoencoder, tokens, mask):
    """Divides by the zero loss alone."""
    plain, spliced, zeros = losses(model, module, autoencoder, tokens, mask)
    return spliced - plain, (zeros - spliced) / zeros


def recovered_2_lost(model, module, autoencoder, tokens, mask):
    """The share that is lost."""
    plain, spliced, zeros = losses(model, module, autoencoder, tokens, mask)
    return spliced - plain, (spliced - plain) / (zeros - plain)


def recovered_3_sign(model, module, autoencoder, tokens, mask):
    """The change with the wrong sign."""
    change, recovered = both(*losses(model, module, autoencoder, tokens, mask))
    return -change, recovered


def recovered_4_share(model, module, autoencoder, tokens, mask):
    """The change as a share of the loss."""
    plain, spliced, zeros = losses(model, module, autoencoder, tokens, mask)
    return spliced / plain - 1, (zeros - spliced) / (zeros - plain)


def recovered_5_zero_codes(model, module, autoencoder, tokens, mask):
    """Zeros for the code: the decoder's bias stays."""

    def silent(h):
        z = autoencoder.encode(h.flatten(0, 1))
        return autoencoder.decode(torch.zeros_like(z)).view(h.shape)

    return both(*losses(model, module, autoencoder, tokens, mask, zeros=silent))


def recovered_6_mean(model, module, autoencoder, tokens, mask):
    """The mean activation in place of zeros."""

    def mean(h):
        return h.mean(dim=(0, 1)).expand_as(h).clone()

    return both(*losses(model, module, autoencoder, tokens, mask, zeros=mean))


def recovered_7_swapped(model, module, autoencoder, tokens, mask):
    """The loss recovered first."""
    change, recovered = both(*losses(model, module, autoencoder, tokens, mask))
    return recovered, change


def recovered_8_tensors(model, module, autoencoder, tokens, mask):
    """Tensors instead of floats."""
    change, recovered = both(*losses(model, module, autoencoder, tokens, mask))
    return torch.tensor(change), torch.tensor(recovered)


def recovered_9_error(model, module, autoencoder, tokens, mask):
    """The error of the reconstruction in the stream's place."""
    spliced = lambda h: h - rebuilt(autoencoder, h)  # noqa: E731
    return both(*losses(model, module, autoencoder, tokens, mask, spliced=spliced))


def recovered_10_logits_zero(model, module, autoencoder, tokens, mask):
    """Zeros in place of the logits."""
    plain, spliced, _ = losses(model, module, autoencoder, tokens, mask)
    with change_output(model, torch.zeros_like):
        zeros = language_loss(model, tokens, mask)
    return both(plain, spliced, zeros)


def recovered_11_nested(model, module, autoencoder, tokens, mask):
    """The splice is inside the block with the zeros: zeros are reconstructed."""
    plain = language_loss(model, tokens, mask)
    with change_output(module, torch.zeros_like):
        zeros = language_loss(model, tokens, mask)
        with change_output(module, lambda h: rebuilt(autoencoder, h)):
            spliced = language_loss(model, tokens, mask)
    return both(plain, spliced, zeros)


def recovered_12_padding(model, module, autoencoder, tokens, mask):
    """Padding counts in the losses."""
    return both(*losses(model, module, autoencoder, tokens, torch.ones_like(mask)))


def recovered_13_transposed(model, module, autoencoder, tokens, mask):
    """The rows are made word by word, and taken back text by text."""

    def spliced(h):
        rows = h.transpose(0, 1).flatten(0, 1)
        return autoencoder.decode(autoencoder.encode(rows)).view(h.shape)

    return both(*losses(model, module, autoencoder, tokens, mask, spliced=spliced))


def recovered_14_percent(model, module, autoencoder, tokens, mask):
    """The loss recovered in percent."""
    change, recovered = both(*losses(model, module, autoencoder, tokens, mask))
    return change, 100 * recovered


def recovered_15_hook_stays(model, module, autoencoder, tokens, mask):
    """Hooks of its own, the last of which stays."""
    result = both(*losses(model, module, autoencoder, tokens, mask))
    module.register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))
    return result


def recovered_16_clamped(model, module, autoencoder, tokens, mask):
    """Kept between 0 and 1, though a reconstruction can be worse than zeros."""
    change, recovered = both(*losses(model, module, autoencoder, tokens, mask))
    return change, min(max(recovered, 0.0), 1.0)


def recovered_17_first_text(model, module, autoencoder, tokens, mask):
    """The first text only."""
    return both(*losses(model, module, autoencoder, tokens[:1], mask[:1]))


def recovered_18_spliced_loss(model, module, autoencoder, tokens, mask):
    """The spliced loss in place of the change."""
    plain, spliced, zeros = losses(model, module, autoencoder, tokens, mask)
    return spliced, (zeros - spliced) / (zeros - plain)


def recovered_19_added(model, module, autoencoder, tokens, mask):
    """The reconstruction is added to the stream."""
    spliced = lambda h: h + rebuilt(autoencoder, h)  # noqa: E731
    return both(*losses(model, module, autoencoder, tokens, mask, spliced=spliced))


def recovered_20_upside_down(model, module, autoencoder, tokens, mask):
    """The fraction upside down."""
    plain, spliced, zeros = losses(model, module, autoencoder, tokens, mask)
    return spliced - plain, (zeros - plain) / (zeros - spliced)


def recovered_21_to_zeros(model, module, autoencoder, tokens, mask):
    """The change counted from the zero loss."""
    plain, spliced, zeros = losses(model, module, autoencoder, tokens, mask)
    return zeros - spliced, (zeros - spliced) / (zeros - plain)


def recovered_22_rounded(model, module, autoencoder, tokens, mask):
    """Rounded to one place."""
    change, recovered = both(*losses(model, module, autoencoder, tokens, mask))
    return round(change, 1), round(recovered, 1)


def recovered_23_last_word(model, module, autoencoder, tokens, mask):
    """Only the last place of each text is reconstructed."""

    def spliced(h):
        changed = h.clone()
        changed[:, -1] = rebuilt(autoencoder, h)[:, -1]
        return changed

    return both(*losses(model, module, autoencoder, tokens, mask, spliced=spliced))


def recovered_24_abs(model, module, autoencoder, tokens, mask):
    """The size of the change: a reconstruction that helps seems to harm."""
    change, recovered = both(*losses(model, module, autoencoder, tokens, mask))
    return abs(change), recovered


# ---------------------------------------------------------------- 4 · small_autoencoder

GOOD_SETTINGS = {"latents": 256, "k": 6, "learning_rate": 0.01, "schedule": "linear"}

small_wrong = [
    # the example of the text
    {"latents": 96, "k": 3, "learning_rate": 0.001},
    # nothing changed
    {},
    # more latents than allowed: those of the lesson
    GOOD_SETTINGS | {"latents": 512},
    # one too many
    GOOD_SETTINGS | {"latents": 257},
    # k is above the bound
    GOOD_SETTINGS | {"k": 8},
    # more steps
    GOOD_SETTINGS | {"num_steps": 1000},
    # another seed
    GOOD_SETTINGS | {"seed": 1},
    # so few latents on that many are dead and the error is high
    GOOD_SETTINGS | {"k": 3},
    # as many latents as dimensions
    GOOD_SETTINGS | {"latents": 64},
    # the rate is left as it was
    GOOD_SETTINGS | {"learning_rate": 0.001},
    # ten times the good rate
    GOOD_SETTINGS | {"learning_rate": 0.1},
    # the L1 penalty in place of TopK: the loss is hardly touched, but L0 is high
    GOOD_SETTINGS | {"k": None, "l1_weight": 0.1},
    # more of it: L0 is still too high, and the error as well
    GOOD_SETTINGS | {"k": None, "l1_weight": 1.0},
    # neither TopK nor a penalty
    GOOD_SETTINGS | {"k": None},
    # the name of another library
    {"latents": 256, "k": 6, "lr": 0.01},
    # a schedule that there is not
    GOOD_SETTINGS | {"schedule": "Linear"},
    # the values alone
    [256, 6, 0.01],
]

# ---------------------------------------------------------------- 5 · best_latent


def judged(said: Tensor, there: Tensor) -> tuple[float, float, float]:
    """Not handed in: precision, recall and F1."""
    hits, yes, places = (int(n.sum()) for n in (said & there, said, there))
    return hits / yes if yes else 0.0, hits / places, 2 * hits / (yes + places)


def chosen_by(z: Tensor, there: Tensor, score, strict: bool = False) -> tuple[int, float]:
    """Not handed in: the latent and the threshold with the highest score."""
    best, found = -1.0, (0, 0.0)
    for latent in range(z.shape[1]):
        for threshold in z[there, latent].unique().tolist():
            said = z[:, latent] > threshold if strict else z[:, latent] >= threshold
            value = score(said, there)
            if value > best:
                best, found = value, (latent, threshold)
    return found


def f1_of(said: Tensor, there: Tensor) -> float:
    return judged(said, there)[2]


def handed_in(latent, threshold, test_z, test_there):
    """Not handed in: the five numbers."""
    return latent, threshold, *judged(test_z[:, latent] >= threshold, test_there)


def latent_1_chosen_on_test(z, there, test_z, test_there):
    """Chosen by the words by which it is judged."""
    return handed_in(*chosen_by(test_z, test_there, f1_of), test_z, test_there)


def latent_2_above(z, there, test_z, test_there):
    """Above the threshold, not at least."""
    latent, threshold = chosen_by(z, there, f1_of, strict=True)
    return latent, threshold, *judged(test_z[:, latent] > threshold, test_there)


def latent_3_active(z, there, test_z, test_there):
    """Says so wherever the latent is active: the threshold is 0."""
    latent = max(range(z.shape[1]), key=lambda i: f1_of(z[:, i] > 0, there))
    return latent, 0.0, *judged(test_z[:, latent] > 0, test_there)


def latent_4_accuracy(z, there, test_z, test_there):
    """The highest share of right answers."""
    found = chosen_by(z, there, lambda said, there: (said == there).float().mean().item())
    return handed_in(*found, test_z, test_there)


def latent_5_precision(z, there, test_z, test_there):
    """The highest precision."""
    found = chosen_by(z, there, lambda said, there: judged(said, there)[0])
    return handed_in(*found, test_z, test_there)


def latent_6_recall(z, there, test_z, test_there):
    """The highest recall."""
    found = chosen_by(z, there, lambda said, there: judged(said, there)[1])
    return handed_in(*found, test_z, test_there)


def latent_7_not_judged_anew(z, there, test_z, test_there):
    """Judged on the words by which it was chosen."""
    return handed_in(*chosen_by(z, there, f1_of), z, there)


def latent_8_recall_first(z, there, test_z, test_there):
    """Recall before precision."""
    latent, threshold, precision, recall, f1 = handed_in(
        *chosen_by(z, there, f1_of), test_z, test_there
    )
    return latent, threshold, recall, precision, f1


def latent_9_f1_first(z, there, test_z, test_there):
    """F1 before precision and recall."""
    latent, threshold, precision, recall, f1 = handed_in(
        *chosen_by(z, there, f1_of), test_z, test_there
    )
    return latent, threshold, f1, precision, recall


def latent_10_tensors(z, there, test_z, test_there):
    """Tensors instead of plain numbers."""
    numbers = handed_in(*chosen_by(z, there, f1_of), test_z, test_there)
    return tuple(torch.tensor(number) for number in numbers)


def latent_11_grid(z, there, test_z, test_there):
    """Ten thresholds in equal steps."""
    best, found = -1.0, (0, 0.0)
    for latent in range(z.shape[1]):
        for threshold in torch.linspace(0, z[:, latent].max().item(), 10).tolist():
            value = f1_of(z[:, latent] >= threshold, there)
            if value > best:
                best, found = value, (latent, threshold)
    return handed_in(*found, test_z, test_there)


def latent_12_threshold_by_test(z, there, test_z, test_there):
    """The threshold is chosen anew on the test words."""
    latent, _ = chosen_by(z, there, f1_of)
    _, threshold = chosen_by(test_z[:, [latent]], test_there, f1_of)
    return handed_in(latent, threshold, test_z, test_there)


def latent_13_nan(z, there, test_z, test_there):
    """NaN when it never says so on the test words."""
    latent, threshold = chosen_by(z, there, f1_of)
    said = test_z[:, latent] >= threshold
    hits = (said & test_there).sum().float()
    precision, recall = (hits / said.sum()).item(), (hits / test_there.sum()).item()
    return latent, threshold, precision, recall, 2 * precision * recall / (precision + recall)


def latent_14_correlation(z, there, test_z, test_there):
    """The latent with the highest correlation, then its best threshold."""
    label = there.to(z.dtype)
    centred, label = z - z.mean(dim=0), label - label.mean()
    latent = int((label @ centred / centred.norm(dim=0).clamp(min=1e-8)).argmax())
    _, threshold = chosen_by(z[:, [latent]], there, f1_of)
    return handed_in(latent, threshold, test_z, test_there)


def latent_15_difference(z, there, test_z, test_there):
    """The latent whose mean is higher by most, as in the dossier; then its best threshold."""
    latent = int((z[there].mean(dim=0) - z[~there].mean(dim=0)).argmax())
    _, threshold = chosen_by(z[:, [latent]], there, f1_of)
    return handed_in(latent, threshold, test_z, test_there)


def latent_16_plain_mean(z, there, test_z, test_there):
    """F1 as the plain mean of precision and recall."""
    score = lambda said, there: sum(judged(said, there)[:2]) / 2  # noqa: E731
    latent, threshold = chosen_by(z, there, score)
    precision, recall, _ = judged(test_z[:, latent] >= threshold, test_there)
    return latent, threshold, precision, recall, (precision + recall) / 2


def latent_17_last_latent(z, there, test_z, test_there):
    """The best so far is reset for each latent: the last one wins."""
    latent = z.shape[1] - 1
    _, threshold = chosen_by(z[:, [latent]], there, f1_of)
    return handed_in(latent, threshold, test_z, test_there)


def latent_18_counted_from_one(z, there, test_z, test_there):
    """Latents are counted from 1."""
    latent, *others = handed_in(*chosen_by(z, there, f1_of), test_z, test_there)
    return latent + 1, *others


def latent_19_ranks(z, there, test_z, test_there):
    """Sorted and added up: words with the same activation are told apart by their order."""
    best, found = -1.0, (0, 0.0)
    for latent in range(z.shape[1]):
        values, order = z[:, latent].sort(descending=True, stable=True)
        hits = there[order].cumsum(dim=0)
        f1 = 2 * hits / (torch.arange(1, len(z) + 1) + there.sum())
        if f1.max().item() > best:
            best, found = f1.max().item(), (latent, values[f1.argmax()].item())
    return handed_in(*found, test_z, test_there)


def latent_20_both_classes(z, there, test_z, test_there):
    """The mean of the F1 of yes and the F1 of no."""

    def score(said, there):
        return f1_of(said, there) + (f1_of(~said, ~there) if (~there).any() else 0.0)

    latent, threshold = chosen_by(z, there, score)
    said = test_z[:, latent] >= threshold
    return (latent, threshold, *judged(said, test_there)[:2], score(said, test_there) / 2)


def latent_21_median(z, there, test_z, test_there):
    """One threshold per latent: its median where the feature is."""
    medians = z[there].median(dim=0).values
    latent = max(range(z.shape[1]), key=lambda i: f1_of(z[:, i] >= medians[i], there))
    return handed_in(latent, medians[latent].item(), test_z, test_there)


def latent_22_whole_threshold(z, there, test_z, test_there):
    """The threshold is cut to a whole number."""
    latent, threshold = chosen_by(z, there, f1_of)
    return handed_in(latent, float(int(threshold)), test_z, test_there)


def latent_23_smoothed(z, there, test_z, test_there):
    """1 is added below the fraction, so that nothing is divided by 0."""
    latent, threshold = chosen_by(z, there, f1_of)
    said = test_z[:, latent] >= threshold
    hits, yes, places = (int(n.sum()) for n in (said & test_there, said, test_there))
    return latent, threshold, hits / (yes + 1), hits / (places + 1), 2 * hits / (yes + places + 1)


def latent_24_one_threshold(z, there, test_z, test_there):
    """The best threshold of the first latent is used for all."""
    _, threshold = chosen_by(z[:, :1], there, f1_of)
    latent = max(range(z.shape[1]), key=lambda i: f1_of(z[:, i] >= threshold, there))
    return handed_in(latent, threshold, test_z, test_there)


def latent_25_in_place(z, there, test_z, test_there):
    """Right, but the caller's codes are sorted."""
    numbers = handed_in(*chosen_by(z, there, f1_of), test_z, test_there)
    z.copy_(z.sort(dim=0).values)
    return numbers


def latent_26_dictionary(z, there, test_z, test_there):
    """A dictionary with names."""
    names = ("latent", "threshold", "precision", "recall", "f1")
    numbers = handed_in(*chosen_by(z, there, f1_of), test_z, test_there)
    return dict(zip(names, numbers, strict=True))


# ---------------------------------------------------------------- 6 · switch_off


def share(z: Tensor, atoms: Tensor, latent: int) -> Tensor:
    """Not handed in: what the latent adds at each word, (texts, length, dim)."""
    return z[..., latent, None] * atoms[latent]


def off_1_everywhere(h, z, atoms, latent, where):
    """At all words."""
    return h - share(z, atoms, latent)


def off_2_error_lost(h, z, atoms, latent, where):
    """The reconstruction without the latent, at these words: the error is gone."""
    without = z.clone()
    without[..., latent] = 0
    return torch.where(where[..., None], without @ atoms, h)


def off_3_error_lost_everywhere(h, z, atoms, latent, where):
    """The reconstruction at all words; the latent is off at these."""
    without = z.clone()
    without[..., latent] = torch.where(where, 0.0, z[..., latent])
    return without @ atoms


def off_4_in_place(h, z, atoms, latent, where):
    """Right, but written over the caller's stream."""
    h[where] -= share(z, atoms, latent)[where]
    return h


def off_5_code_in_place(h, z, atoms, latent, where):
    """Right, but the caller's code is set to 0."""
    result = h - share(z, atoms, latent) * where[..., None]
    z[..., latent] = torch.where(where, 0.0, z[..., latent])
    return result


def off_6_added(h, z, atoms, latent, where):
    """Added instead of taken away."""
    return h + share(z, atoms, latent) * where[..., None]


def off_7_unit_atoms(h, z, atoms, latent, where):
    """Atoms are brought to length 1."""
    return h - share(z, normalize(atoms, dim=1), latent) * where[..., None]


def off_8_atom_once(h, z, atoms, latent, where):
    """The atom is taken away once, not as often as the latent says."""
    return h - atoms[latent] * where[..., None]


def off_9_column(h, z, atoms, latent, where):
    """A column of the atoms: as long as the stream only if there are as many latents."""
    return h - z[..., latent, None] * atoms[:, latent] * where[..., None]


def off_10_elsewhere(h, z, atoms, latent, where):
    """At all other words."""
    return h - share(z, atoms, latent) * ~where[..., None]


def off_11_projected(h, z, atoms, latent, where):
    """The whole direction is taken out of the stream."""
    d = normalize(atoms[latent], dim=0)
    return h - (h @ d)[..., None] * d * where[..., None]


def off_12_only_rows(h, z, atoms, latent, where):
    """Only the changed words are returned."""
    return (h - share(z, atoms, latent))[where]


def off_13_zeros(h, z, atoms, latent, where):
    """The whole stream becomes 0 there."""
    return h * ~where[..., None]


def off_14_all_others(h, z, atoms, latent, where):
    """All latents but this one are switched off."""
    return h - (z @ atoms - share(z, atoms, latent)) * where[..., None]


def off_15_next_latent(h, z, atoms, latent, where):
    """Latents are counted from 1."""
    return h - share(z, atoms, latent - 1) * where[..., None]


def off_16_mean_code(h, z, atoms, latent, where):
    """The mean of the latent at these words is taken away at each."""
    mean = z[..., latent][where].mean() if where.any() else 0.0
    return h - mean * atoms[latent] * where[..., None]


def off_17_first_text(h, z, atoms, latent, where):
    """In the first text only."""
    result = h.clone()
    result[0, where[0]] -= share(z, atoms, latent)[0, where[0]]
    return result


def off_18_all_texts(h, z, atoms, latent, where):
    """At a place in every text if it is asked for in one."""
    return h - share(z, atoms, latent) * where.any(dim=0)[:, None]


def off_19_from_there_on(h, z, atoms, latent, where):
    """From the first of these words to the end of the text."""
    onwards = where.int().cumsum(dim=1) > 0
    return h - share(z, atoms, latent) * onwards[..., None]


def off_20_next_word(h, z, atoms, latent, where):
    """One word too late."""
    return h - share(z, atoms, latent) * where.roll(1, dims=1)[..., None]


def off_21_one_word(h, z, atoms, latent, where):
    """The loop returns after the first word."""
    result = h.clone()
    for text, word in where.nonzero().tolist():
        result[text, word] -= z[text, word, latent] * atoms[latent]
        return result
    return result


def off_22_length_squared(h, z, atoms, latent, where):
    """Divided by the squared length of the atom."""
    d = atoms[latent]
    return h - share(z, atoms, latent) / d.square().sum().clamp(min=1e-8) * where[..., None]


def off_23_whole_reconstruction(h, z, atoms, latent, where):
    """All latents are switched off."""
    return h - (z @ atoms) * where[..., None]


def off_24_index(h, z, atoms, latent, where):
    """The words are taken as numbers of texts, 0 and 1."""
    result = h.clone()
    result[where.long().flatten()[: len(h)].clamp(max=len(h) - 1)] -= share(z, atoms, latent)
    return result


def off_25_where_on_the_stream(h, z, atoms, latent, where):
    """The other words become 0."""
    return (h - share(z, atoms, latent)) * where[..., None]


def off_26_at_least_zero(h, z, atoms, latent, where):
    """The stream may not become negative."""
    return (h - share(z, atoms, latent) * where[..., None]).clamp(min=0)


# ---------------------------------------------------------------- 7 · steer_story

BLUE_VALUES = {51: 2.96, 73: 1.41, 249: 1.29, 7: 0.84}  # the means before "blue"
RED_OFF = {172: 0.0, 72: 0.0, 116: 0.0, 55: 0.0}

steer_wrong = [
    # nothing is set
    {},
    # the example of the text
    {20: 2.0, 120: 2.0, 220: 2.0},
    # only the latent that is highest before "blue"
    {51: 2.96},
    # "red" is switched off; nothing says "blue"
    RED_OFF,
    # "blue" is switched on; "red" stays on
    BLUE_VALUES,
    # one for one: the two highest
    {172: 0.0, 51: 2.96},
    # the red latents at the values of "blue", and the reverse
    {172: 2.96, 72: 1.41, 51: 0.0, 73: 0.0},
    # the blue ones are switched off
    RED_OFF | dict.fromkeys(BLUE_VALUES, 0.0),
    # more than four
    RED_OFF | BLUE_VALUES | {35: 1.09},
    # far more: the whole code
    RED_OFF | BLUE_VALUES | dict.fromkeys(range(200, 220), 0.0),
    # a latent that there is not
    BLUE_VALUES | {256: 0.0},
    # numbers without values
    list(BLUE_VALUES),
    # names instead of numbers
    {str(latent): value for latent, value in BLUE_VALUES.items()},
    # the wanted chance
    0.97,
    # values that are not finite
    RED_OFF | BLUE_VALUES | {51: math.inf},
]

# ---------------------------------------------------------------- 8 · conclusions

RIGHT_CONCLUSIONS = {
    "this_word": "a",
    "many_atoms": "h",
    "recovered": "b",
    "best_of_many": "d",
    "pushed": "c",
    "without": "g",
    "one_model": "e",
    "half_found": "f",
}

conclusions_wrong = [
    # a probe is judged by other stories; a push by an untrained model
    RIGHT_CONCLUSIONS | {"this_word": "c", "pushed": "a"},
    # one seed: other stories; the best of many: other seeds
    RIGHT_CONCLUSIONS | {"best_of_many": "e", "one_model": "d"},
    # the best of many wants more latents; the half found other stories
    RIGHT_CONCLUSIONS | {"best_of_many": "f", "half_found": "d"},
    # the loss recovered against random latents
    RIGHT_CONCLUSIONS | {"recovered": "c", "pushed": "b"},
    # the loss recovered against an untrained model
    RIGHT_CONCLUSIONS | {"recovered": "a", "this_word": "b"},
    # a probe of one model: other seeds
    RIGHT_CONCLUSIONS | {"this_word": "e", "one_model": "a"},
    # what is missed: random latents; what is pushed: more latents
    RIGHT_CONCLUSIONS | {"pushed": "f", "half_found": "c"},
    # in the order of the table
    dict(zip(RIGHT_CONCLUSIONS, "abcdefgh", strict=True)),
    # a letter twice
    RIGHT_CONCLUSIONS | {"half_found": "d"},
    # other stories cure everything
    dict.fromkeys(RIGHT_CONCLUSIONS, "d"),
]

WRONG = {
    "next_word_loss": [
        word_1_not_shifted,
        word_2_shifted_back,
        word_3_mask_of_the_reader,
        word_4_no_mask,
        word_5_mean_of_means,
        word_6_bits,
        word_7_first_words_counted,
        word_8_zeros_averaged,
        word_9_no_softmax,
        word_10_log_of_mean,
        word_11_one_minus,
        word_12_no_gradient,
        word_13_new_tensor,
        word_14_wrong_axis,
        word_15_sum,
        word_16_softmax_twice,
        word_17_last_word_left_out,
        word_18_sign,
        word_19_first_text,
        word_20_likeliest,
        word_21_perplexity,
        word_22_logits_masked,
        word_23_in_place,
        word_24_padding_is_zero,
        word_25_reshaped,
        word_26_across_texts,
        word_27_per_word,
    ],
    "layer_activations": [
        rows_1_padding_too,
        rows_2_hook_stays,
        rows_3_no_finally,
        rows_4_mode_not_in_finally,
        rows_5_dropout,
        rows_6_eval_stays,
        rows_7_train_afterwards,
        rows_8_gradient,
        rows_9_logits,
        rows_10_input,
        rows_11_only_the_module,
        rows_12_place_by_place,
        rows_13_first_text,
        rows_14_zeros,
        rows_15_swallowed,
        rows_16_all_hooks,
        rows_17_frozen,
        rows_18_list,
        rows_19_eval_too_late,
        rows_20_padding_only,
        rows_21_no_first_words,
        rows_22_only_the_flag,
        rows_23_hook_stays_after_an_error,
        rows_24_means,
    ],
    "loss_recovered": [
        recovered_1_over_zeros,
        recovered_2_lost,
        recovered_3_sign,
        recovered_4_share,
        recovered_5_zero_codes,
        recovered_6_mean,
        recovered_7_swapped,
        recovered_8_tensors,
        recovered_9_error,
        recovered_10_logits_zero,
        recovered_11_nested,
        recovered_12_padding,
        recovered_13_transposed,
        recovered_14_percent,
        recovered_15_hook_stays,
        recovered_16_clamped,
        recovered_17_first_text,
        recovered_18_spliced_loss,
        recovered_19_added,
        recovered_20_upside_down,
        recovered_21_to_zeros,
        recovered_22_rounded,
        recovered_23_last_word,
        recovered_24_abs,
    ],
    "small_autoencoder": small_wrong,
    "best_latent": [
        latent_1_chosen_on_test,
        latent_2_above,
        latent_3_active,
        latent_4_accuracy,
        latent_5_precision,
        latent_6_recall,
        latent_7_not_judged_anew,
        latent_8_recall_first,
        latent_9_f1_first,
        latent_10_tensors,
        latent_11_grid,
        latent_12_threshold_by_test,
        latent_13_nan,
        latent_14_correlation,
        latent_15_difference,
        latent_16_plain_mean,
        latent_17_last_latent,
        latent_18_counted_from_one,
        latent_19_ranks,
        latent_20_both_classes,
        latent_21_median,
        latent_22_whole_threshold,
        latent_23_smoothed,
        latent_24_one_threshold,
        latent_25_in_place,
        latent_26_dictionary,
    ],
    "switch_off": [
        off_1_everywhere,
        off_2_error_lost,
        off_3_error_lost_everywhere,
        off_4_in_place,
        off_5_code_in_place,
        off_6_added,
        off_7_unit_atoms,
        off_8_atom_once,
        off_9_column,
        off_10_elsewhere,
        off_11_projected,
        off_12_only_rows,
        off_13_zeros,
        off_14_all_others,
        off_15_next_latent,
        off_16_mean_code,
        off_17_first_text,
        off_18_all_texts,
        off_19_from_there_on,
        off_20_next_word,
        off_21_one_word,
        off_22_length_squared,
        off_23_whole_reconstruction,
        off_24_index,
        off_25_where_on_the_stream,
        off_26_at_least_zero,
    ],
    "steer_story": steer_wrong,
    "conclusions": conclusions_wrong,
}
