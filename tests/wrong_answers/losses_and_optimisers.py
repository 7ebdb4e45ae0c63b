"""Wrong answers to unit 3, written from the text of the exercises alone,
without sight of the checks.
"""

import math

import torch
from torch import Tensor, nn

# ---------------------------------------------------------------- 1 · descent_by_hand

RIGHT_DESCENT = {
    "w_after_one_step": 2,
    "w_after_two_steps": 3,
    "w_after_one_large_step": 8,
    "w_after_two_large_steps": 0,
    "fate_at_1": "swings",
    "fate_at_0_9": "settles",
    "fate_at_1_1": "diverges",
}

descent_wrong = [
    # the factor 2 of the slope forgotten: with rate 1 one lands on 4 at once
    RIGHT_DESCENT
    | {
        "w_after_one_step": 1,
        "w_after_two_steps": 1.75,
        "w_after_one_large_step": 4,
        "w_after_two_large_steps": 4,
        "fate_at_1": "settles",
    },
    # up the slope instead of down
    RIGHT_DESCENT
    | {
        "w_after_one_step": -2,
        "w_after_two_steps": -5,
        "w_after_one_large_step": -8,
        "w_after_two_large_steps": -32,
        "fate_at_1": "diverges",
        "fate_at_0_9": "diverges",
    },
    # the slope of the start for the second step too
    RIGHT_DESCENT | {"w_after_two_steps": 4, "w_after_two_large_steps": 16},
    # the loss, 16, instead of its slope
    RIGHT_DESCENT
    | {
        "w_after_one_step": -4,
        "w_after_two_steps": -20,
        "w_after_one_large_step": -16,
        "w_after_two_large_steps": -416,
    },
    # the length of the second step instead of the place where it ends
    RIGHT_DESCENT | {"w_after_two_steps": 1, "w_after_two_large_steps": -8},
    # 0.9 also jumps from side to side: taken for swinging for ever
    RIGHT_DESCENT | {"fate_at_0_9": "swings"},
    # everything that jumps over the bottom is thought to diverge
    RIGHT_DESCENT | {"fate_at_1": "diverges", "fate_at_0_9": "diverges"},
    # 1.1 is thought to swing as well, only a little wider
    RIGHT_DESCENT | {"fate_at_1_1": "swings"},
]

# ---------------------------------------------------------------- 2 · mse_loss


