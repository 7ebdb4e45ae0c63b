"""Charts: what they draw and say, what they refuse, how they are saved."""

import errno
import os
import tempfile
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.charts import (
    fvu_at_common_l0,
    plot_activation_density,
    plot_dictionary,
    plot_pareto,
    plot_reconstructions,
    plot_sparse_autoencoder_analysis,
    plot_sparse_training_history,
)
from course_lib.errors import CheckpointProblem, WrongArgument
from course_lib.plotting import new_figure, save_figure

NAN = float("nan")


def history(train=(1.0, 0.5, 0.25, 0.125), val=(1.0, 0.5, 0.375, 0.75)):
    """Losses of which the sparsity term is a fifth."""
    made = {"epochs_trained": len(train)}
    for split, losses in (("train", train), ("val", val)):
        made[f"{split}_loss"] = list(losses)
        made[f"{split}_recon_loss"] = [0.8 * x for x in losses]
        made[f"{split}_sparsity_loss"] = [0.2 * x for x in losses]
    return made


def results():
    """Four examples, three latents: L0 is 2, 1, 1, 0; the last latent is dead."""
    codes = np.array([[1.0, 3.0, 0.0], [2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    return {
        "errors": np.array([0.1, 0.2, 0.3, 0.4]),
        "mean": 0.25,
        "std": 0.1118,
        "latent_codes": codes,
        "mean_activation_per_neuron": codes.mean(axis=0),
        "sparsity_level": 8 / 12,
    }


def lines(axes):
    return [line.get_ydata() for line in axes.lines if len(line.get_xdata()) > 1]


# ---- training history


def test_a_history_is_told_in_words():
    alt = plot_sparse_training_history(history()).alt
    assert "Training loss falls from 1 to 0.12 in 4 epochs" in alt
    assert "validation loss falls from 1 to 0.75, lowest at epoch 3 with 0.38" in alt
    assert "Its terms in validation: the reconstruction falls from 0.8 to 0.6, " in alt
    assert "the sparsity term falls from 0.2 to 0.15." in alt
    assert "diverged" not in alt


def test_a_history_shows_every_loss_and_the_best_epoch():
    total, terms = plot_sparse_training_history(history()).figure.axes
    drawn = lines(total)
    assert drawn[0].tolist() == [1.0, 0.5, 0.25, 0.125]
    assert drawn[1].tolist() == [1.0, 0.5, 0.375, 0.75]
    star = next(line for line in total.lines if line.get_marker() == "*")
    assert star.get_xydata().tolist() == [[3, 0.375]]
    wanted = [history()[f"{s}_{t}_loss"] for t in ("recon", "sparsity") for s in ("train", "val")]
    assert [curve.tolist() for curve in lines(terms)[:4]] == wanted


@pytest.mark.parametrize("last, scale", [(0.5, "linear"), (0.05, "log")])
def test_a_log_axis_comes_when_it_helps(last, scale):
    falling = (1.0, last)
    total, _ = plot_sparse_training_history(history(falling, falling)).figure.axes
    assert total.get_yscale() == scale


def test_a_term_that_is_zero_throughout_does_not_forbid_the_log_axis():
    run = history((1.0, 0.01), (1.0, 0.01))
    for split in ("train", "val"):
        run[f"{split}_sparsity_loss"] = [0.0, 0.0]
    shown = plot_sparse_training_history(run)
    assert [axes.get_yscale() for axes in shown.figure.axes] == ["log", "log"]
    assert "the sparsity term stays at 0" in shown.alt


def test_a_loss_that_rises_or_stays_is_said_to():
    alt = plot_sparse_training_history(history((0.1, 0.2), (0.1, 0.1))).alt
    assert "Training loss rises from 0.1 to 0.2" in alt
    assert "validation loss stays at 0.1" in alt


@pytest.mark.parametrize("bad", [NAN, float("inf"), -float("inf"), 1e308])
def test_a_diverged_run_is_drawn_and_said_to_have_diverged(bad):
    shown = plot_sparse_training_history(history((1, 0.5, 9, bad), (1, 0.5, bad, bad)))
    assert "From epoch 3 on a loss is NaN or infinite: the run diverged." in shown.alt
    assert "lowest at epoch 2 with 0.5" in shown.alt
    assert len(shown.figure.axes[0].patches) == 1, "the epochs from there on are shaded"
    assert "NaN or infinite" in [t.get_text() for t in shown.figure.legends[0].get_texts()]


@pytest.mark.parametrize("last", [3e38, 1e99, 1e-99, -1e99, 5e-324])
def test_huge_and_tiny_losses_are_drawn(last):
    plot_sparse_training_history(history((1.0, last), (1.0, last)))


def test_a_run_without_a_single_finite_loss_is_drawn():
    shown = plot_sparse_training_history(history((NAN, NAN), (NAN, NAN)))
    assert "Training loss is never finite" in shown.alt and "From epoch 1 on" in shown.alt


def test_one_epoch_is_enough():
    shown = plot_sparse_training_history(history((0.5,), (0.25,)))
    assert "Training loss is 0.5 in 1 epoch;" in shown.alt
    assert "lowest at epoch 1 with 0.25" in shown.alt


def test_a_history_without_validation_has_no_best_epoch():
    run = {key: value for key, value in history().items() if not key.startswith("val")}
    shown = plot_sparse_training_history(run)
    assert shown.alt.startswith("Training loss falls from 1 to 0.12 in 4 epochs. Its terms in tr")
    total, terms = shown.figure.axes
    assert len(total.lines) == 1 and len(terms.lines) == 2


def test_records_are_not_called_epochs():
    shown = plot_sparse_training_history({**history(), "epochs_trained": 2})
    assert "in 4 records" in shown.alt and shown.figure.axes[0].get_xlabel() == "record"


def test_a_coherence_term_is_drawn_with_the_others():
    run = {**history(), "train_coherence_loss": [0.4] * 4, "val_coherence_loss": [0.5] * 4}
    shown = plot_sparse_training_history(run)
    assert "the coherence term stays at 0.5" in shown.alt
    legend = shown.figure.axes[1].get_legend().get_texts()
    names = [text.get_text() for text in legend]
    assert names == ["reconstruction", "sparsity term", "coherence term"]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"val_loss": None}, "history has no val_loss"),
        ({"train_loss": []}, "not empty"),
        ({"train_loss": [1.0, 2.0]}, "differ in length"),
        ({"train_loss": "falling"}, "cannot be read as real numbers"),
        ({"train_loss": [1.0, [2.0]]}, "cannot be read as real numbers"),
        ({"train_loss": [1j] * 4}, "cannot be read as real numbers"),
    ],
)
def test_a_history_that_cannot_be_drawn_is_refused(change, words):
    run = {k: v for k, v in {**history(), **change}.items() if v is not None}
    with pytest.raises(WrongArgument, match=words):
        plot_sparse_training_history(run)


