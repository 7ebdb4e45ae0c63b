"""How good a trained dictionary is, by the same formulas for every peer."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.peers import Adapter


@torch.no_grad()
def quality(peer: Adapter, test: Tensor, true_dictionary: Tensor) -> dict[str, float]:
    """Reconstruction, sparsity and recovery of the true dictionary.

    test : (rows, input). true_dictionary : (features, input), unit norm.
    mse : mean over all entries. fvu : Σ‖x - x_hat‖² / Σ‖x - mean‖². l0 : latents on in a row.
    mmcs : for each feature the largest cosine similarity with an atom, averaged over features.
    recovered : the share of features whose largest cosine similarity is above 0.9.
    """
    z = peer.encode(test)  # (rows, latent)
    error = (test - peer.decode(z)).square()
    atoms = torch.nn.functional.normalize(peer.dictionary(), dim=1)
    nearest = (true_dictionary @ atoms.T).amax(dim=1)  # (features,)
    return {
        "mse": error.mean().item(),
        "fvu": (error.sum() / (test - test.mean(dim=0)).square().sum()).item(),
        "l0": (z > 0).sum(dim=1).float().mean().item(),
        "mmcs": nearest.mean().item(),
        "recovered": (nearest > 0.9).float().mean().item(),
    }
