"""Charts of a training run, of a trained model and of several models side by side.

Each returns a `ShownFigure`: it displays in a notebook, with a text alternative that the chart
writes from the data. Given a `save_path`, it is saved there as well.
"""

from course_lib.charts.analysis import plot_activation_density, plot_sparse_autoencoder_analysis
from course_lib.charts.dossier import draw_dossier
from course_lib.charts.history import plot_sparse_training_history
from course_lib.charts.pictures import plot_dictionary, plot_reconstructions
from course_lib.charts.tradeoff import fvu_at_common_l0, plot_pareto

__all__ = [
    "draw_dossier",
    "fvu_at_common_l0",
    "plot_activation_density",
    "plot_dictionary",
    "plot_pareto",
    "plot_reconstructions",
    "plot_sparse_autoencoder_analysis",
    "plot_sparse_training_history",
]
