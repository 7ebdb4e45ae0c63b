"""Wrong answers to unit 7, written from the text of the exercises alone,
without sight of the checks.
"""

import math

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import mse_loss, normalize

# ---------------------------------------------------------------- 1 · leaks_by_hand

RIGHT_LEAKS = {"cosine": 0.1, "nine_on": 0.3, "all_on": 2.0, "dimensions": 400}

leaks_wrong = [
    # the square of the typical cosine
    RIGHT_LEAKS | {"cosine": 0.01},
    # the root, not one over it
    RIGHT_LEAKS | {"cosine": 10},
    # the mean: signs cancel
    RIGHT_LEAKS | {"cosine": 0},
    # the number of the lesson's 64 dimensions
    RIGHT_LEAKS | {"cosine": 0.125},
    # leaks added up as if all had one sign
    RIGHT_LEAKS | {"nine_on": 0.9, "all_on": 40},
    # the mean square, without the root
    RIGHT_LEAKS | {"nine_on": 0.09, "all_on": 4},
    # the interference of one
    RIGHT_LEAKS | {"nine_on": 0.1, "all_on": 0.1},
    # all signs cancel
    RIGHT_LEAKS | {"nine_on": 0, "all_on": 0},
    # divided by the root of the number on
    RIGHT_LEAKS | {"nine_on": 0.1 / 3, "all_on": 0.005},
    # the feature itself is counted in
    RIGHT_LEAKS | {"nine_on": 1.3},
    # the root of the number on alone
    RIGHT_LEAKS | {"nine_on": 3, "all_on": 20},
    # interference is thought never to pass the strength
    RIGHT_LEAKS | {"all_on": 1},
    # half the interference, so twice the dimensions
    RIGHT_LEAKS | {"dimensions": 200},
    # turned the wrong way
    RIGHT_LEAKS | {"dimensions": 25},
    # 9 / 0.15: without roots
    RIGHT_LEAKS | {"dimensions": 60},
    # 3 / 0.15: the last square forgotten
    RIGHT_LEAKS | {"dimensions": 20},
    # one over 0.15 squared: the nine forgotten
    RIGHT_LEAKS | {"dimensions": 44},
]

# ---------------------------------------------------------------- 2 · interference


def _cosines(dictionary: Tensor) -> Tensor:
    rows = normalize(dictionary, dim=1)
    return rows @ rows.T


def leak_1_itself(dictionary: Tensor):
    """The product with itself counts, and a feature disturbs itself most."""
    cosines = _cosines(dictionary)
    return cosines.square().sum(dim=1), cosines.abs().argmax(dim=1)


def leak_2_itself_in_the_sum(dictionary: Tensor):
    """The product with itself is left out for the number, and not for the sum."""
    cosines = _cosines(dictionary)
    leaks = cosines.square().sum(dim=1)
    return leaks, cosines.square().fill_diagonal_(0).argmax(dim=1)


def leak_3_itself_in_the_number(dictionary: Tensor):
    """The product with itself is left out for the sum, and not for the number."""
    cosines = _cosines(dictionary)
    return cosines.square().fill_diagonal_(0).sum(dim=1), cosines.abs().argmax(dim=1)


def leak_4_not_normalised(dictionary: Tensor):
    """Inner products instead of cosines."""
    squares = (dictionary @ dictionary.T).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_5_not_squared(dictionary: Tensor):
    """Cosines, with their signs."""
    cosines = _cosines(dictionary).fill_diagonal_(0)
    return cosines.sum(dim=1), cosines.abs().argmax(dim=1)


def leak_6_sizes(dictionary: Tensor):
    """Sizes of the cosines instead of squares."""
    sizes = _cosines(dictionary).abs().fill_diagonal_(0)
    return sizes.sum(dim=1), sizes.argmax(dim=1)


def leak_7_opposite_is_harmless(dictionary: Tensor):
    """The largest cosine with its sign: an opposite direction does not disturb."""
    cosines = _cosines(dictionary).fill_diagonal_(-2)
    leaks = cosines.clone().fill_diagonal_(0).square().sum(dim=1)
    return leaks, cosines.argmax(dim=1)


def leak_8_zeros_divided(dictionary: Tensor):
    """A feature of zeros makes nan everywhere."""
    rows = dictionary / dictionary.norm(dim=1, keepdim=True)
    squares = (rows @ rows.T).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_9_mean(dictionary: Tensor):
    """The mean over the others."""
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    return squares.sum(dim=1) / (len(dictionary) - 1), squares.argmax(dim=1)


def leak_10_root(dictionary: Tensor):
    """The root of the sum: the typical interference."""
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    return squares.sum(dim=1).sqrt(), squares.argmax(dim=1)


def leak_11_the_cosine(dictionary: Tensor):
    """The largest square instead of the number of its feature."""
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.max(dim=1).values


def leak_12_order(dictionary: Tensor):
    """The two in the wrong order."""
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    return squares.argmax(dim=1), squares.sum(dim=1)


def leak_13_least(dictionary: Tensor):
    """The one that disturbs least."""
    squares = _cosines(dictionary).square()
    most = squares.clone().fill_diagonal_(2).argmin(dim=1)
    return squares.fill_diagonal_(0).sum(dim=1), most


def leak_14_one_subtracted(dictionary: Tensor):
    """The lesson's line: a feature of zeros gets the leak -1."""
    cosines = _cosines(dictionary)
    most = cosines.square().fill_diagonal_(0).argmax(dim=1)
    return cosines.square().sum(dim=1) - 1, most


def leak_15_columns(dictionary: Tensor):
    """Columns are normalised."""
    rows = normalize(dictionary, dim=0)
    squares = (rows @ rows.T).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_16_one_a_column(dictionary: Tensor):
    """Features are taken for columns."""
    columns = normalize(dictionary, dim=0)
    squares = (columns.T @ columns).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_17_one_side(dictionary: Tensor):
    """Only the feature that is read has length 1."""
    squares = (normalize(dictionary, dim=1) @ dictionary.T).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_18_each_pair_once(dictionary: Tensor):
    """Each pair counts for its first feature only."""
    squares = _cosines(dictionary).square().triu(diagonal=1)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_19_in_place(dictionary: Tensor):
    """Right numbers, but the caller's rows now have length 1."""
    dictionary /= dictionary.norm(dim=1, keepdim=True).clamp(min=1e-12)
    squares = (dictionary @ dictionary.T).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_20_number_among_others(dictionary: Tensor):
    """The diagonal is cut out, so numbers behind it are one too small."""
    squares = _cosines(dictionary).square()
    n = len(dictionary)
    others = squares[~torch.eye(n, dtype=torch.bool)].view(n, n - 1)
    return others.sum(dim=1), others.argmax(dim=1)