def test_a_history_is_a_dictionary():
    with pytest.raises(WrongArgument, match="history is of type list"):
        plot_sparse_training_history([1, 2])


# ---- analysis


def test_an_analysis_is_told_in_words():
    alt = plot_sparse_autoencoder_analysis(results(), "Digits").alt
    assert "Digits: 66.7% of the activations near zero" in alt
    assert "4 examples: reconstruction errors from 0.1 to 0.4, mean 0.25" in alt
    assert "L0 from 0 to 2, mean 1;" in alt
    assert "1 of 3 latents never active" in alt
    assert "activations of active latents average 2." in alt  # (1 + 3 + 2 + 2) / 4


def test_an_analysis_draws_what_it_was_given():
    shown = plot_sparse_autoencoder_analysis(results())
    errors, l0, means, activations = shown.figure.axes
    assert sum(bar.get_height() for bar in errors.patches) == 4
    assert [bar.get_height() for bar in l0.patches] == [1, 2, 1]
    assert means.patches[0].get_data().values.tolist() == [1.25, 0.75, 0]  # most active first
    assert sum(bar.get_height() for bar in activations.patches) == 4


def test_near_zero_decides_what_is_active():
    alt = plot_sparse_autoencoder_analysis(results(), near_zero=2.5).alt
    assert "L0 from 0 to 1, mean 0.25" in alt and "2 of 3 latents never active" in alt


