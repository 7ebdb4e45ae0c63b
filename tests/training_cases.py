"""What the tests of training share: small data, small models, and comparing weights."""

import torch

from course_lib.autoencoders import (
    BasicAutoencoder,
    ReluAutoencoder,
    SparseAutoencoder,
    StandardAutoencoder,
    TiedWeightAutoencoder,
    TiedWeightSparseAutoencoder,
    TwoLayerAutoencoder,
)
from course_lib.training import Objective, Trainer

WIDTH, LATENTS = 6, 10


def examples(rows=100, width=WIDTH, seed=0, dtype=torch.float32):
    """Sparse mixtures of 8 directions: something to learn."""
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn(8, width, generator=torch.Generator().manual_seed(99))
    strengths = torch.rand(rows, 8, generator=generator)
    on = torch.rand(rows, 8, generator=generator) < 0.25
    return ((strengths * on) @ directions).to(dtype)


def sae(seed=0, width=WIDTH, latents=LATENTS, layers=1, family=SparseAutoencoder, **options):
    """A small sparse autoencoder; the seed decides its weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = family(width, latents, layers=layers, **options)
        with torch.no_grad():  # biases that are not zero
            for name, parameter in model.named_parameters():
                if "bias" in name:
                    parameter.normal_(std=0.1)
    return model


def every_model():
    """One of each family, by name."""
    return {
        "basic": BasicAutoencoder(WIDTH, 3),
        "relu": ReluAutoencoder(WIDTH, LATENTS),
        "standard": StandardAutoencoder(WIDTH, LATENTS),
        "tied": TiedWeightAutoencoder(WIDTH, LATENTS),
        "two layers, from unit 1": TwoLayerAutoencoder(WIDTH, 3),
        "sparse, one layer": sae(),
        "sparse, two layers": sae(layers=2),
        "sparse, sigmoid": sae(activation="sigmoid"),
        "sparse, top k": sae(activation="topk", k=3),
        "sparse, hard threshold": sae(activation="hard_threshold", threshold=0.1),
        "sparse, batch norm": sae(layers=2, batch_norm=True),
        "sparse, gradient checkpoints": sae(layers=2, checkpoint_gradients=True),
        "tied sparse, one layer": sae(family=TiedWeightSparseAutoencoder),
        "tied sparse, two layers": sae(layers=2, family=TiedWeightSparseAutoencoder),
    }


def weights(model):
    """A copy of all that the model remembers."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def same_bits(one, other):
    """Whether two models, or dictionaries of tensors, are equal to the last bit."""
    one, other = (w if isinstance(w, dict) else w.state_dict() for w in (one, other))
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


def largest_difference(one, other):
    """Of all weights of two models."""
    one, other = (w if isinstance(w, dict) else w.state_dict() for w in (one, other))
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max().item() for name in one)


def train(model, data=None, val_data=None, objective=None, resume=False, **options):
    """The trainer after training; options that a test does not name are small."""
    if "num_epochs" not in options:
        options = {"num_steps": 20} | options
    options = {"batch_size": 16, "learning_rate": 1e-2, "device": "cpu"} | options
    trainer = Trainer(model, objective or Objective(), **options)
    trainer.fit(examples() if data is None else data, val_data, resume=resume)
    return trainer