def mse_1_sum_over_everything(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """`"sum"` adds up the examples too, as nn.MSELoss does."""
    return nn.functional.mse_loss(prediction, target, reduction=reduction)


def mse_2_wrong_axis(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """Sums over the batch, averages over the numbers: right for square batches only."""
    squares = (prediction - target) ** 2
    return squares.mean() if reduction == "mean" else squares.sum(dim=0).mean()


def mse_3_half(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """The factor 1/2 of some books."""
    squares = (prediction - target) ** 2
    return squares.mean() / 2 if reduction == "mean" else squares.sum(dim=1).mean() / 2


def mse_4_swapped(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """The reductions the wrong way round."""
    squares = (prediction - target) ** 2
    return squares.mean() if reduction == "sum" else squares.sum(dim=1).mean()


def mse_5_no_gradient(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """Right numbers made of Python floats: no gradient."""
    squares = (prediction - target) ** 2
    value = squares.mean() if reduction == "mean" else squares.sum(dim=1).mean()
    return torch.tensor(value.item(), dtype=prediction.dtype)


def mse_6_per_example(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """Forgets the average over the examples: shape (batch,)."""
    squares = (prediction - target) ** 2
    return squares.mean(dim=1) if reduction == "mean" else squares.sum(dim=1)


def mse_7_root(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """The root of the mean square; the norm of each example."""
    squares = (prediction - target) ** 2
    return squares.mean().sqrt() if reduction == "mean" else squares.sum(dim=1).sqrt().mean()


def mse_8_absolute(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """Absolute instead of squared differences."""
    sizes = (prediction - target).abs()
    return sizes.mean() if reduction == "mean" else sizes.sum(dim=1).mean()


def mse_9_square_of_the_mean(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """Averages the differences first and squares then: errors of both signs cancel."""
    difference = prediction - target
    if reduction == "mean":
        return difference.mean() ** 2
    return (difference.sum(dim=1) ** 2).mean()


def mse_10_in_place(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """Right numbers, but the targets of the caller are overwritten with the differences."""
    target -= prediction.detach()
    squares = (prediction - (target + prediction.detach())) ** 2
    return squares.mean() if reduction == "mean" else squares.sum(dim=1).mean()


def mse_11_sum_is_default(prediction: Tensor, target: Tensor, reduction: str = "sum"):
    """The default changed to "sum"."""
    squares = (prediction - target) ** 2
    return squares.mean() if reduction == "mean" else squares.sum(dim=1).mean()


def mse_12_three_numbers(prediction: Tensor, target: Tensor, reduction: str = "mean"):
    """The factor between the two is taken from the example: 3 numbers each."""
    mean = ((prediction - target) ** 2).mean()
    return mean if reduction == "mean" else 3 * mean


# ---------------------------------------------------------------- 3 · make_batches


def batches_1_rest_dropped(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """The last, smaller batch is lost."""
    return [
        (
            x[order[i * batch_size : (i + 1) * batch_size]],
            y[order[i * batch_size : (i + 1) * batch_size]],
        )
        for i in range(len(x) // batch_size)
    ]


def batches_2_y_not_shuffled(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """Only the inputs are shuffled."""
    x = x[order]
    return [
        (x[i : i + batch_size], y[i : i + batch_size]) for i in range(0, len(order), batch_size)
    ]


def batches_3_own_order(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """Shuffles afresh and ignores `order`."""
    order = torch.randperm(len(x))
    return [(x[rows], y[rows]) for rows in order.split(batch_size)]


def batches_4_not_shuffled(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """Forgets the order altogether."""
    return list(zip(x.split(batch_size), y.split(batch_size), strict=True))


def batches_5_chunks(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """`chunk` takes the number of batches, not their size."""
    return [(x[rows], y[rows]) for rows in order.chunk(batch_size)]


def batches_6_inverse_order(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """Sorts by `order`: row i goes to place order[i], the inverse of what is asked."""
    inverse = order.argsort()
    return [(x[rows], y[rows]) for rows in inverse.split(batch_size)]


def batches_7_empty_at_the_end(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """One batch too many: empty where the size divides the number of examples."""
    batches = []
    for i in range(len(x) // batch_size + 1):
        rows = order[i * batch_size : (i + 1) * batch_size]
        batches.append((x[rows], y[rows]))
    return batches


def batches_8_two_lists(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """A pair of lists instead of a list of pairs."""
    rows = order.split(batch_size)
    return [x[r] for r in rows], [y[r] for r in rows]


def batches_9_overlap(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """The end of the slice is taken to belong to it: one row too many in each batch."""
    batches = []
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size + 1]
        batches.append((x[rows], y[rows]))
    return batches


def batches_10_step_one(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """A window that moves on by one row."""
    batches = []
    for start in range(len(x) - batch_size + 1):
        rows = order[start : start + batch_size]
        batches.append((x[rows], y[rows]))
    return batches


def batches_11_x_shuffled_in_place(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """Right batches, but the caller's tensors are shuffled."""
    x[:], y[:] = x[order], y[order]
    return [
        (x[i : i + batch_size].clone(), y[i : i + batch_size].clone())
        for i in range(0, len(x), batch_size)
    ]


def batches_12_rest_filled(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """The last batch is filled up with rows from the start of the order."""
    missing = -len(order) % batch_size
    order = torch.cat([order, order[:missing]])
    return [(x[rows], y[rows]) for rows in order.split(batch_size)]


def batches_13_rest_joined(x: Tensor, y: Tensor, order: Tensor, batch_size: int):
    """The rows that are left over go into the last full batch."""
    pieces = list(order.split(batch_size))
    if len(pieces) > 1 and len(pieces[-1]) < batch_size:
        pieces[-2:] = [torch.cat(pieces[-2:])]
    return [(x[rows], y[rows]) for rows in pieces]


# ---------------------------------------------------------------- 4 · mse_gradients


def gradients_1_no_two(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """The factor 2 forgotten."""
    g = (x @ W.T + b - target) / target.numel()
    return g, g.T @ x, g.sum(dim=0)


def gradients_2_batch_only(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Divides by the batch only; right for one output."""
    g = 2 * (x @ W.T + b - target) / len(x)
    return g, g.T @ x, g.sum(dim=0)


def gradients_3_sum(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Does not divide at all: the gradients of the sum of squares."""
    g = 2 * (x @ W.T + b - target)
    return g, g.T @ x, g.sum(dim=0)


def gradients_4_sign(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Target minus prediction."""
    g = 2 * (target - (x @ W.T + b)) / target.numel()
    return g, g.T @ x, g.sum(dim=0)


def gradients_5_divided_twice(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Averages over the batch once more on the way to W and b."""
    g = 2 * (x @ W.T + b - target) / target.numel()
    return g, g.T @ x / len(x), g.mean(dim=0)


def gradients_6_bias_wrong_axis(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """The bias gradient sums over the outputs: shape (batch,)."""
    g = 2 * (x @ W.T + b - target) / target.numel()
    return g, g.T @ x, g.sum(dim=1)


def gradients_7_outputs_only(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Divides by the number of outputs only; right for a batch of one."""
    g = 2 * (x @ W.T + b - target) / target.shape[1]
    return g, g.T @ x, g.sum(dim=0)


def gradients_8_bias_forgotten(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """The prediction is made without the bias."""
    g = 2 * (x @ W.T - target) / target.numel()
    return g, g.T @ x, g.sum(dim=0)


def gradients_9_weights_turned(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """The weight gradient has shape (in, out)."""
    g = 2 * (x @ W.T + b - target) / target.numel()
    return g, x.T @ g, g.sum(dim=0)


def gradients_10_half(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Copies the 1/2 of the example with two numbers: right for two elements only."""
    g = 2 * (x @ W.T + b - target) / 2
    return g, g.T @ x, g.sum(dim=0)


def gradients_11_of_inputs(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Returns the gradients of x, W, b, as in unit 1."""
    g = 2 * (x @ W.T + b - target) / target.numel()
    return g @ W, g.T @ x, g.sum(dim=0)


def gradients_12_autograd_adds_up(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """Right numbers, but W and b of the caller require gradients after that."""
    W.requires_grad_()
    b.requires_grad_()
    prediction = x @ W.T + b
    prediction.retain_grad()
    ((prediction - target) ** 2).mean().backward()
    return prediction.grad, W.grad, b.grad


def gradients_13_keepdim(x: Tensor, W: Tensor, b: Tensor, target: Tensor):
    """The bias gradient has shape (1, out)."""
    g = 2 * (x @ W.T + b - target) / target.numel()
    return g, g.T @ x, g.sum(dim=0, keepdim=True)


# ---------------------------------------------------------------- 5 · momentum_step


def momentum_1_old_velocity(w, g, v, learning_rate, momentum):
    """Moves with the velocity as it was before."""
    return w - learning_rate * v, momentum * v + g


def momentum_2_rate_in_velocity(w, g, v, learning_rate, momentum):
    """The learning rate stands in the velocity, as in other books: the velocity is wrong."""
    new_v = momentum * v + learning_rate * g
    return w - new_v, new_v


def momentum_3_average(w, g, v, learning_rate, momentum):
    """A running average as in Adam: the gradient is weakened."""
    new_v = momentum * v + (1 - momentum) * g
    return w - learning_rate * new_v, new_v


def momentum_4_sign(w, g, v, learning_rate, momentum):
    """Moves up the slope."""
    new_v = momentum * v + g
    return w + learning_rate * new_v, new_v


def momentum_5_in_place(w, g, v, learning_rate, momentum):
    """Right numbers, but the caller's w and v change."""
    v *= momentum
    v += g
    w -= learning_rate * v
    return w, v


def momentum_6_velocity_in_place(w, g, v, learning_rate, momentum):
    """Right numbers, but mul_ changes the caller's velocity."""
    new_v = v.mul_(momentum) + g
    return w - learning_rate * new_v, new_v


def momentum_7_nesterov(w, g, v, learning_rate, momentum):
    """Nesterov's variant."""
    new_v = momentum * v + g
    return w - learning_rate * (g + momentum * new_v), new_v


def momentum_8_swapped(w, g, v, learning_rate, momentum):
    """Returns velocity and parameter in the wrong order."""
    new_v = momentum * v + g
    return new_v, w - learning_rate * new_v


def momentum_9_on_the_gradient(w, g, v, learning_rate, momentum):
    """The momentum slows down the gradient instead of the velocity."""
    new_v = v + momentum * g
    return w - learning_rate * new_v, new_v


def momentum_10_all_slowed(w, g, v, learning_rate, momentum):
    """Brackets: old velocity and gradient are slowed down together."""
    new_v = momentum * (v + g)
    return w - learning_rate * new_v, new_v


def momentum_11_gradient_twice(w, g, v, learning_rate, momentum):
    """The step of plain descent, plus the step with the velocity."""
    new_v = momentum * v + g
    return w - learning_rate * g - learning_rate * new_v, new_v


def momentum_12_old_velocity_returned(w, g, v, learning_rate, momentum):
    """Right parameter, but the old velocity comes back."""
    return w - learning_rate * (momentum * v + g), v


# ---------------------------------------------------------------- 6 · train


def _loss(model, x, y):
    return ((model(x) - y) ** 2).mean()


def train_1_no_zero_grad(model, batches, optimizer, epochs):
    """The gradients pile up."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
    return losses


def train_2_zero_grad_per_epoch(model, batches, optimizer, epochs):
    """Gradients are cleared once an epoch only."""
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total = 0.0
        for x, y in batches:
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
    return losses


def train_3_last_batch(model, batches, optimizer, epochs):
    """The loss of the last batch stands for the epoch."""
    losses = []
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    return losses


def train_4_sum_of_batches(model, batches, optimizer, epochs):
    """Adds up the losses of the batches without dividing."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total)
    return losses


def train_5_step_first(model, batches, optimizer, epochs):
    """Steps before backward: each step takes the gradients of the batch before."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            loss = _loss(model, x, y)
            optimizer.step()
            optimizer.zero_grad()
            loss.backward()
            total += loss.item()
        losses.append(total / len(batches))
    return losses


def train_6_zeroed_before_the_step(model, batches, optimizer, epochs):
    """zero_grad between backward and step: nothing is learnt."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
    return losses


def train_7_tensors(model, batches, optimizer, epochs):
    """The numbers are tensors."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total = total + loss.detach()
        losses.append(total / len(batches))
    return losses


def train_8_loss_after_the_step(model, batches, optimizer, epochs):
    """The losses are taken after the step."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            _loss(model, x, y).backward()
            optimizer.step()
            with torch.no_grad():
                total += _loss(model, x, y).item()
        losses.append(total / len(batches))
    return losses


def train_9_step_per_epoch(model, batches, optimizer, epochs):
    """One step per epoch."""
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total = 0.0
        for x, y in batches:
            loss = _loss(model, x, y)
            (loss / len(batches)).backward()
            total += loss.item()
        optimizer.step()
        losses.append(total / len(batches))
    return losses


def train_10_per_batch(model, batches, optimizer, epochs):
    """One number per batch instead of per epoch."""
    losses = []
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def train_11_summed_per_example(model, batches, optimizer, epochs):
    """The loss summed per example; right for one output."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = ((model(x) - y) ** 2).sum(dim=1).mean()
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
    return losses


def train_12_own_optimizer(model, batches, optimizer, epochs):
    """A new SGD inside instead of the optimizer that was given."""
    optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
    return losses


def train_13_mean_of_everything_so_far(model, batches, optimizer, epochs):
    """The list of batch losses is not emptied: the average over all epochs so far."""
    losses, seen = [], []
    for _ in range(epochs):
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            seen.append(loss.item())
        losses.append(sum(seen) / len(seen))
    return losses


def train_14_returns_in_first_epoch(model, batches, optimizer, epochs):
    """`return` stands one level too deep."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
        return losses


def train_15_shuffled_each_epoch(model, batches, optimizer, epochs):
    """Batches backwards in every second epoch; the text wants them in order."""
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for x, y in batches if epoch % 2 == 0 else batches[::-1]:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(batches))
    return losses


def train_16_rounded(model, batches, optimizer, epochs):
    """Rounds the losses to two places."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for x, y in batches:
            optimizer.zero_grad()
            loss = _loss(model, x, y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(round(total / len(batches), 2))
    return losses


# ---------------------------------------------------------------- 7 · early_stopping


def stopping_1_patience_plus_one(val_losses, patience):
    """Stops one epoch too late."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited > patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_2_ties_count(val_losses, patience):
    """The same loss again counts as an improvement."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss <= best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_3_from_zero(val_losses, patience):
    """Counts epochs from 0."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses) - 1, best_epoch


def stopping_4_not_in_a_row(val_losses, patience):
    """The counter is never set back to 0."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        else:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_5_previous_epoch(val_losses, patience):
    """Compares with the epoch before, not with the best so far."""
    best, best_epoch, waited, previous = math.inf, 0, 0, math.inf
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        waited = 0 if loss < previous else waited + 1
        previous = loss
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_6_looks_behind(val_losses, patience):
    """The best epoch of the whole list, behind the stop too."""
    best, waited, stop = math.inf, 0, len(val_losses)
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited >= patience:
            stop = epoch
            break
    finite = [math.inf if math.isnan(loss) else loss for loss in val_losses]
    return stop, finite.index(min(finite)) + 1


def stopping_7_nan_improves(val_losses, patience):
    """`not loss >= best` is True for nan: nan counts as an improvement."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if not loss >= best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_8_nan_ignored(val_losses, patience):
    """A nan is skipped: it does not count as an epoch without improvement."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        elif loss >= best:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_9_swapped(val_losses, patience):
    """Best epoch first, stop second."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return best_epoch, epoch
    return best_epoch, len(val_losses)


def stopping_10_best_loss(val_losses, patience):
    """Returns the best loss instead of its epoch."""
    best, waited = math.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, waited = loss, 0
        else:
            waited += 1
        if waited >= patience:
            return epoch, best
    return len(val_losses), best


def stopping_11_nan_stops(val_losses, patience):
    """A nan stops training at once."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience or math.isnan(loss):
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_12_none_at_the_end(val_losses, patience):
    """Forgets the case in which training never stops early: None."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch


def stopping_13_best_plus_patience(val_losses, patience):
    """Stop = best + patience, also where the list ends before."""
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch + patience, best_epoch


def stopping_14_patience_two(val_losses, patience):
    """The patience of the example, 2, for every run."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited == 2:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_15_starts_at_one(val_losses, patience):
    """The best loss begins at 1: runs that begin above have no best epoch."""
    best, best_epoch, waited = 1.0, 1, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            return epoch, best_epoch
    return len(val_losses), best_epoch


def stopping_16_pops(val_losses, patience):
    """Right numbers, but the caller's list is used up."""
    best, best_epoch, waited, epoch = math.inf, 0, 0, 0
    while val_losses:
        loss = val_losses.pop(0)
        epoch += 1
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            break
    return epoch, best_epoch


# ---------------------------------------------------------------- 8 · adam_step


def adam_1_no_correction(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """No bias correction."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - learning_rate * m / (v.sqrt() + eps), m, v


def adam_2_hats_returned(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Returns the corrected averages."""
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    return w - learning_rate * m / (v.sqrt() + eps), m, v


def adam_3_eps_in_root(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Epsilon under the root."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat + eps).sqrt(), m, v


def adam_4_no_root(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """The root forgotten."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat + eps), m, v


def adam_5_always_step_one(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """The power forgotten: every step is corrected as the first."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1), v / (1 - beta2)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_6_times_t(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Times t instead of to the power of t."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1 * t), v / (1 - beta2 * t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_7_counted_from_zero(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Takes t as counted from 0."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_8_g_not_squared(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """|g| instead of g squared in v."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g.abs()
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_9_m_squared(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """v averages the square of m, not of g."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_10_betas_swapped(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """The factors of old and new swapped."""
    m = (1 - beta1) * m + beta1 * g
    v = (1 - beta2) * v + beta2 * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_11_in_place(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Right numbers, but the caller's averages change."""
    m.mul_(beta1).add_((1 - beta1) * g)
    v.mul_(beta2).add_((1 - beta2) * g**2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_12_defaults_fixed(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Writes 0.9 and 0.999 instead of the arguments."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_13_no_eps(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Epsilon forgotten: nan where g was always 0."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / v_hat.sqrt(), m, v


def adam_14_only_m_corrected(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """v is not corrected."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - learning_rate * m / (1 - beta1**t) / (v.sqrt() + eps), m, v


def adam_15_norm(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """One common v for all entries: the mean of the squares."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g**2).mean()
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + eps), m, v


def adam_16_eps_before_hat(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Epsilon is added to the root before it is corrected: too large an epsilon."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    root = (v.sqrt() + eps) / math.sqrt(1 - beta2**t)
    return w - learning_rate * m / (1 - beta1**t) / root, m, v


def adam_17_eps_fixed(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Always 1e-8, whatever epsilon is given."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * m_hat / (v_hat.sqrt() + 1e-8), m, v


def adam_18_bracket_forgotten(w, g, m, v, t, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Brackets forgotten: epsilon is added to the quotient."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - learning_rate * (m_hat / v_hat.sqrt() + eps), m, v


# ---------------------------------------------------------------- 9 · loss_and_rate

RIGHT_RATES = {
    "summed_per_example": 64,
    "rate_for_summed": 0.01,
    "summed_over_everything": 2048,
    "mean_with_more_images": 1,
    "sum_with_more_images": 4,
    "adam_rate_for_summed": 0.001,
}

rates_wrong = [
    # the rate grows with the loss
    RIGHT_RATES | {"rate_for_summed": 40.96},
    # Adam's rate is divided as that of SGD
    RIGHT_RATES | {"adam_rate_for_summed": 0.001 / 64},
    # Adam's rate is divided by the root of the factor
    RIGHT_RATES | {"adam_rate_for_summed": 0.001 / 8},
    # the batch and the image mixed up
    RIGHT_RATES | {"summed_per_example": 32, "rate_for_summed": 0.02},
    # only the images are counted for the sum of everything
    RIGHT_RATES | {"summed_over_everything": 32},
    # nn.MSELoss(reduction="sum") taken for the sum per example
    RIGHT_RATES | {"summed_over_everything": 64, "sum_with_more_images": 1},
    # the mean is thought to grow with the batch
    RIGHT_RATES | {"mean_with_more_images": 4},
    # the mean is thought to shrink with the batch
    RIGHT_RATES | {"mean_with_more_images": 0.25, "sum_with_more_images": 1},
    # the rate is not changed at all
    RIGHT_RATES | {"rate_for_summed": 0.64},
    # the images are taken for 64 x 64 numbers
    RIGHT_RATES | {"summed_per_example": 4096, "rate_for_summed": 0.64 / 4096},
    # the factors the wrong way round
    RIGHT_RATES | {"summed_per_example": 1 / 64, "summed_over_everything": 1 / 2048},
    # compares with the loss per element instead of with 32 images
    RIGHT_RATES | {"sum_with_more_images": 128 * 64},
    # Adam's rate is multiplied
    RIGHT_RATES | {"adam_rate_for_summed": 0.064},
]

# ---------------------------------------------------------------- 10 · five_curves

RIGHT_CURVES = {
    "run_a": "overfitted",
    "run_b": "slow",
    "run_c": "diverged",
    "run_d": "healthy",
    "run_e": "jumpy",
    "cure_slow": "larger rate",
    "cure_jumpy": "smaller rate",
    "cure_overfitted": "more data",
    "keep": "early",
}

curves_wrong = [
    # the training loss of A is lowest: taken for healthy
    RIGHT_CURVES | {"run_a": "healthy", "run_d": "overfitted"},
    # B falls so nicely: taken for healthy
    RIGHT_CURVES | {"run_b": "healthy", "run_d": "slow"},
    # E taken for the diverged one, C for the jumpy one: the axis of C not minded
    RIGHT_CURVES | {"run_c": "jumpy", "run_e": "diverged"},
    # D has stopped falling: taken for slow, and B for overfitted
    RIGHT_CURVES | {"run_a": "healthy", "run_b": "overfitted", "run_d": "slow"},
    # more epochs for the slow run; the question says within 40
    RIGHT_CURVES | {"cure_slow": "more epochs"},
    # the rates the wrong way round
    RIGHT_CURVES | {"cure_slow": "smaller rate", "cure_jumpy": "larger rate"},
    # longer training against overfitting
    RIGHT_CURVES | {"cure_overfitted": "more epochs"},
    # a smaller rate against overfitting
    RIGHT_CURVES | {"cure_overfitted": "smaller rate"},
    # the last weights are kept, where the training loss is lowest
    RIGHT_CURVES | {"keep": "late"},
    # somewhere in the middle
    RIGHT_CURVES | {"keep": "middle"},
    # more epochs for the jumpy run
    RIGHT_CURVES | {"cure_jumpy": "more epochs"},
    # every run that does not fall smoothly is diverged
    RIGHT_CURVES | {"run_e": "diverged"},
]

# ---------------------------------------------------------------- 11 · narrow_valley

valley_wrong = [
    # the numbers of the example
    {"learning_rate": 0.01, "momentum": 0.0},
    # plain descent, as fast as it goes: 9 % of the loss is left
    {"learning_rate": 0.0198, "momentum": 0.0},
    # the usual momentum 0.9 with a careful rate: 0.0009 is left
    {"learning_rate": 0.01, "momentum": 0.9},
    # 0.9 with a rate that is larger: it still swings after 60 steps
    {"learning_rate": 0.02, "momentum": 0.9},
    # momentum, but still the limit of plain descent: 0.0065 is left
    {"learning_rate": 0.02, "momentum": 0.5},
    # the rate beyond what this momentum bears: the steep direction diverges
    {"learning_rate": 0.04, "momentum": 0.7},
    # far too small a rate
    {"learning_rate": 0.001, "momentum": 0.9},
    # almost no friction: swings for very long
    {"learning_rate": 0.01, "momentum": 0.99},
    # the usual 0.1 and 0.9: explodes
    {"learning_rate": 0.1, "momentum": 0.9},
    # a little too much momentum: 0.00018 is left
    {"learning_rate": 0.03, "momentum": 0.85},
    # the keys of torch
    {"lr": 0.03, "momentum": 0.75},
    # numbers without keys
    (0.03, 0.75),
    # the numbers as text
    {"learning_rate": "0.03", "momentum": "0.75"},
    # swapped
    {"learning_rate": 0.75, "momentum": 0.03},
]

WRONG = {
    "descent_by_hand": descent_wrong,
    "mse_loss": [
        mse_1_sum_over_everything,
        mse_2_wrong_axis,
        mse_3_half,
        mse_4_swapped,
        mse_5_no_gradient,
        mse_6_per_example,
        mse_7_root,
        mse_8_absolute,
        mse_9_square_of_the_mean,
        mse_10_in_place,
        mse_11_sum_is_default,
        mse_12_three_numbers,
    ],
    "make_batches": [
        batches_1_rest_dropped,
        batches_2_y_not_shuffled,
        batches_3_own_order,
        batches_4_not_shuffled,
        batches_5_chunks,
        batches_6_inverse_order,
        batches_7_empty_at_the_end,
        batches_8_two_lists,
        batches_9_overlap,
        batches_10_step_one,
        batches_11_x_shuffled_in_place,
        batches_12_rest_filled,
        batches_13_rest_joined,
    ],
    "mse_gradients": [
        gradients_1_no_two,
        gradients_2_batch_only,
        gradients_3_sum,
        gradients_4_sign,
        gradients_5_divided_twice,
        gradients_6_bias_wrong_axis,
        gradients_7_outputs_only,
        gradients_8_bias_forgotten,
        gradients_9_weights_turned,
        gradients_10_half,
        gradients_11_of_inputs,
        gradients_12_autograd_adds_up,
        gradients_13_keepdim,
    ],
    "momentum_step": [
        momentum_1_old_velocity,
        momentum_2_rate_in_velocity,
        momentum_3_average,
        momentum_4_sign,
        momentum_5_in_place,
        momentum_6_velocity_in_place,
        momentum_7_nesterov,
        momentum_8_swapped,
        momentum_9_on_the_gradient,
        momentum_10_all_slowed,
        momentum_11_gradient_twice,
        momentum_12_old_velocity_returned,
    ],
    "train": [
        train_1_no_zero_grad,
        train_2_zero_grad_per_epoch,
        train_3_last_batch,
        train_4_sum_of_batches,
        train_5_step_first,
        train_6_zeroed_before_the_step,
        train_7_tensors,
        train_8_loss_after_the_step,
        train_9_step_per_epoch,
        train_10_per_batch,
        train_11_summed_per_example,
        train_12_own_optimizer,
        train_13_mean_of_everything_so_far,
        train_14_returns_in_first_epoch,
        train_15_shuffled_each_epoch,
        train_16_rounded,
    ],
    "early_stopping": [
        stopping_1_patience_plus_one,
        stopping_2_ties_count,
        stopping_3_from_zero,
        stopping_4_not_in_a_row,
        stopping_5_previous_epoch,
        stopping_6_looks_behind,
        stopping_7_nan_improves,
        stopping_8_nan_ignored,
        stopping_9_swapped,
        stopping_10_best_loss,
        stopping_11_nan_stops,
        stopping_12_none_at_the_end,
        stopping_13_best_plus_patience,
        stopping_14_patience_two,
        stopping_15_starts_at_one,
        stopping_16_pops,
    ],
    "adam_step": [
        adam_1_no_correction,
        adam_2_hats_returned,
        adam_3_eps_in_root,
        adam_4_no_root,
        adam_5_always_step_one,
        adam_6_times_t,
        adam_7_counted_from_zero,
        adam_8_g_not_squared,
        adam_9_m_squared,
        adam_10_betas_swapped,
        adam_11_in_place,
        adam_12_defaults_fixed,
        adam_13_no_eps,
        adam_14_only_m_corrected,
        adam_15_norm,
        adam_16_eps_before_hat,
        adam_17_eps_fixed,
        adam_18_bracket_forgotten,
    ],
    "loss_and_rate": rates_wrong,
    "five_curves": curves_wrong,
    "narrow_valley": valley_wrong,
}