def test_examples_that_are_not_finite_are_left_out_and_counted():
    broken = results()
    broken["latent_codes"] = broken["latent_codes"].copy()
    broken["latent_codes"][0, 0] = NAN
    broken["errors"] = np.array([NAN, 0.2, float("inf"), 0.4])
    broken["mean_activation_per_neuron"] = broken["latent_codes"].mean(axis=0)
    shown = plot_sparse_autoencoder_analysis(broken)
    assert "2 of 4 examples left out, NaN or infinite" in shown.alt
    assert "errors from 0.2 to 0.4" in shown.alt
    assert shown.figure.axes[2].patches[0].get_data().values.tolist() == [1, 0, 0]


def test_an_analysis_of_nothing_but_nan_is_drawn():
    broken = {k: np.full_like(v, NAN) for k, v in results().items() if isinstance(v, np.ndarray)}
    alt = plot_sparse_autoencoder_analysis({**broken, "sparsity_level": 0.0}).alt
    assert "4 of 4 examples left out" in alt


@pytest.mark.parametrize(
    "change, words",
    [
        ({"errors": None}, "results has no errors"),
        ({"errors": np.zeros(3)}, r"it must be \(3, 3\)"),
        ({"latent_codes": np.zeros(4)}, r"it must be \(examples, latents\)"),
        ({"latent_codes": np.zeros((4, 0))}, "not empty"),
        ({"sparsity_level": "high"}, "cannot be read as real numbers"),
    ],
)
def test_results_that_cannot_be_drawn_are_refused(change, words):
    broken = {k: v for k, v in {**results(), **change}.items() if v is not None}
    with pytest.raises(WrongArgument, match=words):
        plot_sparse_autoencoder_analysis(broken)
    with pytest.raises(WrongArgument, match="near_zero is -1"):
        plot_sparse_autoencoder_analysis(results(), near_zero=-1)


def test_one_value_repeated_makes_one_bar():
    same = {**results(), "errors": np.full(4, 1.2e16)}
    errors = plot_sparse_autoencoder_analysis(same).figure.axes[0]
    assert [bar.get_height() for bar in errors.patches] == [4]


def test_bins_of_whole_numbers_hold_equally_many():
    codes = np.tril(np.ones((100, 100)))  # every L0 from 1 to 100 once
    many = {
        "errors": np.linspace(0, 1, 100),
        "latent_codes": codes,
        "mean_activation_per_neuron": codes.mean(axis=0),
        "sparsity_level": 0.5,
    }
    heights = [
        b.get_height() for b in plot_sparse_autoencoder_analysis(many).figure.axes[1].patches
    ]
    assert heights == [3] * 33 + [1]


# ---- density


def test_dead_latents_have_a_bar_of_their_own():
    shown = plot_activation_density(torch.tensor([0.0, 0.0, 0.005, 0.05, 0.5]))
    assert "Of 5 latents 2 are never active" in shown.alt
    assert "the others on 0.5 % to 50 % of the examples, median 5 %" in shown.alt
    (axes,) = shown.figure.axes
    histogram, dead = axes.patches
    assert dead.get_height() == 2
    counts, edges = histogram.get_data().values, histogram.get_data().edges
    assert counts.sum() == 3 and edges[-1] == 0
    for density in (0.005, 0.05, 0.5):
        assert counts[np.searchsorted(edges, np.log10(density)) - 1] == 1


def test_densities_at_the_ends_are_drawn():
    assert "Of 2 latents 2 are never active." in plot_activation_density([0, 0]).alt
    assert "0 are never active; the others on 100 % to 100 %" in plot_activation_density([1.0]).alt


@pytest.mark.parametrize("density", [[1.5], [-0.1], [NAN], [], [[0.5]]])
def test_a_density_that_is_none_is_refused(density):
    with pytest.raises(WrongArgument, match="density"):
        plot_activation_density(density)


# ---- images


