"""The demo's results as a table and in words; nothing is said that the numbers do not show."""

from __future__ import annotations

import textwrap

import torch

from course_lib.charts import fvu_at_common_l0
from course_lib.demo.models import Splits, Trained
from course_lib.losses import hoyer_sparsity

ALWAYS = 0.9  # a latent that is active on more of the examples than this is "always on"


def table(rows: list[Trained]) -> str:
    """All models, 80 columns wide at most."""
    lines, data = [], None
    lines.append(
        f"{'':<19}{'weight':>7}{'FVU':>7}{'L0':>7}{'zeros':>7}{'Hoyer':>7}{'dead':>6}"
        f"{'parameters':>11}{'epochs':>8}"
    )
    for m in rows:
        if m.data != data:
            data = m.data
            lines.append(f"{data}, {len(m.report.density)} latents")
        r = m.report
        lines.append(
            f"  {m.label:<17}{m.weight:>7g}{r.fvu:>7.3f}{r.l0:>7.1f}"
            f"{1 - r.l0 / len(r.density):>7.0%}{r.hoyer:>7.2f}{r.dead_fraction:>6.0%}"
            f"{m.parameters:>11,}{m.history['epochs_trained']:>8}"
        )
    lines.append("FVU: 0 best, 1 the mean · zeros: sparsity level · Hoyer: 0 dense, 1 one-hot")
    return "\n".join(lines)


def what_to_see(
    basic: Trained,
    penalties: dict[str, list[Trained]],
    tied: list[Trained],
    weights: list[Trained],
    data: Splits,
) -> str:
    """The numbers in words; nothing is said that they do not show."""
    paragraphs = (
        _about_basic(basic),
        _about_penalties(penalties),
        _about_hoyer(penalties["Hoyer"][-1], penalties["L1"], data),
        _about_tied(penalties["L1"], tied),
        _about_weights(weights),
    )
    indents = {"initial_indent": "- ", "subsequent_indent": "  "}
    return "\n".join(["What to see", *(textwrap.fill(p, 79, **indents) for p in paragraphs)])


def _about_basic(m: Trained) -> str:
    return (
        f"Natural images: {m.report.l0:.0f} of {m.model.latent_dim} latents are active on a patch, "
        f"and explain {m.report.explained_variance:.0%} of the variance. Look at the atoms: most "
        "should be edges and bars of some place, angle and width."
    )


def _about_penalties(found: dict[str, list[Trained]]) -> str:
    common = fvu_at_common_l0({name: [m.point for m in models] for name, models in found.items()})
    dead = {name: max(m.report.dead_fraction for m in models) for name, models in found.items()}
    said = ", ".join(f"{name} {fraction:.0%}" for name, fraction in dead.items())
    if common is None:
        return f"Penalties: they reach no common L0 to compare them at. Dead at most: {said}."
    l0, fvu = common
    order = sorted(fvu, key=fvu.__getitem__)
    ranks = ", ".join(f"{name} {fvu[name]:.3f}" for name in order)
    return (
        f"Penalties: at an L0 of {l0:.0f} the FVU is {ranks}: {order[0]} wins by this count. "
        f"Dead latents, at most: {said}."
    )


@torch.no_grad()
def _about_hoyer(hoyer: Trained, l1: list[Trained], data: Splits) -> str:
    """Whether Hoyer's measure was raised by a few large latents instead of by few active ones."""
    z = hoyer.model.encode(data.test)
    energy = z.square().sum(dim=0)  # (latent,)
    always = hoyer.report.density > ALWAYS
    fraction = float(energy[always].sum() / energy.sum().clamp(min=1e-12))
    if fraction < 0.5:
        return f"Hoyer: latents that are always on hold {fraction:.0%} of the codes' energy."
    near = min(l1, key=lambda m: abs(m.report.l0 - hoyer.report.l0))
    atoms = hoyer.model.dictionary[always]
    cosine = float((atoms @ atoms.T).min())
    return (
        f"But Hoyer's measure is gamed: {int(always.sum())} of the latents, on for more than "
        f"{ALWAYS:.0%} of the digits, hold {fraction:.0%} of the codes' energy"
        + (f", in atoms that nearly cancel (cosine {cosine:.2f})" if cosine < -0.9 else "")
        + f". Being large is enough to raise a ratio of norms. The measure is "
        f"{hoyer.report.hoyer:.2f}, but {float(hoyer_sparsity(z[:, ~always]).mean()):.2f} for the "
        f"other latents alone; that of L1 at a similar L0 ({near.report.l0:.0f}, here "
        f"{hoyer.report.l0:.0f}) is {near.report.hoyer:.2f}."
    )


def _about_tied(untied: list[Trained], tied: list[Trained]) -> str:
    fraction = tied[0].parameters / untied[0].parameters
    text = f"Tied weights: {fraction:.0%} of the parameters."
    curves = {"untied": [m.point for m in untied], "tied": [m.point for m in tied]}
    if (common := fvu_at_common_l0(curves)) is not None:
        l0, fvu = common
        better = "less" if fvu["tied"] < fvu["untied"] else "more"
        text += (
            f" At an L0 of {l0:.0f} they leave {better} unexplained: FVU {fvu['tied']:.3f}, "
            f"untied {fvu['untied']:.3f}."
        )
    return text


def _about_weights(models: list[Trained]) -> str:
    free, strong = models[0].report, models[-1].report
    return (
        f"The weight: without a penalty {free.l0:.0f} latents are active and the FVU is "
        f"{free.fvu:.3f}; under {models[-1].weight:g} it is {strong.l0:.0f} and {strong.fvu:.3f}. "
        f"Part of that error is shrinkage: what the codes add is {strong.shrinkage:.2f} times as "
        f"long as it should be. Dead latents go from {free.dead_fraction:.0%} to "
        f"{strong.dead_fraction:.0%}."
    )
