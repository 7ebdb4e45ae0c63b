"""How much of a known dictionary was found.

Data made from known atoms t_i can tell whether an autoencoder found them:

    MMCS = mean over i of max over j of cos(t_i, f_j)          f_j: the atoms found

An atom is a direction, so its length does not count. Its sign does: codes are not negative, so
-f cannot stand in for f. There is no absolute value here.

The more atoms are looked through, the higher the best of them scores by luck. Show the chance
level beside every MMCS.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.arguments import require_matrix, require_number, require_whole
from course_lib.errors import WrongArgument
from course_lib.evaluation.streaming import exact

ATOMS_AT_ONCE = 1024  # true atoms compared with all found ones at a time: bounds the memory
CHANCE = 0x5AE  # keeps the random atoms of `chance_mmcs` apart from any other stream of the seed


def mmcs(found: Tensor, true: Tensor) -> float:
    """Mean max cosine similarity (Sharkey, Braun and Millidge, 2022): 1 when every atom is found.

    found, true : (atoms, input), one atom a row; their numbers may differ. An atom of zeros is
        similar to nothing: its cosines are 0.
    The mean is over the true atoms: atoms found beside them cost nothing, and one found atom may
    serve several true ones. `match_atoms` forbids the latter.
    Raises `WrongArgument` when the atoms differ in size, or for NaN or infinity.
    """
    return float(max_cosine_similarities(found, true).mean())


def recovered_fraction(found: Tensor, true: Tensor, above: float = 0.9) -> float:
    """Fraction of the true atoms whose max cosine similarity is greater than `above`.

    found, true : (atoms, input), as for `mmcs`. above : from -1 to below 1.
    """
    require_number("above", above, at_least=-1, below=1)
    return float((max_cosine_similarities(found, true) > above).double().mean())


def max_cosine_similarities(found: Tensor, true: Tensor) -> Tensor:
    """For each true atom the cosine similarity to the nearest atom found: (true atoms,), float64.

    found, true : (atoms, input), as for `mmcs`.
    """
    found, true = _directions(found, true)
    nearest = [(some @ found.T).amax(dim=1) for some in true.split(ATOMS_AT_ONCE)]
    return torch.cat(nearest).clamp(-1, 1)


@dataclass(frozen=True, eq=False)  # tensors have no single truth value
class AtomMatching:
    """A matching of true atoms with found ones, each used at most once.

    indices : (true atoms,) the row of `found` matched with each true atom; -1 for none.
    similarities : (true atoms,) their cosine similarity, float64; 0 for none.
    """

    indices: Tensor
    similarities: Tensor

    @property
    def mean(self) -> float:
        """Mean similarity over all true atoms; those left without a partner count as 0."""
        return float(self.similarities.mean())


def match_atoms(found: Tensor, true: Tensor) -> AtomMatching:
    """The one-to-one matching of greatest total cosine similarity (assignment: Kuhn, 1955).

    found, true : (atoms, input), as for `mmcs`. With fewer atoms found than there are, some true
        atoms stay unmatched.
    Holds all cosines in memory, twice: 600 MB for 6,144 atoms on either side.
    """
    from scipy.optimize import linear_sum_assignment

    found, true = _directions(found, true)
    cosines = (true @ found.T).clamp_(-1, 1).cpu()  # (true atoms, found atoms)
    rows, columns = map(torch.from_numpy, linear_sum_assignment(cosines.numpy(), maximize=True))
    indices = torch.full((len(true),), -1)
    similarities = torch.zeros(len(true), dtype=torch.float64)
    indices[rows] = columns
    similarities[rows] = cosines[rows, columns]
    return AtomMatching(indices, similarities)


def chance_mmcs(atoms: int, true: Tensor, seed: int = 0) -> float:
    """The MMCS of as many random atoms, evenly spread over all directions: the chance level.

    atoms : how many were found. true : (atoms, input).
    The draw is NumPy's, on a stream of its own: a dictionary that was drawn with the same seed
    does not come back as the "random" atoms and score 1.
    """
    import numpy as np

    require_whole("atoms", atoms)
    require_whole("seed", seed, at_least=0)
    require_matrix("true", true)
    drawn = np.random.default_rng([CHANCE, seed]).standard_normal((atoms, true.shape[1]))
    return mmcs(torch.from_numpy(drawn), true)


def _directions(found: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """Both dictionaries with rows of length 1, in float64."""
    require_matrix("found", found)
    require_matrix("true", true)
    if found.shape[1] != true.shape[1]:
        raise WrongArgument(
            f"found has shape {tuple(found.shape)} and true {tuple(true.shape)}; both must be "
            "(atoms, input) with atoms of the same size. Where atoms are columns, give found.T."
        )
    true = _unit_length(exact(true))
    return _unit_length(exact(found)).to(true.device), true


def _unit_length(atoms: Tensor) -> Tensor:
    """Rows divided by their norm; rows of zeros stay zeros, tiny and huge rows stay accurate."""
    largest = atoms.abs().amax(dim=1, keepdim=True)
    atoms = atoms / torch.where(largest > 0, largest, 1)
    return torch.nn.functional.normalize(atoms, dim=1)