def tiles(axes, count, height, width, columns):
    """The images of a mosaic, back in the order in which they were drawn."""
    mosaic = axes.images[0].get_array().filled(NAN)
    return [
        mosaic[
            (i // columns) * (height + 1) + 1 : (i // columns + 1) * (height + 1),
            (i % columns) * (width + 1) + 1 : (i % columns + 1) * (width + 1),
        ]
        for i in range(count)
    ]


def test_atoms_keep_their_pixels_each_on_its_own_scale():
    atoms = torch.arange(1.0, 19.0).reshape(3, 6) * torch.tensor([[1.0], [-10.0], [0.001]])
    shown = plot_dictionary(atoms, (2, 3))
    axes = shown.figure.axes[0]
    first, second, third = tiles(axes, 3, 2, 3, columns=3)
    assert np.allclose(first, np.arange(1, 7).reshape(2, 3) / 6)
    assert np.allclose(second, -np.arange(7, 13).reshape(2, 3) / 12)
    assert np.allclose(third, np.arange(13, 19).reshape(2, 3) / 18)
    assert axes.images[0].get_clim() == (-1, 1), "zero is in the middle of the colours"
    assert shown.alt == "3 atoms, drawn as images of 2 by 3 pixels, each on its own scale."


def test_the_most_active_atoms_come_first_and_dead_ones_are_framed():
    atoms = torch.diag(torch.tensor([1.0, -1.0, 1.0, 1.0]))
    density = torch.tensor([0.0, 0.1, 0.5, 0.2])
    shown = plot_dictionary(atoms, (2, 2), density=density)
    drawn = [tile.ravel().tolist() for tile in tiles(shown.figure.axes[0], 4, 2, 2, columns=4)]
    assert drawn == [[0, 0, 1, 0], [0, 0, 0, 1], [0, -1, 0, 0], [1, 0, 0, 0]]
    assert len(shown.figure.axes[0].patches) == 1
    assert "most often active first; 1 dead, framed" in shown.alt
    few = plot_dictionary(atoms, (2, 2), density=density, at_most=2)
    assert "2 of 4 atoms" in few.alt and "1 of the 4 belong to dead latents" in few.alt
    assert "framed" not in few.alt


def test_atoms_of_zeros_and_of_nan_are_drawn():
    atoms = torch.tensor([[0.0, 0, 0, 0], [NAN, 1, 2, 4]])
    shown = plot_dictionary(atoms)
    zero, broken = tiles(shown.figure.axes[0], 2, 2, 2, columns=2)
    assert (zero == 0).all() and np.isnan(broken[0, 0]) and broken[1, 1] == 1
    assert "1 atom zero throughout" in shown.alt and "1 atom with NaN or infinity" in shown.alt


@pytest.mark.parametrize(
    "shape, options, words",
    [
        ((3, 5), {}, "5 pixels are not a square number"),
        ((3, 6), {"image_shape": (2, 4)}, "8 pixels, but there are 6"),
        ((3, 6), {"image_shape": 6}, "two whole numbers"),
        ((3, 6), {"image_shape": (1, 2, 3)}, "two whole numbers"),
        ((3, 6), {"image_shape": (-2, -3)}, "two whole numbers"),
        ((3, 4), {"density": [0.1]}, "density has 1 entries for 3 atoms"),
        ((3, 4), {"density": [0.1]}, r"layers=2 the atoms belong to the decoder's hidden units"),
        ((3, 4), {"at_most": 0}, "at_most is 0"),
        ((0, 4), {}, "not empty"),
        ((4,), {}, r"it must be \(atoms, input\)"),
    ],
)
def test_a_dictionary_that_cannot_be_drawn_is_refused(shape, options, words):
    with pytest.raises(WrongArgument, match=words):
        plot_dictionary(torch.ones(shape), **options)


def test_reconstructions_stand_below_their_inputs_with_their_errors():
    x = torch.tensor([[0.0, 1, 0, 1, 0, 1], [1.0, 1, 1, 0, 0, 0]])
    x_hat = torch.stack([x[0], x[1] + torch.tensor([0.6, 0, 0, 0, 0, 0])])  # error 0.36 / 6
    shown = plot_reconstructions(x, x_hat, (2, 3))
    assert shown.alt.startswith("2 examples above their reconstructions, images of 2 by 3 pixels.")
    assert "Mean squared error of a pair: 0 to 0.06." in shown.alt
    axes = shown.figure.axes[0]
    drawn = tiles(axes, 4, 2, 3, columns=2)
    assert np.allclose(np.stack(drawn).reshape(4, 6), torch.cat([x, x_hat]))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "0.06"]
    assert np.allclose(axes.images[0].get_clim(), (0, 1.6)), "one grey scale for both"


