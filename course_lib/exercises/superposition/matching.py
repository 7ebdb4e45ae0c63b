"""Exercise `matching`: recovery when each atom may serve one feature only.

The matching of greatest total cosine is an assignment problem (Kuhn, "The Hungarian method for the
assignment problem", 1955).
"""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import normalize

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.functions import FunctionExercise


def matching(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """How well atoms fit features, each atom used at most once.

    atoms : what was learnt, one per row, of any length but 0, shape (latents, d)
    features : the known truth, one per row, of any length but 0, shape (features, d)
    Returns the mean cosine of the best matching over all features, and the fraction of features
    whose partner has a cosine above 0.9. A feature without a partner counts as 0; a partner with a
    negative cosine counts as it is.
    """
    ### BEGIN SOLUTION
    atoms = torch.nn.functional.normalize(atoms, dim=1)
    features = torch.nn.functional.normalize(features, dim=1)
    cosines = features @ atoms.T  # (features, latents)
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    partners = cosines[rows, columns]  # (pairs,): as many as the smaller number
    mean = partners.sum().item() / len(features)
    return mean, (partners > 0.9).sum().item() / len(features)
    ### END SOLUTION


def crossed(draw: Draw, pairs: int) -> tuple[Tensor, Tensor]:
    """Atoms and features (2 · pairs, 4 · pairs) in which greed does not pay.

    In each pair the first atom is the best for both features: cosines [[.97, .93], [.94, .35]].
    """
    axes = torch.eye(4 * pairs, dtype=torch.float64)
    atoms, features = [], []
    for i in range(pairs):
        a, b, c, e = axes[4 * i : 4 * i + 4]
        wanted = torch.tensor([[0.97, 0.93], [0.94, 0.35]], dtype=torch.float64)
        first, second = a, b  # two atoms at right angles cannot do it: tilt the second
        second = normalize(0.86 * a + 0.51 * b, dim=0)
        basis = torch.stack([first, second])
        for row in wanted:
            # the vector with these cosines in the plane of the atoms, plus what is left over
            inside = torch.linalg.solve(basis @ basis.T, row) @ basis
            left = (1 - inside.square().sum()).clamp(min=0).sqrt()
            features.append(inside + left * (c if len(features) % 2 else e))
        atoms += [first, second]
    return torch.stack(atoms), torch.stack(features)


def truth_and_found(draw: Draw, pairs: int, lone: int, spare: int, dtype=torch.float32) -> dict:
    """Crossed pairs, features of their own, spare atoms.

    lone : features besides. The first has a good atom, which is as good for another feature that
        has only a poor one of its own; the next has an opposite atom, the others 0.86 and 0.62.
    spare : atoms beyond the features if positive; if negative, so many of the atoms are missing.
    """
    atoms, features = crossed(draw, pairs)
    d = atoms.shape[1] + lone + 4
    features = torch.nn.functional.pad(features, (0, d - features.shape[1]))
    atoms = torch.nn.functional.pad(atoms, (0, d - atoms.shape[1]))
    axes = torch.eye(d, dtype=torch.float64)[4 * pairs :]
    extra = []
    for i in range(lone):
        cosine = (0.955, -0.96, 0.86, 0.62)[i % 4]
        extra.append(cosine * axes[i] + (1 - cosine**2) ** 0.5 * axes[-1])
    spares = [0.5 * axes[i % max(1, lone)] + 0.75**0.5 * axes[-2] for i in range(max(0, spare))]
    for i in range(1, len(spares)):  # no two alike
        spares[i] = spares[i] + 0.2 * draw.normal(d, dtype=torch.float64)
    if extra:
        shares = 0.93 * extra[0] + (1 - 0.93**2) ** 0.5 * axes[-3]
        features = torch.cat([features, axes[:lone], shares[None]])
        atoms = torch.cat([atoms, torch.stack([*extra, 0.3 * shares + 0.91**0.5 * axes[-4]])])
    if spares:
        atoms = torch.cat([atoms, torch.stack(spares)])
    turn = torch.linalg.qr(draw.normal(d, d, dtype=torch.float64)).Q
    order = torch.tensor(draw.shuffled(list(range(len(atoms)))))
    kept = len(atoms) + min(0, spare)
    out = {
        "atoms": (normalize(atoms, dim=1) @ turn)[order][:kept],
        "features": (features @ turn)[torch.tensor(draw.shuffled(list(range(len(features)))))],
    }
    for name, table in out.items():
        out[name] = (table * draw.uniform(len(table), 1, low=0.3, high=3.0)).to(dtype)
    return out


def cases(draw: Draw):
    """More atoms than features, fewer, as many; greed pays in none of them."""
    atom, other = draw.normal(1, 3), draw.normal(1, 3)
    apart = {
        "atoms": atom,
        "features": other - 1.2 * atom * (other * atom).sum().abs() / atom.norm() ** 2 - 0.3 * atom,
    }
    yield Case(apart, note="one atom and one feature, which point apart")
    yield Case(truth_and_found(draw, 1, 0, 0), note="both features like the same atom best")
    yield Case(truth_and_found(draw, 1, 2, 3), note="more atoms than features")
    yield Case(truth_and_found(draw, 2, 3, -2), note="fewer atoms than features")
    yield Case(truth_and_found(draw, 2, 4, 0), note="as many atoms as features")
    yield Case(truth_and_found(draw, 2, 4, 3, torch.float64), note="float64")
    square = {"atoms": draw.normal(6, 6), "features": draw.normal(6, 6)}
    yield Case(square, note="nothing was found: random atoms")
    gaps = {n: t.T.contiguous().T for n, t in truth_and_found(draw, 2, 2, 2).items()}
    yield Case(gaps, note="tables that are not contiguous in memory")


exercise = FunctionExercise(
    matching,
    title="One atom, one feature",
    points=4,
    difficulty=2,
    minutes=20,
    why="MMCS lets one atom stand for many features. A matching does not: it asks whether the "
    "dictionary as a whole was found.",
    cases=cases,
    gradients=False,
    outputs=("mean", "found"),
    hints=(
        "Begin as for the MMCS: rows of length 1, and one product for the cosines of all pairs, "
        "with one row per feature.",
        "`linear_sum_assignment(cosines, maximize=True)` gives two lists: numbers of rows and "
        "numbers of columns. `cosines[rows, columns]` picks out the cosines of the pairs. With "
        "fewer atoms than features there are fewer pairs than features.",
        "Divide the sum of the pairs' cosines by the number of *features*: those without a partner "
        "then count as 0. The same with the number of pairs above 0.9.",
    ),
)


def _cosines(atoms, features):
    return normalize(features, dim=1) @ normalize(atoms, dim=1).T


def _result(partners, features):
    return partners.sum().item() / len(features), (partners > 0.9).sum().item() / len(features)


def _matched(cosines, features, **options):
    rows, columns = linear_sum_assignment(cosines, **({"maximize": True} | options))
    return _result(cosines[rows, columns], features)


@exercise.misconception(
    "This is the MMCS: each feature takes its best atom, and one atom may be taken twice. Here "
    "each atom may serve one feature only."
)
def each_its_best(atoms, features):
    return _result(_cosines(atoms, features).amax(dim=1), features)


@exercise.misconception(
    "You ask of each *atom* for its best feature. Asked for is a matching, and the mean is over "
    "the features."
)
def best_of_each_atom(atoms, features):
    best = _cosines(atoms, features).amax(dim=0)
    return best.mean().item(), (best > 0.9).double().mean().item()


@exercise.misconception(
    "You go through the features one after another, and each takes the best atom that is left. An "
    "early one may take what a later one needs more: the total is not the largest possible. Use "
    "`linear_sum_assignment`."
)
def in_turn(atoms, features):
    cosines = _cosines(atoms, features).clone()
    partners = []
    for i in range(min(cosines.shape)):
        j = cosines[i].argmax()
        partners.append(cosines[i, j].clone())
        cosines[:, j] = -2
    return _result(torch.stack(partners), features)


@exercise.misconception(
    "You take the best pair of all, then the best of what is left, and so on. That is greedy: the "
    "best pair may cost two others more than it brings. Use `linear_sum_assignment`."
)
def best_pair_first(atoms, features):
    cosines = _cosines(atoms, features).clone()
    partners = []
    for _ in range(min(cosines.shape)):
        i, j = divmod(int(cosines.argmax()), cosines.shape[1])
        partners.append(cosines[i, j].clone())
        cosines[i], cosines[:, j] = -2, -2
    return _result(torch.stack(partners), features)


@exercise.misconception(
    "You count the atoms that are the best one for *some* feature, and give each of them its best. "
    "The features that lose their atom could still have another one. Use `linear_sum_assignment`."
)
def doubles_dropped(atoms, features):
    cosines = _cosines(atoms, features)
    best, which = cosines.max(dim=1)
    partners = [best[which == j].amax() for j in which.unique()]
    return _result(torch.stack(partners), features)


@exercise.misconception(
    "You have found the matching of the *smallest* total: that is what `linear_sum_assignment` "
    "does by itself, for it was made for costs. Write `maximize=True`."
)
def smallest_total(atoms, features):
    return _matched(_cosines(atoms, features), features, maximize=False)


@exercise.misconception(
    "You turn the sign of the cosines, so that the smallest cost is the best matching. But then "
    "you also return the turned ones."
)
def sign_kept(atoms, features):
    return _matched(-_cosines(atoms, features), features, maximize=False)


@exercise.misconception(
    "You take the absolute value of the cosines. Codes are not negative: an atom that points the "
    "opposite way stands for nothing."
)
def absolute(atoms, features):
    return _matched(_cosines(atoms, features).abs(), features)


@exercise.misconception(
    "You count partners with a negative cosine as 0. Only a feature *without* a partner counts as "
    "0; a negative cosine counts as it is."
)
def negative_as_zero(atoms, features):
    cosines = _cosines(atoms, features)
    partners = cosines[linear_sum_assignment(cosines, maximize=True)]
    return _result(partners.clamp(min=0), features)


@exercise.misconception(
    "You multiply the rows as they are. A cosine needs rows of length 1: normalise both tables."
)
def not_normalised(atoms, features):
    return _matched(features @ atoms.T, features)


@exercise.misconception(
    "You normalise the atoms, but not the features. Both may have any length here."
)
def features_not_normalised(atoms, features):
    return _matched(features @ normalize(atoms, dim=1).T, features)


@exercise.misconception(
    "You normalise the features, but not the atoms. Both may have any length here."
)
def atoms_not_normalised(atoms, features):
    return _matched(normalize(features, dim=1) @ atoms.T, features)


@exercise.misconception("You normalise the *columns* (dim=0). Atoms and features are rows: dim=1.")
def columns_normalised(atoms, features):
    return _matched(normalize(features, dim=0) @ normalize(atoms, dim=0).T, features)


@exercise.misconception(
    "Your means run over the *pairs*. With fewer atoms than features, some features have no "
    "partner, and must count as 0. Divide by the number of features."
)
def mean_over_pairs(atoms, features):
    cosines = _cosines(atoms, features)
    partners = cosines[linear_sum_assignment(cosines, maximize=True)]
    return partners.mean().item(), (partners > 0.9).double().mean().item()


@exercise.misconception(
    "Your mean runs over the *pairs*, though the fraction is over the features. Features without a "
    "partner count as 0 in both."
)
def mean_over_pairs_alone(atoms, features):
    cosines = _cosines(atoms, features)
    partners = cosines[linear_sum_assignment(cosines, maximize=True)]
    return partners.mean().item(), _result(partners, features)[1]


@exercise.misconception(
    "You divide by the number of *atoms*. Atoms beyond the features cost nothing: divide by the "
    "number of features."
)
def divided_by_atoms(atoms, features):
    return _matched(_cosines(atoms, features), atoms)


@exercise.misconception(
    "Your mean is that of a matching, but the fraction is not: it lets one atom serve several "
    "features. Ask of each feature whether its *partner* is above 0.9."
)
def found_without_matching(atoms, features):
    cosines = _cosines(atoms, features)
    return _matched(cosines, features)[0], _result(cosines.amax(dim=1), features)[1]


@exercise.misconception(
    "Your second number counts features. The fraction is asked for: divide by the number of "
    "features."
)
def counted(atoms, features):
    mean, found = _matched(_cosines(atoms, features), features)
    return mean, found * len(features)


@exercise.misconception(
    "You compare atom 1 with feature 1, atom 2 with feature 2, and so on. Nobody knows the order "
    "in which features are found: look for the best matching."
)
def same_number(atoms, features):
    n = min(len(atoms), len(features))
    return _result(_cosines(atoms, features)[:n, :n].diagonal(), features)


@exercise.misconception(
    "Your bound for `found` is too low: a partner counts from a cosine above 0.9 on."
)
def lower_bound(atoms, features):
    cosines = _cosines(atoms, features)
    partners = cosines[linear_sum_assignment(cosines, maximize=True)]
    return _result(partners, features)[0], (partners > 0.8).sum().item() / len(features)


@exercise.misconception("The two results stand the wrong way round. Return the mean cosine first.")
def swapped(atoms, features):
    return _matched(_cosines(atoms, features), features)[::-1]


@exercise.misconception(
    "Your numbers are right, but they are tensors. Make Python floats of them with `.item()`."
)
def tensors(atoms, features):
    cosines = _cosines(atoms, features)
    partners = cosines[linear_sum_assignment(cosines, maximize=True)]
    return partners.sum() / len(features), (partners > 0.9).sum() / len(features)


@exercise.style
def with_costs(atoms, features):
    a = atoms / atoms.norm(dim=1, keepdim=True)
    t = features / features.norm(dim=1, keepdim=True)
    cost = -(a @ t.T)
    pairs = zip(*linear_sum_assignment(cost.numpy()), strict=True)
    found = [-cost[i, j].item() for i, j in pairs]
    return sum(found) / len(t), sum(c > 0.9 for c in found) / len(t)


@exercise.style
def filled_with_zeros(atoms, features):
    cosines = torch.nn.functional.cosine_similarity(features[:, None], atoms[None], dim=-1)
    rows, columns = linear_sum_assignment(1 - cosines)
    best = torch.zeros(len(features), dtype=cosines.dtype)
    best[rows] = cosines[rows, columns]
    return float(best.mean()), float((best > 0.9).double().mean())
