"""Exercise `recovery`: how much of a known dictionary was found.

    MMCS = mean over the features t of the largest cos(t, a) over all atoms a

(Sharkey, Braun and Millidge, "Taking features out of superposition with sparse autoencoders", 2022)
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.exercises.cases import Case, Draw
from course_lib.exercises.sparse_autoencoder.zero_rows import ZeroRowExercise


def recovery(atoms: Tensor, features: Tensor) -> tuple[float, float]:
    """The mean max cosine similarity, and the fraction of the features that were found.

    atoms : what was learnt, one atom per row, shape (latents, d)
    features : the known truth, one feature per row, shape (features, d)
    Returns the MMCS, and the fraction of features whose best cosine is above 0.9.
    """
    ### BEGIN SOLUTION
    atoms = nn.functional.normalize(atoms, dim=1)
    features = nn.functional.normalize(features, dim=1)
    best = (features @ atoms.T).amax(dim=1)  # (features,)
    return best.mean().item(), (best > 0.9).double().mean().item()
    ### END SOLUTION


def truth_and_found(draw: Draw, features: int, latents: int, d: int, **kind) -> dict[str, Tensor]:
    """Features of any length, and atoms in any order: some are near a feature, one is nearly the
    opposite of one, one serves two features, two go after one, and the rest are random."""
    dtype = kind.get("dtype", torch.float32)
    truth = F.normalize(draw.normal(features, d, dtype=dtype), dim=1)
    found = F.normalize(draw.normal(latents, d, dtype=dtype), dim=1)
    order = draw.shuffled(list(range(latents)))
    near = min(features, latents, max(2, features // 2))
    for i in range(near):
        off = draw.normal(d, scale=0.2 / d**0.5, dtype=dtype)
        sign = -1 if i == 1 else 1
        found[order[i]] = sign * F.normalize(truth[i] + off, dim=0)
    if near < latents:  # a second atom for the first feature
        off = draw.normal(d, scale=0.2 / d**0.5, dtype=dtype)
        found[order[near]] = F.normalize(truth[0] + off, dim=0)
    if latents == 1:  # a feature whose best cosine is negative
        off = draw.normal(d, scale=0.2 / d**0.5, dtype=dtype)
        truth[1] = F.normalize(off - truth[0], dim=0)
    if features > 3:  # one atom between two features
        truth[2] = F.normalize(truth[0] + draw.normal(d, scale=0.1 / d**0.5, dtype=dtype), dim=0)
    lengths = draw.uniform(latents, 1, low=0.2, high=3.0, dtype=dtype)
    sizes = draw.uniform(features, 1, low=0.4, high=2.5, dtype=dtype)
    return {"atoms": found * lengths, "features": truth * sizes}


def around_the_bound(draw: Draw) -> dict[str, Tensor]:
    """Three features at right angles, whose best cosines are 0.86, 0.92 and 0.97."""
    axes = torch.linalg.qr(draw.normal(6, 6, dtype=torch.float64)).Q.float()
    cosines = torch.tensor(draw.shuffled([0.86, 0.92, 0.97]))[:, None]
    atoms = cosines * axes[:3] + (1 - cosines**2).sqrt() * axes[3:]
    return {
        "atoms": atoms * draw.uniform(3, 1, low=0.5, high=3.0),
        "features": axes[:3] * draw.uniform(3, 1, low=0.5, high=3.0),
    }


def cases(draw: Draw):
    """More atoms than features, fewer, as many; one atom; an atom of zeros; float64; gaps."""
    yield Case(truth_and_found(draw, 4, 1, 3), note="a single atom")
    yield Case(truth_and_found(draw, 4, 9, 5), note="more atoms than features")
    yield Case(truth_and_found(draw, 8, 5, 6), note="fewer atoms than features")
    yield Case(truth_and_found(draw, 7, 7, 7), note="as many atoms as features and inputs")
    yield Case(truth_and_found(draw, 6, 10, 4, dtype=torch.float64), note="float64")
    one = truth_and_found(draw, 5, 8, 6)
    one["atoms"][draw.integer(0, 7)] = 0
    yield Case(one, note="one atom is all zeros")
    few = {"atoms": draw.normal(2, 3), "features": draw.normal(3, 3)}
    zero = draw.integer(0, 1)
    few["features"][draw.integer(0, 2)] = -0.5 * few["atoms"][1 - zero]
    few["atoms"][zero] = 0
    yield Case(few, note="one of two atoms is all zeros, and the other opposite to a feature")
    yield Case(around_the_bound(draw), note="best cosines on both sides of 0.9")
    gaps = {name: t.T.contiguous().T for name, t in truth_and_found(draw, 6, 8, 5).items()}
    yield Case(gaps, note="dictionaries that are not contiguous in memory")


exercise = ZeroRowExercise(
    recovery,
    title="How much of the truth was found?",
    points=4,
    difficulty=2,
    minutes=20,
    why="Where the true features are known, this is the one number that cannot be had by a trick "
    "of the loss.",
    cases=cases,
    gradients=False,
    outputs=("mmcs", "found"),
    hints=(
        "Give all rows length 1, in both tables. Then a product of two rows is their cosine, and "
        "one matrix product holds the cosines of all pairs.",
        "`features @ atoms.T` has one row per feature and one column per atom. Each feature looks "
        "for its best atom: along which axis does the maximum run?",
        "`best = (features @ atoms.T).amax(dim=1)` has one number per feature. Return its mean, "
        "and the mean of `best > 0.9` (as numbers, with `.double()`), each with `.item()`.",
    ),
)


def _cosines(atoms, features):
    return F.normalize(features, dim=1) @ F.normalize(atoms, dim=1).T  # (features, latents)


def _result(best):
    return best.mean().item(), (best > 0.9).double().mean().item()


@exercise.misconception(
    "The maximum runs along the wrong axis: you ask of each *atom* how near its nearest feature "
    "is. Atoms that found nothing then pull the mean down, and a missed feature costs nothing. Ask "
    "of each feature how near its nearest atom is."
)
def best_of_each_atom(atoms, features):
    return _result(_cosines(atoms, features).amax(dim=0))


@exercise.misconception(
    "You take the absolute value of the cosines, so an atom that points the opposite way counts as "
    "found. Codes are not negative: such an atom can never stand for the feature."
)
def absolute(atoms, features):
    return _result(_cosines(atoms, features).abs().amax(dim=1))


@exercise.misconception(
    "You multiply the rows as they are. A cosine needs rows of length 1: normalise both tables."
)
def not_normalised(atoms, features):
    return _result((features @ atoms.T).amax(dim=1))


@exercise.misconception(
    "You normalise the atoms, but not the features. Both may have any length here."
)
def features_not_normalised(atoms, features):
    return _result((features @ F.normalize(atoms, dim=1).T).amax(dim=1))


@exercise.misconception(
    "You normalise the features, but not the atoms. Both may have any length here."
)
def atoms_not_normalised(atoms, features):
    return _result((F.normalize(features, dim=1) @ atoms.T).amax(dim=1))


@exercise.misconception("You normalise the *columns* (dim=0). Atoms and features are rows: dim=1.")
def columns_normalised(atoms, features):
    return _result((F.normalize(features, dim=0) @ F.normalize(atoms, dim=0).T).amax(dim=1))


@exercise.misconception(
    "You take the mean over all pairs. Most pairs have nothing to do with each other. Take the "
    "*largest* cosine of each feature first, then the mean."
)
def mean_over_all_pairs(atoms, features):
    cosines = _cosines(atoms, features)
    return cosines.mean().item(), _result(cosines.amax(dim=1))[1]


@exercise.misconception(
    "You return the largest cosine of all, that of the one best pair. Each feature has a largest "
    "cosine of its own; take the mean of these."
)
def one_best_pair(atoms, features):
    cosines = _cosines(atoms, features)
    return cosines.max().item(), _result(cosines.amax(dim=1))[1]


@exercise.misconception(
    "You square the cosines first. Asked for is the cosine itself; and a square makes the opposite "
    "direction look like a find."
)
def squared(atoms, features):
    return _result(_cosines(atoms, features).square().amax(dim=1))


@exercise.misconception(
    "Your `found` is the fraction of all *pairs* with a cosine above 0.9. Ask of each feature "
    "whether its best cosine is."
)
def pairs_above(atoms, features):
    cosines = _cosines(atoms, features)
    return _result(cosines.amax(dim=1))[0], (cosines > 0.9).double().mean().item()


@exercise.misconception(
    "Your `found` counts *pairs* with a cosine above 0.9: a feature with two good atoms counts "
    "twice. Ask of each feature whether its best cosine is."
)
def counts_pairs(atoms, features):
    cosines = _cosines(atoms, features)
    return _result(cosines.amax(dim=1))[0], (cosines > 0.9).sum().item() / len(features)


@exercise.misconception(
    "You take the largest cosine of all, that of the one best pair. Give `max` an axis: each "
    "feature has a largest cosine of its own."
)
def axis_forgotten(atoms, features):
    return _result(_cosines(atoms, features).max())


@exercise.misconception(
    "Your best cosine is never below 0. If no atom points the feature's way, the largest cosine is "
    "negative. Does your search for it begin with 0? Begin with -1, or use `amax`."
)
def never_negative(atoms, features):
    return _result(_cosines(atoms, features).amax(dim=1).clamp(min=0))


@exercise.misconception(
    "You leave atoms of zeros out. They count with a cosine of 0, which may be the largest: all "
    "others may be negative."
)
def zeros_dropped(atoms, features):
    return _result(_cosines(atoms[atoms.any(dim=1)], features).amax(dim=1))


@exercise.misconception(
    "Your `found` is a number of features. The fraction is asked for: divide by the number of "
    "features."
)
def counted(atoms, features):
    best = _cosines(atoms, features).amax(dim=1)
    return best.mean().item(), float((best > 0.9).sum())


@exercise.misconception(
    "You divide the number of features found by the number of *atoms*. Divide by the number of "
    "features."
)
def divided_by_atoms(atoms, features):
    best = _cosines(atoms, features).amax(dim=1)
    return best.mean().item(), (best > 0.9).sum().item() / len(atoms)


@exercise.misconception(
    "Your `found` takes the absolute value, though the MMCS does not. An atom that points the "
    "opposite way has not found the feature."
)
def found_by_the_opposite(atoms, features):
    cosines = _cosines(atoms, features)
    found = (cosines.abs().amax(dim=1) > 0.9).double().mean().item()
    return _result(cosines.amax(dim=1))[0], found


@exercise.misconception(
    "An atom of zeros makes your result NaN: its length is 0, and 0/0 is NaN. Divide by 1 there, "
    "or use `nn.functional.normalize`, which takes care of it."
)
def zero_becomes_nan(atoms, features):
    a = atoms / atoms.norm(dim=1, keepdim=True)
    t = features / features.norm(dim=1, keepdim=True)
    return _result((t @ a.T).amax(dim=1))


@exercise.misconception(
    "You take away each atom once it has been used, so that it serves one feature only. That is "
    "another measure, a one-to-one matching. For the MMCS one atom may serve several features."
)
def used_up(atoms, features):
    cosines = _cosines(atoms, features).clone()
    best = []
    for i in range(len(features)):
        best.append(cosines[i].max())
        cosines[:, cosines[i].argmax()] = -1
    return _result(torch.stack(best))


@exercise.misconception("The two results stand the wrong way round. Return the MMCS first.")
def swapped(atoms, features):
    return _result(_cosines(atoms, features).amax(dim=1))[::-1]


@exercise.misconception(
    "Your numbers are right, but they are tensors. Make Python floats of them with `.item()`."
)
def tensors(atoms, features):
    best = _cosines(atoms, features).amax(dim=1)
    return best.mean(), (best > 0.9).float().mean()


@exercise.misconception("You return the MMCS alone. Two numbers are asked for.")
def mmcs_alone(atoms, features):
    return _result(_cosines(atoms, features).amax(dim=1))[0]


@exercise.style
def with_cosine_similarity(atoms, features):
    cosines = F.cosine_similarity(features[:, None], atoms[None], dim=-1)
    best = cosines.max(dim=1).values
    return best.mean().item(), float((best > 0.9).float().mean())


@exercise.style
def feature_by_feature(atoms, features):
    best = []
    for t in features:
        lengths = (atoms.norm(dim=1) * t.norm()).clamp(min=1e-12)
        best.append(((atoms @ t) / lengths).max().item())
    return sum(best) / len(best), sum(b > 0.9 for b in best) / len(best)