def test_many_pairs_take_several_rows():
    x = torch.rand(30, 4, generator=torch.Generator().manual_seed(0))
    assert len(plot_reconstructions(x, x).figure.axes) == 2  # one row and the colour bar
    shown = plot_reconstructions(x, x, at_most=12)
    assert len(shown.figure.axes) == 3 and "12 examples" in shown.alt
    assert len(shown.figure.axes[1].get_xticks()) == 2


def test_a_reconstruction_of_nan_is_drawn():
    x = torch.ones(2, 4)
    x_hat = torch.tensor([[1.0, 1, 1, 0], [NAN, 1, 1, 1]])
    alt = plot_reconstructions(x, x_hat).alt
    assert "0.25 to 0.25. 1 pair with NaN or infinity" in alt
    assert "pair: unknown. 2 pairs" in plot_reconstructions(x, torch.full((2, 4), NAN)).alt


def test_pairs_that_do_not_belong_together_are_refused():
    with pytest.raises(WrongArgument, match=r"\(2, 4\) and reconstructions \(3, 4\)"):
        plot_reconstructions(torch.ones(2, 4), torch.ones(3, 4))
    with pytest.raises(WrongArgument, match="at_most is 2"):
        plot_reconstructions(torch.ones(2, 4), torch.ones(2, 4), at_most=2.5)


# ---- trade-off


def test_a_trade_off_names_the_best_where_all_curves_reach():
    curves = {"L1": [(32, 0.1), (2, 0.8), (8, 0.5)], "TopK": [(2, 0.7), (8, 0.25), (32, 0.2)]}
    shown = plot_pareto(curves)
    assert "L1: FVU 0.8 at L0 2 to FVU 0.1 at L0 32" in shown.alt  # sorted by L0
    assert "At L0 8 TopK has the lowest FVU, 0.25." in shown.alt
    (axes,) = shown.figure.axes
    first, second = axes.lines[:2]
    assert first.get_xdata().tolist() == [2, 8, 32]
    assert first.get_color() != second.get_color() and first.get_marker() != second.get_marker()
    assert axes.get_xscale() == "log" and axes.get_yscale() == "linear"


def test_curves_are_compared_between_their_models():
    curves = {"a": [(1, 0.8), (8, 0.1)], "b": [(16, 0.0), (2, 0.7)]}  # both reach L0 2 to 8
    l0, fvu = fvu_at_common_l0(curves)
    assert l0 == 4 and fvu == pytest.approx({"a": 0.5, "b": 0.6})
    assert fvu_at_common_l0({"a": [(1, 0.8), (8, 0.1)]}) is None


def test_curves_that_share_no_l0_are_not_compared():
    alt = plot_pareto({"a": [(1, 0.5), (2, 0.4)], "b": [(3, 0.1), (4, 0.05)]}).alt
    assert "lowest" not in alt


def test_thirteen_curves_all_look_different():
    (axes,) = plot_pareto({f"model {i}": [(i + 1, 0.5)] for i in range(13)}).figure.axes
    looks = {(c.get_color(), c.get_marker(), c.get_linestyle()) for c in axes.lines[:13]}
    assert len(looks) == 13


def test_points_that_are_not_finite_are_left_out():
    shown = plot_pareto({"a": [(1, 0.5), (2, NAN)], "b": [(NAN, NAN)]})
    assert "a: FVU 0.5 at L0 1; b: no finite point. 2 points left out" in " ".join(
        shown.alt.split(". ", 1)[1:]
    )
    assert "no finite point" in plot_pareto({"b": [(NAN, NAN)]}).alt
    assert fvu_at_common_l0({"a": [(1, 0.5)], "b": [(NAN, NAN)]}) is None


