"""Codes for the digits: the training run that a learner may use, and the error on unseen images.

A code is handed in as plain data: the name of the activation and the weights, named as in
`BasicAutoencoder`: "encoder.0.weight", "encoder.0.bias", "encoder.2.weight", …
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.autoencoders import BasicAutoencoder
from course_lib.autoencoders.basic import HIDDEN_ACTIVATIONS
from course_lib.bars import progress_bar
from course_lib.data import digits

PIXELS = 64
TRAINING, STEPS, BATCH = 1200, 1500, 128  # of 1,400 images the last 200 are for validation
Layer = tuple[Tensor, Tensor]


def train_code(
    latents: int,
    hidden_dims: Sequence[int] = (128,),
    activation: str = "relu",
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> dict[str, Any]:
    """Train an autoencoder on 1,200 digits for 1,500 steps; return what is handed in.

    The learning rate falls to 0 along half a cosine. Torch's global generator is left alone.
    """
    images = digits("train")[0][:TRAINING]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BasicAutoencoder(PIXELS, latents, hidden_dims, activation)
        optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        for _ in progress_bar(range(STEPS), desc="training"):
            batch = images[torch.randint(len(images), (BATCH,))]
            loss = nn.functional.mse_loss(model(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return {"activation": activation, "weights": model.state_dict()}


def validation_error(answer: Mapping[str, Any]) -> float:
    """Mean squared error on 200 images that `train_code` does not train on."""
    return error(answer, digits("train")[0][TRAINING:])


def layers(weights: Mapping[str, Any], half: str) -> list[Layer]:
    """The linear layers of "encoder" or "decoder" in order, as pairs of weight and bias."""
    numbers = {key.split(".")[1] for key in weights if key.startswith(half + ".")}
    return [
        tuple(
            torch.as_tensor(weights[f"{half}.{number}.{part}"]).detach().cpu().float()
            for part in ("weight", "bias")
        )
        for number in sorted(numbers, key=int)
    ]


def through(stack: list[Layer], activation: str, x: Tensor) -> Tensor:
    """Send x (n, in) through linear layers with an activation between them."""
    f = HIDDEN_ACTIVATIONS[activation]()
    for number, (W, b) in enumerate(stack):
        x = nn.functional.linear(f(x) if number else x, W, b)
    return x


def codes(answer: Mapping[str, Any], images: Tensor) -> Tensor:
    """The codes (n, latents) of images (n, 64)."""
    return through(layers(answer["weights"], "encoder"), answer["activation"], images)


def error(answer: Mapping[str, Any], images: Tensor) -> float:
    """Mean squared error per pixel of the reconstructions of images (n, 64)."""
    decoder = layers(answer["weights"], "decoder")
    rebuilt = through(decoder, answer["activation"], codes(answer, images))
    return ((rebuilt - images) ** 2).mean().item()
