"""The four parts of the demo: what each trains, and the figures that show it."""

from __future__ import annotations

import torch
from torch import Tensor

from course_lib.autoencoders import SparseAutoencoder, TiedWeightSparseAutoencoder
from course_lib.charts import (
    plot_activation_density,
    plot_dictionary,
    plot_pareto,
    plot_reconstructions,
    plot_sparse_autoencoder_analysis,
    plot_sparse_training_history,
)
from course_lib.demo.folder import Gallery
from course_lib.demo.models import Say, Size, Splits, Trained, train
from course_lib.evaluation import evaluate_sparse_autoencoder
from course_lib.plotting import BLUE, GREY, ORANGE, ShownFigure, new_figure, show_figure


def basic_training(data: Splits, size: Size, gallery: Gallery, say: Say) -> Trained:
    """Part 1: one model of natural images, looked at from all sides."""
    say(f"\n1 · Basic training: {len(data.train):,} whitened patches of two photographs, 12 × 12")
    done = train(SparseAutoencoder, data, "l1", 5.0, size.patch_epochs, say, learning_rate=2e-3)
    by_contrast = data.test[data.test.std(dim=1).argsort(descending=True)]
    shown = by_contrast[len(data.test) // 40 :: len(data.test) // 40][:10]
    gallery.add("1_training.png", "the losses", plot_sparse_training_history(done.history))
    gallery.add("1_analysis.png", "errors, L0, activations", _analysis(done, data))
    gallery.add(
        "1_dictionary.png",
        "atoms: most are edges and bars",
        plot_dictionary(done.model.dictionary, density=done.report.density, at_most=104),
    )
    gallery.add(
        "1_density.png",
        "how often each latent is active",
        plot_activation_density(done.report.density),
    )
    gallery.add(
        "1_reconstructions.png", "patches of much contrast, rebuilt", _reconstructions(done, shown)
    )
    return done


def compare_penalties(
    data: Splits, size: Size, gallery: Gallery, say: Say
) -> dict[str, list[Trained]]:
    """Part 2: models of digits under each penalty, from weak to strong."""
    say(f"\n2 · Which penalty? {len(data.train):,} digits of 8 × 8 pixels, 128 latents")
    epochs = size.digit_epochs
    found = {
        "L1": [train(SparseAutoencoder, data, "l1", w, epochs, say) for w in (0.1, 0.2, 0.4, 0.8)],
        "KL": [
            train(SparseAutoencoder, data, "kl", 0.02, epochs, say, target_sparsity=target)
            for target in (0.05, 0.02, 0.01)
        ],
        "Hoyer": [train(SparseAutoencoder, data, "hoyer", w, epochs, say) for w in (0.1, 0.2, 0.4)],
    }
    curves = {name: [m.point for m in models] for name, models in found.items()}
    gallery.add("2_penalties.png", "L1, KL and Hoyer: FVU against L0", plot_pareto(curves))
    for m in (found["L1"][2], found["Hoyer"][2]):  # of about the same L0
        gallery.add(
            f"2_{m.label.lower()}_analysis.png",
            f"errors, L0, activations of {m.label}, weight {m.weight:g}",
            _analysis(m, data),
        )
    return found


def tie_weights(
    data: Splits, size: Size, untied: list[Trained], gallery: Gallery, say: Say
) -> list[Trained]:
    """Part 3: L1 with tied weights, beside the untied models of the same weights."""
    say("\n3 · Tied weights: the encoder looks for the atoms that the decoder adds")
    tied = [
        train(TiedWeightSparseAutoencoder, data, "l1", m.weight, size.digit_epochs, say)
        for m in untied[:3]
    ]
    curves = {"untied": [m.point for m in untied], "tied": [m.point for m in tied]}
    gallery.add("3_tied_weights.png", "tied and untied: FVU against L0", plot_pareto(curves))
    last = tied[-1]
    gallery.add(
        "3_dictionary.png",
        f"atoms of the tied model, weight {last.weight:g}",
        plot_dictionary(last.model.dictionary, density=last.report.density),
    )
    return tied


def vary_weight(
    data: Splits, size: Size, l1: list[Trained], gallery: Gallery, say: Say
) -> list[Trained]:
    """Part 4: no penalty, and L1 from weak to strong."""
    say("\n4 · The weight of the penalty: none, then from weak to strong")
    epochs = size.digit_epochs
    free = train(SparseAutoencoder, data, "none", 0.0, epochs, say)
    models = [free, *l1, train(SparseAutoencoder, data, "l1", 1.6, epochs, say)]
    gallery.add("4_weights.png", "L0 and FVU against the weight", _weight_chart(models))
    for name, model in (("weak", models[1]), ("strong", models[-1])):
        gallery.add(
            f"4_{name}_weight.png",
            f"digits, rebuilt under weight {model.weight:g}",
            _reconstructions(model, data.test[:10]),
        )
    return models


def _analysis(m: Trained, data: Splits) -> ShownFigure:
    results = evaluate_sparse_autoencoder(m.model, data.test)
    return plot_sparse_autoencoder_analysis(results, f"{data.name}, {m.label}, weight {m.weight:g}")


@torch.no_grad()
def _reconstructions(m: Trained, x: Tensor) -> ShownFigure:
    return plot_reconstructions(x, m.model(x))


def _weight_chart(models: list[Trained]) -> ShownFigure:
    """L0 and FVU against the weight of L1; the first model has no penalty."""
    free, *others = models
    weights = [m.weight for m in others]
    figure, panels = new_figure(7, 2.9, columns=2)
    for axes, name, colour, at in zip(panels, ("L0", "FVU"), (BLUE, ORANGE), (0, 1), strict=True):
        axes.axhline(free.point[at], color=GREY, linestyle="--", linewidth=1.2, label="no penalty")
        axes.plot(weights, [m.point[at] for m in others], "o-", color=colour, label="L1")
        axes.set(xscale="log", xlabel="weight of L1", ylabel=name)
        axes.set_xticks(weights, [f"{w:g}" for w in weights])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.legend()
    panels[0].set_title("Active latents of a digit")
    panels[1].set_title("Fraction of variance unexplained")
    return show_figure(
        figure,
        f"Two curves over the weight of L1 from {weights[0]:g} to {weights[-1]:g}: L0 goes from "
        f"{others[0].report.l0:.1f} to {others[-1].report.l0:.1f} (without penalty "
        f"{free.report.l0:.1f}), FVU from {others[0].report.fvu:.3f} to "
        f"{others[-1].report.fvu:.3f} (without {free.report.fvu:.3f}).",
    )