@pytest.mark.parametrize(
    "curves, words",
    [
        ({}, "must be a dictionary"),
        ([(1, 2)], "must be a dictionary"),
        ({"a": []}, r"curves\['a'\]"),
        ({"a": [(1, 2, 3)]}, "pairs"),
        ({"a": [(1, -0.1)]}, "none below 0"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(curves, words):
    with pytest.raises(WrongArgument, match=words):
        plot_pareto(curves)


# ---- saving and showing


def all_charts(**options):
    """Every chart, at the size of real use."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(12, 144, generator=random)
    curve = [(float(k), 1 / (1 + k)) for k in range(1, 9)]
    falling = [1 / (1 + i) for i in range(200)]
    codes = torch.randn(500, 64, generator=random).relu().numpy()
    measured = {
        "errors": torch.rand(500, generator=random).numpy(),
        "latent_codes": codes,
        "mean_activation_per_neuron": codes.mean(0),
        "sparsity_level": 0.5,
    }
    yield plot_sparse_training_history(history(falling, falling), **options)
    yield plot_sparse_autoencoder_analysis(measured, **options)
    yield plot_activation_density(torch.rand(300, generator=random), **options)
    yield plot_dictionary(torch.randn(144, 144, generator=random), **options)
    yield plot_reconstructions(x, x, **options)
    yield plot_pareto({f"model {i}": curve for i in range(4)}, **options)


def test_every_chart_fits_a_notebook_describes_and_saves_itself(tmp_path):
    path = tmp_path / "chart.png"
    for shown in all_charts(save_path=path):
        assert path.read_bytes() == shown.png and len(shown.png) < 60_000
        assert Image.open(BytesIO(shown.png)).width == 770
        assert len(shown.alt.split()) > 8 and f'alt="{shown.alt[:8]}' in shown._repr_html_()
    assert [p.name for p in tmp_path.iterdir()] == ["chart.png"], "nothing is left beside it"


def test_save_path_may_be_given_by_position(tmp_path):
    plot_sparse_training_history(history(), tmp_path / "a.png")
    plot_sparse_autoencoder_analysis(results(), "Digits", str(tmp_path / "b.pdf"))
    plot_activation_density([0.5], tmp_path / "c.SVG")
    plot_pareto({"L1": [(1, 0.5)]}, tmp_path / "d.png")
    plot_dictionary(torch.ones(2, 4), (2, 2), tmp_path / "e.png")
    plot_reconstructions(torch.ones(2, 4), torch.ones(2, 4), None, tmp_path / "f.png")
    starts = [p.read_bytes()[:5] for p in sorted(tmp_path.iterdir())]
    assert starts == [b"\x89PNG\r", b"%PDF-", b"<?xml", *[b"\x89PNG\r"] * 3]


@pytest.mark.parametrize("name", ["chart.gif", "chart", "chart.png.txt"])
def test_another_suffix_is_refused(tmp_path, name):
    with pytest.raises(WrongArgument, match=r"must end in \.png, \.svg or \.pdf"):
        plot_activation_density([0.5], tmp_path / name)
    with pytest.raises(WrongArgument, match="must be a str"):
        plot_activation_density([0.5], 7)


def test_a_missing_folder_and_a_folder_in_the_way_are_told(tmp_path):
    with pytest.raises(CheckpointProblem, match="there is no folder"):
        plot_activation_density([0.5], tmp_path / "missing" / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(CheckpointProblem, match="it is a folder"):
        plot_activation_density([0.5], tmp_path / "b.png")


def test_a_read_only_folder_is_told_before_anything_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(CheckpointProblem, match="is read-only"):
        plot_activation_density("not even a density", tmp_path / "a.png")


@pytest.mark.parametrize("fails", ["mkstemp", "replace"])
def test_what_was_saved_before_survives_a_full_disk(tmp_path, monkeypatch, fails):
    figure, _ = new_figure(2, 2)
    path = save_figure(figure, tmp_path / "a.png")
    before = path.read_bytes()

    def full(*args, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile if fails == "mkstemp" else os, fails, full)
    with pytest.raises(CheckpointProblem, match="the disk is full"):
        save_figure(figure, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_chart_can_be_changed_after_it_was_drawn(tmp_path):
    shown = plot_activation_density([0.5, 0.0])
    shown.figure.axes[0].set_title("My latents")
    assert save_figure(shown.figure, tmp_path / "a.png").read_bytes() != shown.png


def test_lists_arrays_and_low_precision_tensors_draw_alike():
    values = [0.0, 0.25, 0.5]
    alts = {
        plot_activation_density(kind).alt
        for kind in (
            values,
            tuple(values),
            np.array(values, dtype=np.float16),
            torch.tensor(values, dtype=torch.bfloat16, requires_grad=True),
        )
    }
    assert len(alts) == 1