def leak_21_one_added(dictionary: Tensor):
    """1 is added to the norms, to be safe: all cosines are too small."""
    rows = dictionary / (dictionary.norm(dim=1, keepdim=True) + 1)
    squares = (rows @ rows.T).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_22_zeros_dropped(dictionary: Tensor):
    """Features of zeros are left out, so the result is shorter."""
    rows = dictionary[dictionary.abs().sum(dim=1) > 0]
    squares = _cosines(rows).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_23_one_number(dictionary: Tensor):
    """All leaks added up, and one worst pair for the whole dictionary."""
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    return squares.sum(), squares.argmax()


def leak_24_norm_not_rooted(dictionary: Tensor):
    """Divided by the squared length."""
    rows = dictionary / dictionary.square().sum(dim=1, keepdim=True).clamp(min=1e-12)
    squares = (rows @ rows.T).square().fill_diagonal_(0)
    return squares.sum(dim=1), squares.argmax(dim=1)


def leak_25_most_by_products(dictionary: Tensor):
    """Right leaks; but the number by inner products, so long rows win."""
    squares = _cosines(dictionary).square().fill_diagonal_(0)
    products = (dictionary @ dictionary.T).abs().fill_diagonal_(0)
    return squares.sum(dim=1), products.argmax(dim=1)


def leak_26_sum_squared(dictionary: Tensor):
    """The square of the sum instead of the sum of the squares."""
    cosines = _cosines(dictionary).fill_diagonal_(0)
    return cosines.sum(dim=1).square(), cosines.abs().argmax(dim=1)


# ---------------------------------------------------------------- 3 · toy_loss


def toy_1_no_relu(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The ReLU forgotten."""
    told = x @ W @ W.T + b
    return told, ((x - told) ** 2 @ importance).mean()


def toy_2_no_bias(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The bias forgotten."""
    told = (x @ W @ W.T).relu()
    return told, ((x - told) ** 2 @ importance).mean()


def toy_3_bias_outside(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The bias after the ReLU."""
    told = (x @ W @ W.T).relu() + b
    return told, ((x - told) ** 2 @ importance).mean()


def toy_4_mean_over_features(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The mean over everything."""
    told = (x @ W @ W.T + b).relu()
    return told, (importance * (x - told) ** 2).mean()


def toy_5_sum(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The sum over everything."""
    told = (x @ W @ W.T + b).relu()
    return told, (importance * (x - told) ** 2).sum()


def toy_6_importance_squared(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The importance inside the square."""
    told = (x @ W @ W.T + b).relu()
    return told, (importance * (x - told)).square().sum(dim=1).mean()


def toy_7_reading_detached(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """No gradient through the second use of W."""
    told = (x @ W @ W.detach().T + b).relu()
    return told, ((x - told) ** 2 @ importance).mean()


def toy_8_writing_detached(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """No gradient through the first use of W."""
    told = (x @ W.detach() @ W.T + b).relu()
    return told, ((x - told) ** 2 @ importance).mean()


def toy_9_all_alike(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The importance is not used."""
    told = (x @ W @ W.T + b).relu()
    return told, (x - told).square().sum(dim=1).mean()


def toy_10_weighted_mean(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """Divided by the sum of the importances."""
    told = (x @ W @ W.T + b).relu()
    return told, ((x - told) ** 2 @ importance).mean() / importance.sum()


def toy_11_order(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The loss first."""
    told = (x @ W @ W.T + b).relu()
    return ((x - told) ** 2 @ importance).mean(), told


def toy_12_per_example(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The mean over the examples forgotten."""
    told = (x @ W @ W.T + b).relu()
    return told, (x - told) ** 2 @ importance


def toy_13_sizes(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """Sizes of the errors instead of squares."""
    told = (x @ W @ W.T + b).relu()
    return told, ((x - told).abs() @ importance).mean()


def toy_14_loss_before_relu(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The loss looks at what is there before the ReLU."""
    told = x @ W @ W.T + b
    return told.relu(), ((x - told) ** 2 @ importance).mean()


def toy_15_relu_on_h(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """A ReLU on h as well."""
    told = ((x @ W).relu() @ W.T + b).relu()
    return told, ((x - told) ** 2 @ importance).mean()


def toy_16_mean_over_examples_lost(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The sum over the examples, and the mean over the features."""
    told = (x @ W @ W.T + b).relu()
    return told, (importance * (x - told) ** 2).sum(dim=0).mean()


def toy_17_importance_on_x(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The importance weighs the input instead of the error."""
    told = ((importance * x) @ W @ W.T + b).relu()
    return told, (x - told).square().sum(dim=1).mean()


def toy_18_three_examples(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The three examples of the text built in."""
    told = (x @ W @ W.T + b).relu()
    return told, ((x - told) ** 2 @ importance).sum() / 3


def toy_19_no_slopes(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """Right numbers, but the loss is made of a Python float."""
    told = (x @ W @ W.T + b).relu()
    loss = ((x - told) ** 2 @ importance).mean()
    return told, torch.tensor(loss.item(), dtype=x.dtype)


def toy_20_in_place(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The error is written into the caller's inputs."""
    told = (x @ W @ W.T + b).relu()
    x -= told
    return told, (x**2 @ importance).mean()


def toy_21_unit_rows(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The rows are given length 1 first, as atoms are."""
    W = normalize(W, dim=1)
    told = (x @ W @ W.T + b).relu()
    return told, ((x - told) ** 2 @ importance).mean()


def toy_22_mse_times(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """One error for all, times the sum of the importances."""
    told = (x @ W @ W.T + b).relu()
    return told, mse_loss(told, x) * importance.sum()


def toy_23_root_importance(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The root of the importance."""
    told = (x @ W @ W.T + b).relu()
    return told, ((x - told) ** 2 @ importance.sqrt()).mean()


def toy_24_paper(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """The paper's order with our W: fits only if there are as many dimensions as features."""
    told = (x @ W.T @ W + b).relu()
    return told, ((x - told) ** 2 @ importance).mean()


def toy_25_sigmoid(W: Tensor, b: Tensor, x: Tensor, importance: Tensor):
    """A sigmoid in place of the ReLU."""
    told = (x @ W @ W.T + b).sigmoid()
    return told, ((x - told) ** 2 @ importance).mean()


# ---------------------------------------------------------------- 4 · make_examples


def _on(dictionary: Tensor, count: int, active: float) -> Tensor:
    return torch.rand(count, len(dictionary)) < active / len(dictionary)


def _sizes(dictionary: Tensor, count: int, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(count, len(dictionary))


def make_1_one_draw(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """One draw says both whether a feature is on and how strongly: all are near `low`."""
    u = torch.rand(count, len(dictionary))
    z = (u < active / len(dictionary)) * (low + (high - low) * u)
    return z @ dictionary, z


def make_2_exactly(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Always the same number of features, the nearest whole one."""
    u = torch.rand(count, len(dictionary))
    on = u.argsort(dim=1).argsort(dim=1) < max(1, round(active))
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_3_all_together(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """One draw an example: all features are on, or none."""
    on = torch.rand(count, 1) < active / len(dictionary)
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_4_same_for_all(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """One draw a feature: the same ones are on in all examples."""
    on = torch.rand(1, len(dictionary)) < active / len(dictionary)
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_5_by_dimensions(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The chance is divided by the number of dimensions."""
    on = torch.rand(count, len(dictionary)) < active / dictionary.shape[1]
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_6_by_count(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The chance is divided by the number of examples."""
    on = torch.rand(count, len(dictionary)) < active / count
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_7_active_as_chance(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """`active` is taken for the chance."""
    on = torch.rand(count, len(dictionary)) < active
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_8_greater(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The comparison the wrong way round."""
    on = torch.rand(count, len(dictionary)) > active / len(dictionary)
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_9_size_of_example(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """One magnitude for all features of an example."""
    z = _on(dictionary, count, active) * (low + (high - low) * torch.rand(count, 1))
    return z @ dictionary, z


def make_10_size_of_feature(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """One magnitude for each feature, the same in all examples."""
    sizes = low + (high - low) * torch.rand(len(dictionary))
    z = _on(dictionary, count, active) * sizes
    return z @ dictionary, z


def make_11_normal(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Magnitudes from a bell curve, cut at both ends."""
    sizes = (low + high) / 2 + (high - low) / 4 * torch.randn(count, len(dictionary))
    z = _on(dictionary, count, active) * sizes.clamp(low, high)
    return z @ dictionary, z


def make_12_low_plus_high(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """`high` taken for the width: magnitudes reach low + high."""
    z = _on(dictionary, count, active) * (low + high * torch.rand(count, len(dictionary)))
    return z @ dictionary, z


def make_13_from_zero(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """`low` forgotten: magnitudes begin at 0."""
    z = _on(dictionary, count, active) * (high * torch.rand(count, len(dictionary)))
    return z @ dictionary, z


def make_14_code_of_ones(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The code says only who is on; the example is right."""
    on = _on(dictionary, count, active)
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, on.to(z.dtype)


def make_15_order(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The codes first."""
    z = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    return z, z @ dictionary


def make_16_no_sizes(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The example is made of ones, the code holds magnitudes."""
    on = _on(dictionary, count, active)
    return on.float() @ dictionary, on * _sizes(dictionary, count, low, high)


def make_17_all_on(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The draw of who is on forgotten."""
    z = _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_18_mean_of_features(
    dictionary: Tensor, count: int, active: float, low: float, high: float
):
    """The example is the sum divided by the number of features that are on."""
    z = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    return z @ dictionary / (z > 0).sum(dim=1, keepdim=True).clamp(min=1), z


def make_19_unit_examples(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Examples are given length 1."""
    z = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    return normalize(z @ dictionary, dim=1), z


def make_20_own_seed(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Sets the seed itself: each call gives the same examples."""
    torch.manual_seed(0)
    z = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_21_own_generator(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """A generator of its own with a fixed seed: each call gives the same examples."""
    draw = torch.Generator().manual_seed(0)
    on = torch.rand(count, len(dictionary), generator=draw) < active / len(dictionary)
    sizes = low + (high - low) * torch.rand(count, len(dictionary), generator=draw)
    return (on * sizes) @ dictionary, on * sizes


def make_22_whole_active(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """`active` is made a whole number first."""
    z = _on(dictionary, count, int(active)) * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_23_pairs(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Neighbours share their draw: features come in pairs."""
    n = len(dictionary)
    on = (torch.rand(count, (n + 1) // 2) < active / n).repeat_interleave(2, dim=1)[:, :n]
    z = on * _sizes(dictionary, count, low, high)
    return z @ dictionary, z


def make_24_noise(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Some noise on the examples, which nobody asked for."""
    z = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    x = z @ dictionary
    return x + 0.1 * torch.randn_like(x), z


def make_25_evenly(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Evenly is taken for equal steps: feature by feature from `low` to `high`."""
    z = _on(dictionary, count, active) * torch.linspace(low, high, len(dictionary))
    return z @ dictionary, z


def make_26_two_draws(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """The examples are made of other codes than those that are returned."""
    z = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    again = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    return z @ dictionary, again


def make_27_signs(dictionary: Tensor, count: int, active: float, low: float, high: float):
    """Magnitudes with random signs."""
    z = _on(dictionary, count, active) * _sizes(dictionary, count, low, high)
    z = z * torch.randn_like(z).sign()
    return z @ dictionary, z


def make_28_only_one_draw_of_sizes(
    dictionary: Tensor, count: int, active: float, low: float, high: float
):
    """All magnitudes are one and the same number."""
    z = _on(dictionary, count, active) * (low + (high - low) * torch.rand(()))
    return z @ dictionary, z


# ---------------------------------------------------------------- 5 · matching


def _table(atoms: Tensor, features: Tensor) -> Tensor:
    return normalize(features, dim=1) @ normalize(atoms, dim=1).T


def _best(table: Tensor) -> Tensor:
    """Cosines of the best matching, one for each feature that has a partner."""
    rows, columns = linear_sum_assignment(table, maximize=True)
    return table[rows, columns]


def matching_1_mmcs(atoms: Tensor, features: Tensor):
    """Each feature takes its best atom, whoever else has it."""
    best = _table(atoms, features).amax(dim=1)
    return best.mean().item(), (best > 0.9).double().mean().item()


def matching_2_in_turn(atoms: Tensor, features: Tensor):
    """Each feature in turn takes the best atom that is left."""
    table = _table(atoms, features).clone()
    partners = []
    for row in table:
        place = row.argmax()
        partners.append(row[place].item() if row[place] > -2 else 0.0)
        table[:, place] = -3
    n = len(features)
    return sum(partners) / n, sum(p > 0.9 for p in partners) / n


def matching_3_best_pair_first(atoms: Tensor, features: Tensor):
    """The best pair of all first, then the best of those left, and so on."""
    table = _table(atoms, features).clone()
    n, partners = len(features), []
    for _ in range(min(table.shape)):
        place = table.argmax().item()
        i, j = divmod(place, table.shape[1])
        partners.append(table[i, j].item())
        table[i], table[:, j] = -3, -3
    return sum(partners) / n, sum(p > 0.9 for p in partners) / n


def matching_4_worst(atoms: Tensor, features: Tensor):
    """`maximize` forgotten: the worst matching."""
    table = _table(atoms, features)
    rows, columns = linear_sum_assignment(table)
    partners, n = table[rows, columns], len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_5_products(atoms: Tensor, features: Tensor):
    """Inner products instead of cosines."""
    partners, n = _best(features @ atoms.T), len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_6_matched_by_products(atoms: Tensor, features: Tensor):
    """Matched by inner products; only then cosines are taken."""
    rows, columns = linear_sum_assignment(features @ atoms.T, maximize=True)
    partners, n = _table(atoms, features)[rows, columns], len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_7_partners_only(atoms: Tensor, features: Tensor):
    """The mean over the features that have a partner."""
    partners = _best(_table(atoms, features))
    return partners.mean().item(), (partners > 0.9).double().mean().item()


def matching_8_fraction_of_partners(atoms: Tensor, features: Tensor):
    """The mean is right, the fraction is of those that have a partner."""
    partners = _best(_table(atoms, features))
    return partners.sum().item() / len(features), (partners > 0.9).double().mean().item()


def matching_9_over_atoms(atoms: Tensor, features: Tensor):
    """Divided by the number of atoms."""
    partners = _best(_table(atoms, features))
    return partners.sum().item() / len(atoms), (partners > 0.9).sum().item() / len(atoms)


def matching_10_sizes(atoms: Tensor, features: Tensor):
    """Sizes of cosines: an opposite atom counts as found."""
    partners, n = _best(_table(atoms, features).abs()), len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_11_tensors(atoms: Tensor, features: Tensor):
    """Tensors instead of Python floats."""
    partners, n = _best(_table(atoms, features)), len(features)
    return partners.sum() / n, (partners > 0.9).sum() / n


def matching_12_found_by_anyone(atoms: Tensor, features: Tensor):
    """The mean is right, the fraction looks at the best atom of each feature."""
    table = _table(atoms, features)
    found = (table.amax(dim=1) > 0.9).double().mean().item()
    return _best(table).sum().item() / len(features), found


def matching_13_per_cent(atoms: Tensor, features: Tensor):
    """The fraction in per cent."""
    partners, n = _best(_table(atoms, features)), len(features)
    return partners.sum().item() / n, 100 * (partners > 0.9).sum().item() / n


def matching_14_count(atoms: Tensor, features: Tensor):
    """The number of features that were found, not the fraction."""
    partners = _best(_table(atoms, features))
    return partners.sum().item() / len(features), float((partners > 0.9).sum())


def matching_15_order(atoms: Tensor, features: Tensor):
    """The fraction first."""
    partners, n = _best(_table(atoms, features)), len(features)
    return (partners > 0.9).sum().item() / n, partners.sum().item() / n


def matching_16_in_place(atoms: Tensor, features: Tensor):
    """Right numbers, but the caller's atoms now have length 1."""
    atoms /= atoms.norm(dim=1, keepdim=True)
    partners, n = _best(_table(atoms, features)), len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_17_columns(atoms: Tensor, features: Tensor):
    """Columns are normalised."""
    table = normalize(features, dim=0) @ normalize(atoms, dim=0).T
    partners, n = _best(table), len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_18_diagonal(atoms: Tensor, features: Tensor):
    """Feature 0 with atom 0, feature 1 with atom 1, and so on."""
    partners, n = _table(atoms, features).diagonal(), len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_19_atoms_long(atoms: Tensor, features: Tensor):
    """Only the features are given length 1."""
    partners, n = _best(normalize(features, dim=1) @ atoms.T), len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_20_squares(atoms: Tensor, features: Tensor):
    """The matching with the largest sum of squares."""
    table = _table(atoms, features)
    rows, columns = linear_sum_assignment(table.square(), maximize=True)
    partners, n = table[rows, columns], len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_21_most_found(atoms: Tensor, features: Tensor):
    """The matching with the most cosines above 0.9."""
    table = _table(atoms, features)
    rows, columns = linear_sum_assignment((table > 0.9).double(), maximize=True)
    partners, n = table[rows, columns], len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_22_first_atoms(atoms: Tensor, features: Tensor):
    """Only as many atoms as features are looked at, the first ones."""
    partners, n = _best(_table(atoms[: len(features)], features)), len(features)
    return partners.sum().item() / n, (partners > 0.9).sum().item() / n


def matching_23_sum(atoms: Tensor, features: Tensor):
    """The sum of the cosines, not their mean."""
    partners = _best(_table(atoms, features))
    return partners.sum().item(), (partners > 0.9).sum().item() / len(features)


def matching_24_atoms_choose(atoms: Tensor, features: Tensor):
    """Each atom looks for its best feature."""
    best = _table(atoms, features).amax(dim=0)
    return best.mean().item(), (best > 0.9).double().mean().item()


# ---------------------------------------------------------------- 6 · topk_code


def topk_1_sizes(s: Tensor, k: int) -> Tensor:
    """The largest sizes: a large negative one takes a place."""
    where = s.abs().topk(k, dim=1).indices
    return torch.zeros_like(s).scatter(1, where, s.gather(1, where)).relu()


def topk_2_no_relu(s: Tensor, k: int) -> Tensor:
    """Negative ones among the k are kept."""
    largest, where = s.topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, largest)


def topk_3_columns(s: Tensor, k: int) -> Tensor:
    """The k largest of each latent."""
    largest, where = s.topk(min(k, len(s)), dim=0)
    return torch.zeros_like(s).scatter(0, where, largest.relu())


def topk_4_threshold(s: Tensor, k: int) -> Tensor:
    """All that reach the k-th largest value: too many when values are equal."""
    return torch.where(s >= s.topk(k, dim=1).values[:, -1:], s, 0.0).relu()


def topk_5_above_threshold(s: Tensor, k: int) -> Tensor:
    """All above the k-th largest value: one too few."""
    return torch.where(s > s.topk(k, dim=1).values[:, -1:], s, 0.0).relu()


def topk_6_whole_batch(s: Tensor, k: int) -> Tensor:
    """The k largest of the whole table."""
    largest, where = s.flatten().topk(k)
    return torch.zeros_like(s).flatten().scatter(0, where, largest.relu()).view_as(s)


def topk_7_batch_topk(s: Tensor, k: int) -> Tensor:
    """The k largest per example on average: the examples share their places."""
    largest, where = s.flatten().topk(k * len(s))
    return torch.zeros_like(s).flatten().scatter(0, where, largest.relu()).view_as(s)


def topk_8_ones(s: Tensor, k: int) -> Tensor:
    """The code says who is on, not how strongly."""
    largest, where = s.topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, (largest > 0).to(s.dtype))


def topk_9_smallest(s: Tensor, k: int) -> Tensor:
    """The k smallest."""
    least, where = s.topk(k, dim=1, largest=False)
    return torch.zeros_like(s).scatter(1, where, least.relu())


def topk_10_no_slopes(s: Tensor, k: int) -> Tensor:
    """Right numbers, no gradient."""
    largest, where = s.detach().topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, largest.relu())


def topk_11_in_place(s: Tensor, k: int) -> Tensor:
    """Right numbers, but the caller's pre-activations are overwritten."""
    largest, where = s.topk(k, dim=1)
    with torch.no_grad():
        kept = torch.zeros_like(s).scatter(1, where, 1.0)
        s.mul_(kept).relu_()
    return torch.zeros_like(s).scatter(1, where, largest.relu())


def topk_12_one_more(s: Tensor, k: int) -> Tensor:
    """One too many."""
    largest, where = s.topk(min(k + 1, s.shape[1]), dim=1)
    return torch.zeros_like(s).scatter(1, where, largest.relu())


def topk_13_compact(s: Tensor, k: int) -> Tensor:
    """Only the values, shape (batch, k)."""
    return s.topk(k, dim=1).values.relu()


def topk_14_first_columns(s: Tensor, k: int) -> Tensor:
    """The values are written to the first k places."""
    code = torch.zeros_like(s)
    code[:, :k] = s.topk(k, dim=1).values.relu()
    return code


def topk_15_places_of_the_first(s: Tensor, k: int) -> Tensor:
    """The places of the first example are used for all."""
    where = s[0].topk(k).indices
    code = torch.zeros_like(s)
    code[:, where] = s[:, where].relu()
    return code


def topk_16_two(s: Tensor, k: int) -> Tensor:
    """The k of the text built in."""
    largest, where = s.topk(min(2, s.shape[1]), dim=1)
    return torch.zeros_like(s).scatter(1, where, largest.relu())


def topk_17_straight_through(s: Tensor, k: int) -> Tensor:
    """Right numbers, but the gradient reaches all latents."""
    largest, where = s.topk(k, dim=1)
    code = torch.zeros_like(s).scatter(1, where, largest.relu())
    return s + (code - s).detach()


def topk_18_abs_of_negative(s: Tensor, k: int) -> Tensor:
    """Negative ones among the k are turned round instead of cut."""
    largest, where = s.topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, largest.abs())


def topk_19_minus_threshold(s: Tensor, k: int) -> Tensor:
    """What is kept is measured from the first that is dropped."""
    ranked = s.relu().sort(dim=1, descending=True).values
    below = ranked[:, k : k + 1] if k < s.shape[1] else torch.zeros_like(s[:, :1])
    return (s - below).relu()


def topk_20_kept_as_they_are(s: Tensor, k: int) -> Tensor:
    """The others are left as they are, the k largest set to 0."""
    where = s.topk(k, dim=1).indices
    return s.scatter(1, where, 0.0).relu()


def topk_21_relu_only(s: Tensor, k: int) -> Tensor:
    """A plain ReLU; k is not read."""
    return s.relu()


def topk_22_softmax(s: Tensor, k: int) -> Tensor:
    """Values among the k become shares that add up to 1."""
    largest, where = s.topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, largest.softmax(dim=1))


def topk_23_below_dropped(s: Tensor, k: int) -> Tensor:
    """The others get the smallest value of their example instead of 0."""
    largest, where = s.topk(k, dim=1)
    lowest = s.amin(dim=1, keepdim=True).expand_as(s)
    return lowest.scatter(1, where, largest.relu())


def topk_24_at_least_one(s: Tensor, k: int) -> Tensor:
    """An example without a positive one keeps its largest."""
    largest, where = s.topk(k, dim=1)
    kept = largest.relu()
    none = (kept == 0).all(dim=1, keepdim=True)
    first = torch.cat([largest[:, :1], torch.zeros_like(largest[:, 1:])], dim=1)
    return torch.zeros_like(s).scatter(1, where, torch.where(none, first, kept))


# ---------------------------------------------------------------- 7 · aux_loss


def _top(s: Tensor, k: int) -> Tensor:
    largest, where = s.topk(k, dim=1)
    return torch.zeros_like(s).scatter(1, where, largest.relu())


def aux_1_not_constant(x, z, s, dead, dictionary, bias, k):
    """The residual is not a constant."""
    e = x - (z @ dictionary + bias)
    return (e - _top(s[:, dead], k) @ dictionary[dead]).square().sum(dim=1).mean()


def aux_2_bias_again(x, z, s, dead, dictionary, bias, k):
    """The bias is added a second time."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(s[:, dead], k) @ dictionary[dead] - bias).square().sum(dim=1).mean()


def aux_3_all_take_part(x, z, s, dead, dictionary, bias, k):
    """The k largest of all latents, also the living."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(s, k) @ dictionary).square().sum(dim=1).mean()


def aux_4_living_take_places(x, z, s, dead, dictionary, bias, k):
    """The k largest of all, and only then the dead among them."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - (_top(s, k) * dead) @ dictionary).square().sum(dim=1).mean()


def aux_5_the_living(x, z, s, dead, dictionary, bias, k):
    """The living instead of the dead."""
    e = (x - (z @ dictionary + bias)).detach()
    living = ~dead
    codes = _top(s[:, living], min(k, int(living.sum())))
    return (e - codes @ dictionary[living]).square().sum(dim=1).mean()


def aux_6_no_relu(x, z, s, dead, dictionary, bias, k):
    """Without ReLU: negative pre-activations count."""
    e = (x - (z @ dictionary + bias)).detach()
    largest, where = s[:, dead].topk(k, dim=1)
    codes = torch.zeros_like(s[:, dead]).scatter(1, where, largest)
    return (e - codes @ dictionary[dead]).square().sum(dim=1).mean()


def aux_7_mean(x, z, s, dead, dictionary, bias, k):
    """The mean over everything."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(s[:, dead], k) @ dictionary[dead]).square().mean()


def aux_8_sum(x, z, s, dead, dictionary, bias, k):
    """The sum over everything."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(s[:, dead], k) @ dictionary[dead]).square().sum()


def aux_9_residual_without_bias(x, z, s, dead, dictionary, bias, k):
    """The bias is missing in the reconstruction of the living."""
    e = (x - z @ dictionary).detach()
    return (e - _top(s[:, dead], k) @ dictionary[dead]).square().sum(dim=1).mean()


def aux_10_sign_of_residual(x, z, s, dead, dictionary, bias, k):
    """The residual with the wrong sign."""
    e = (z @ dictionary + bias - x).detach()
    return (e - _top(s[:, dead], k) @ dictionary[dead]).square().sum(dim=1).mean()


def aux_11_sizes(x, z, s, dead, dictionary, bias, k):
    """The largest sizes have a say."""
    e = (x - (z @ dictionary + bias)).detach()
    t = s[:, dead]
    where = t.abs().topk(k, dim=1).indices
    codes = torch.zeros_like(t).scatter(1, where, t.gather(1, where).relu())
    return (e - codes @ dictionary[dead]).square().sum(dim=1).mean()


def aux_12_the_wrong_one_detached(x, z, s, dead, dictionary, bias, k):
    """The answer of the dead is a constant, the residual is not."""
    e = x - (z @ dictionary + bias)
    told = (_top(s[:, dead], k) @ dictionary[dead]).detach()
    return (e - told).square().sum(dim=1).mean()


def aux_13_atoms_detached(x, z, s, dead, dictionary, bias, k):
    """No gradient reaches the atoms of the dead."""
    e = (x - (z @ dictionary + bias)).detach()
    told = _top(s[:, dead], k) @ dictionary[dead].detach()
    return (e - told).square().sum(dim=1).mean()


def aux_14_codes_detached(x, z, s, dead, dictionary, bias, k):
    """No gradient reaches the pre-activations of the dead."""
    e = (x - (z @ dictionary + bias)).detach()
    told = _top(s[:, dead], k).detach() @ dictionary[dead]
    return (e - told).square().sum(dim=1).mean()


def aux_15_all_dead(x, z, s, dead, dictionary, bias, k):
    """All dead latents have a say; k is not read."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - s[:, dead].relu() @ dictionary[dead]).square().sum(dim=1).mean()


def aux_16_k_of_the_batch(x, z, s, dead, dictionary, bias, k):
    """The k dead latents with the largest mean over the batch, the same in all examples."""
    e = (x - (z @ dictionary + bias)).detach()
    t, atoms = s[:, dead], dictionary[dead]
    where = t.mean(dim=0).topk(k).indices
    return (e - t[:, where].relu() @ atoms[where]).square().sum(dim=1).mean()


def aux_17_share_of_residual(x, z, s, dead, dictionary, bias, k):
    """Divided by the size of the residual."""
    e = (x - (z @ dictionary + bias)).detach()
    told = _top(s[:, dead], k) @ dictionary[dead]
    return (e - told).square().sum(dim=1).mean() / e.square().sum(dim=1).mean()


def aux_18_root(x, z, s, dead, dictionary, bias, k):
    """The length instead of the sum of squares."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(s[:, dead], k) @ dictionary[dead]).norm(dim=1).mean()


def aux_19_one(x, z, s, dead, dictionary, bias, k):
    """The k of the example built in."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(s[:, dead], 1) @ dictionary[dead]).square().sum(dim=1).mean()


def aux_20_in_place(x, z, s, dead, dictionary, bias, k):
    """Right numbers, but the caller's pre-activations of the living are gone."""
    e = (x - (z @ dictionary + bias)).detach()
    codes = _top(s[:, dead], k)
    s.data[:, ~dead] = -math.inf
    return (e - codes @ dictionary[dead]).square().sum(dim=1).mean()


def aux_21_alpha(x, z, s, dead, dictionary, bias, k):
    """The strength 1/32 of the lesson is built in."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(s[:, dead], k) @ dictionary[dead]).square().sum(dim=1).mean() / 32


def aux_22_usual_loss_too(x, z, s, dead, dictionary, bias, k):
    """The usual loss is added."""
    e = x - (z @ dictionary + bias)
    told = _top(s[:, dead], k) @ dictionary[dead]
    return e.square().sum(dim=1).mean() + (e.detach() - told).square().sum(dim=1).mean()


def aux_23_first_atoms(x, z, s, dead, dictionary, bias, k):
    """The numbers among the dead are taken for numbers among all: the first atoms are used."""
    e = (x - (z @ dictionary + bias)).detach()
    codes = _top(s[:, dead], k)
    return (e - codes @ dictionary[: codes.shape[1]]).square().sum(dim=1).mean()


def aux_24_input(x, z, s, dead, dictionary, bias, k):
    """The dead have to reconstruct the input instead of the residual."""
    return (x - _top(s[:, dead], k) @ dictionary[dead]).square().sum(dim=1).mean()


def aux_25_columns(x, z, s, dead, dictionary, bias, k):
    """The k largest examples of each dead latent."""
    e = (x - (z @ dictionary + bias)).detach()
    t = s[:, dead]
    largest, where = t.topk(min(k, len(t)), dim=0)
    codes = torch.zeros_like(t).scatter(0, where, largest.relu())
    return (e - codes @ dictionary[dead]).square().sum(dim=1).mean()


def aux_26_z_of_the_dead(x, z, s, dead, dictionary, bias, k):
    """The codes of the dead, which are 0, instead of their pre-activations."""
    e = (x - (z @ dictionary + bias)).detach()
    return (e - _top(z[:, dead], k) @ dictionary[dead]).square().sum(dim=1).mean()


def aux_27_only_codes_constant(x, z, s, dead, dictionary, bias, k):
    """Only the codes are constants: the residual still has slopes for the atoms and the bias."""
    e = x - (z.detach() @ dictionary + bias)
    return (e - _top(s[:, dead], k) @ dictionary[dead]).square().sum(dim=1).mean()


# ---------------------------------------------------------------- 8 · seven_reports

RIGHT_REPORTS = {
    "run_a": "too few latents",
    "run_b": "giants",
    "run_c": "seed leak",
    "run_d": "nothing wrong",
    "run_e": "never zero",
    "run_f": "features in pairs",
    "run_g": "no penalty",
    "looks_best": "C",
}

reports_wrong = [
    # the start overlooked: lowest error and a high MMCS taken for healthy
    RIGHT_REPORTS | {"run_c": "nothing wrong", "run_d": "seed leak"},
    # the leak and the plain run swapped
    RIGHT_REPORTS | {"run_c": "no penalty", "run_g": "seed leak"},
    # many dead latents taken for the pairs, the pairs for healthy
    RIGHT_REPORTS | {"run_d": "features in pairs", "run_f": "nothing wrong"},
    # the gap between MMCS and matching overlooked
    RIGHT_REPORTS | {"run_a": "features in pairs", "run_f": "too few latents"},
    # all latents on taken for giants
    RIGHT_REPORTS | {"run_b": "never zero", "run_e": "giants"},
    # all latents on taken for the missing penalty
    RIGHT_REPORTS | {"run_e": "no penalty", "run_g": "never zero"},
    # L0 of 28 taken for the missing penalty
    RIGHT_REPORTS | {"run_b": "no penalty", "run_g": "giants"},
    # one label for two runs
    RIGHT_REPORTS | {"run_c": "no penalty"},
    # the healthy run has nothing wrong
    RIGHT_REPORTS | {"looks_best": "D"},
    # the lowest error alone
    RIGHT_REPORTS | {"looks_best": "G"},
    # the highest MMCS below 0.9
    RIGHT_REPORTS | {"looks_best": "A"},
    # a little error, most of it found
    RIGHT_REPORTS | {"looks_best": "F"},
]

# ---------------------------------------------------------------- 9 · find_features

features_wrong = [
    # the settings of the text's example
    {"latents": 80, "k": 4, "l1_weight": 0.0, "learning_rate": 0.01},
    # k as large as the number of features that are on, and spare latents
    {"latents": 160, "k": 4},
    # all the room there is, with the same k
    {"latents": 200, "k": 4},
    # k of 2, for pairs
    {"latents": 200, "k": 2},
    # a larger k: mixtures
    {"latents": 160, "k": 12},
    # nothing changed: no penalty at all
    {},
    # a weak penalty: too many latents are on
    {"latents": 160, "l1_weight": 0.5},
    # the penalty far too strong
    {"latents": 160, "l1_weight": 6.0},
    # as many latents as features
    {"latents": 80, "l1_weight": 2.0},
    # one latent for each pair
    {"latents": 40, "l1_weight": 2.0},
    # a good penalty, but a small learning rate: not yet trained
    {"latents": 160, "l1_weight": 2.0, "learning_rate": 0.001},
    # a good penalty, but a large learning rate
    {"latents": 160, "l1_weight": 2.0, "learning_rate": 0.1},
    # a tight k on top of the penalty
    {"latents": 160, "k": 4, "l1_weight": 2.0},
    # more latents than allowed
    {"latents": 400, "l1_weight": 2.0},
    # a setting that the training does not have
    {"latents": 160, "l1_weight": 2.0, "num_steps": 2000},
    # another seed, which was to be left alone
    {"latents": 160, "l1_weight": 2.0, "seed": 3},
    # settings as text
    {"latents": "160", "l1_weight": "2.0"},
    # numbers without names
    (160, None, 2.0, 0.01),
    # more k than latents
    {"latents": 8, "k": 12},
    # not a number
    {"latents": 160, "l1_weight": math.nan},
]

# ---------------------------------------------------------------- 10 · better_and_worse

LOW_ERROR = {"latents": 80, "k": 12}
FINDS = {"latents": 160, "l1_weight": 2.0}

both_wrong = [
    # the form of the text, as it stands
    {"low_error": {"latents": 80, "k": 4}, "finds_features": {"latents": 100, "l1_weight": 1.0}},
    # the two swapped
    {"low_error": FINDS, "finds_features": LOW_ERROR},
    # the lowest error of all, without a penalty
    {"low_error": {"latents": 160}, "finds_features": FINDS},
    # a weak penalty: too many latents are on
    {"low_error": {"latents": 160, "l1_weight": 0.5}, "finds_features": FINDS},
    # the same twice
    {"low_error": FINDS, "finds_features": FINDS},
    # fewer found, but no lower error
    {"low_error": {"latents": 40, "k": 4}, "finds_features": FINDS},
    # a lower error, but it finds most features as well
    {"low_error": {"latents": 200, "k": 8}, "finds_features": FINDS},
    # TopK for both: too few are found
    {"low_error": LOW_ERROR, "finds_features": {"latents": 160, "k": 3}},
    # so strong that nothing is found
    {"low_error": LOW_ERROR, "finds_features": {"latents": 160, "l1_weight": 6.0}},
    # one of the two is missing
    {"low_error": LOW_ERROR},
    # other names
    {"better": LOW_ERROR, "worse": FINDS},
    # only one run's settings
    LOW_ERROR,
    # a pair instead of a dictionary
    (LOW_ERROR, FINDS),
    # more k than fits under the bound on L0
    {"low_error": {"latents": 80, "k": 20}, "finds_features": FINDS},
    # results in place of settings
    {"low_error": {"fvu": 0.1}, "finds_features": {"found": 1.0}},
]

WRONG = {
    "leaks_by_hand": leaks_wrong,
    "interference": [
        leak_1_itself,
        leak_2_itself_in_the_sum,
        leak_3_itself_in_the_number,
        leak_4_not_normalised,
        leak_5_not_squared,
        leak_6_sizes,
        leak_7_opposite_is_harmless,
        leak_8_zeros_divided,
        leak_9_mean,
        leak_10_root,
        leak_11_the_cosine,
        leak_12_order,
        leak_13_least,
        leak_14_one_subtracted,
        leak_15_columns,
        leak_16_one_a_column,
        leak_17_one_side,
        leak_18_each_pair_once,
        leak_19_in_place,
        leak_20_number_among_others,
        leak_21_one_added,
        leak_22_zeros_dropped,
        leak_23_one_number,
        leak_24_norm_not_rooted,
        leak_25_most_by_products,
        leak_26_sum_squared,
    ],
    "toy_loss": [
        toy_1_no_relu,
        toy_2_no_bias,
        toy_3_bias_outside,
        toy_4_mean_over_features,
        toy_5_sum,
        toy_6_importance_squared,
        toy_7_reading_detached,
        toy_8_writing_detached,
        toy_9_all_alike,
        toy_10_weighted_mean,
        toy_11_order,
        toy_12_per_example,
        toy_13_sizes,
        toy_14_loss_before_relu,
        toy_15_relu_on_h,
        toy_16_mean_over_examples_lost,
        toy_17_importance_on_x,
        toy_18_three_examples,
        toy_19_no_slopes,
        toy_20_in_place,
        toy_21_unit_rows,
        toy_22_mse_times,
        toy_23_root_importance,
        toy_24_paper,
        toy_25_sigmoid,
    ],
    "make_examples": [
        make_1_one_draw,
        make_2_exactly,
        make_3_all_together,
        make_4_same_for_all,
        make_5_by_dimensions,
        make_6_by_count,
        make_7_active_as_chance,
        make_8_greater,
        make_9_size_of_example,
        make_10_size_of_feature,
        make_11_normal,
        make_12_low_plus_high,
        make_13_from_zero,
        make_14_code_of_ones,
        make_15_order,
        make_16_no_sizes,
        make_17_all_on,
        make_18_mean_of_features,
        make_19_unit_examples,
        make_20_own_seed,
        make_21_own_generator,
        make_22_whole_active,
        make_23_pairs,
        make_24_noise,
        make_25_evenly,
        make_26_two_draws,
        make_27_signs,
        make_28_only_one_draw_of_sizes,
    ],
    "matching": [
        matching_1_mmcs,
        matching_2_in_turn,
        matching_3_best_pair_first,
        matching_4_worst,
        matching_5_products,
        matching_6_matched_by_products,
        matching_7_partners_only,
        matching_8_fraction_of_partners,
        matching_9_over_atoms,
        matching_10_sizes,
        matching_11_tensors,
        matching_12_found_by_anyone,
        matching_13_per_cent,
        matching_14_count,
        matching_15_order,
        matching_16_in_place,
        matching_17_columns,
        matching_18_diagonal,
        matching_19_atoms_long,
        matching_20_squares,
        matching_21_most_found,
        matching_22_first_atoms,
        matching_23_sum,
        matching_24_atoms_choose,
    ],
    "topk_code": [
        topk_1_sizes,
        topk_2_no_relu,
        topk_3_columns,
        topk_4_threshold,
        topk_5_above_threshold,
        topk_6_whole_batch,
        topk_7_batch_topk,
        topk_8_ones,
        topk_9_smallest,
        topk_10_no_slopes,
        topk_11_in_place,
        topk_12_one_more,
        topk_13_compact,
        topk_14_first_columns,
        topk_15_places_of_the_first,
        topk_16_two,
        topk_17_straight_through,
        topk_18_abs_of_negative,
        topk_19_minus_threshold,
        topk_20_kept_as_they_are,
        topk_21_relu_only,
        topk_22_softmax,
        topk_23_below_dropped,
        topk_24_at_least_one,
    ],
    "aux_loss": [
        aux_1_not_constant,
        aux_2_bias_again,
        aux_3_all_take_part,
        aux_4_living_take_places,
        aux_5_the_living,
        aux_6_no_relu,
        aux_7_mean,
        aux_8_sum,
        aux_9_residual_without_bias,
        aux_10_sign_of_residual,
        aux_11_sizes,
        aux_12_the_wrong_one_detached,
        aux_13_atoms_detached,
        aux_14_codes_detached,
        aux_15_all_dead,
        aux_16_k_of_the_batch,
        aux_17_share_of_residual,
        aux_18_root,
        aux_19_one,
        aux_20_in_place,
        aux_21_alpha,
        aux_22_usual_loss_too,
        aux_23_first_atoms,
        aux_24_input,
        aux_25_columns,
        aux_26_z_of_the_dead,
        aux_27_only_codes_constant,
    ],
    "seven_reports": reports_wrong,
    "find_features": features_wrong,
    "better_and_worse": both_wrong,
}
