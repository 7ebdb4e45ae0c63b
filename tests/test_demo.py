"""`course demo`: what it writes and says, and the folders it refuses."""

import re
import subprocess
import sys
from io import BytesIO
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from course_lib import SparseAutoencoder
from course_lib.cli import main
from course_lib.demo import Size, models, run_demo, words
from course_lib.demo.folder import RESULTS, Gallery
from course_lib.demo.models import Splits, Trained, handwritten_digits
from course_lib.errors import CheckpointProblem, WrongArgument
from course_lib.evaluation import evaluate_autoencoder

MOMENT = Size(patches=1200, patch_epochs=1, digit_epochs=1)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A demo of a moment: its folder, what it printed, and the random state it left."""
    folder, lines = tmp_path_factory.mktemp("demo") / "figures", []
    before = torch.get_rng_state()
    run_demo(folder, lines.append, MOMENT)
    assert torch.equal(torch.get_rng_state(), before), "the caller's random numbers go on as before"
    return folder, "\n".join(lines)


@pytest.fixture
def no_training(monkeypatch):
    def refuse(*args, **options):
        raise AssertionError("training was begun")

    monkeypatch.setattr(models, "train_sparse_autoencoder_with_early_stopping", refuse)


def test_every_figure_is_drawn_named_and_light(short):
    folder, said = short
    figures = sorted(path.name for path in folder.glob("*.png"))
    assert [name[0] for name in figures] == sorted("11111" + "222" + "33" + "444")
    for name in figures:
        png = (folder / name).read_bytes()
        assert len(png) < 60_000 and Image.open(BytesIO(png)).width == 770
        assert f"  {name} " in said
    assert sorted(path.name for path in folder.iterdir()) == sorted([*figures, RESULTS])


def test_the_table_has_every_model_and_fits_a_terminal(short):
    folder, said = short
    assert max(len(line) for line in said.replace(str(folder), "course_demo").split("\n")) <= 80
    rows = re.findall(
        r"^  (.+?) +([\d.]+) +[\d.]+ +[\d.]+ +\d+% +[\d.]+ +\d+% +([\d,]+) +1$", said, re.M
    )
    assert len(rows) == 16
    assert ("L1", "5", "74,128") in rows  # 2 · 144 · 256 + 256 + 144
    assert ("L1, tied", "0.4", "8,384") in rows  # 64 · 128 + 128 + 64
    assert ("KL, target 0.01", "0.02", "16,576") in rows
    assert ("no penalty", "0", "16,576") in rows


def test_the_results_are_kept_beside_the_figures(short):
    folder, said = short
    kept = (folder / RESULTS).read_text(encoding="utf-8")
    assert kept.startswith("Made by `course demo`.")
    assert kept.split("\n\n", 1)[1].strip() in said
    assert "What to see" in kept and "not finished" not in kept


def test_it_trains_with_one_thread_and_gives_the_others_back(tmp_path, monkeypatch):
    def stop(*args, **options):
        assert torch.get_num_threads() == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "train_sparse_autoencoder_with_early_stopping", stop)
    torch.set_num_threads(2)
    with pytest.raises(KeyboardInterrupt):
        run_demo(tmp_path / "out", lambda line: None, MOMENT)
    assert torch.get_num_threads() == 2
    assert "not finished" in (tmp_path / "out" / RESULTS).read_text()
    Gallery(tmp_path / "out")  # the next run takes it over


def test_a_folder_with_other_files_is_left_alone(tmp_path, no_training):
    (tmp_path / "1_training.png").write_text("mine")
    with pytest.raises(WrongArgument, match="files that the demo did not make"):
        run_demo(tmp_path)
    (tmp_path / RESULTS).write_text("my results")
    with pytest.raises(WrongArgument, match="files that the demo did not make"):
        run_demo(tmp_path)
    assert (tmp_path / "1_training.png").read_text() == "mine"
    assert (tmp_path / RESULTS).read_text() == "my results"


def test_a_file_in_the_folders_place_is_told(tmp_path, no_training):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(WrongArgument, match="out is a file; give another --folder"):
        run_demo(tmp_path / "out")


@pytest.mark.parametrize("place", ["/proc/demo", "missing/demo", "closed"])
def test_a_place_that_cannot_be_written_is_told_before_training(
    place, tmp_path, monkeypatch, no_training
):
    monkeypatch.chdir(tmp_path)
    if place == "closed":  # root may write into any folder, so the writing itself must fail

        def refuse(*args, **options):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(type(tmp_path), "write_text", refuse)
    with pytest.raises(CheckpointProblem, match=r"cannot write to .*demo|closed: "):
        run_demo(place)


def test_an_empty_folder_is_welcome(tmp_path):
    assert Gallery(tmp_path).folder == tmp_path


def test_the_command_says_what_is_wrong_in_one_sentence(tmp_path, no_training):
    (tmp_path / "note.txt").write_text("mine")
    result = CliRunner().invoke(main, ["demo", "--folder", str(tmp_path)])
    assert result.exit_code == 1 and "Give another --folder." in result.output
    assert "Traceback" not in result.output


def test_the_package_runs_the_demo(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Error: " in done.stderr and "files that the demo did not make" in done.stderr


# ---- the words say what the numbers show


def model_of(point=(1.0, 0.5), dead=0.0, parameters=10, weight=1.0, shrinkage=1.0):
    report = SimpleNamespace(
        l0=point[0], fvu=point[1], dead_fraction=dead, shrinkage=shrinkage, hoyer=0.5
    )
    return SimpleNamespace(point=point, report=report, parameters=parameters, weight=weight)


def test_the_penalty_with_the_lowest_fvu_at_a_common_l0_wins():
    found = {
        "L1": [model_of((2, 0.5), dead=0.1), model_of((8, 0.1), dead=0.3)],
        "KL": [model_of((2, 0.4)), model_of((8, 0.4))],
    }
    said = words._about_penalties(found)  # at L0 4, L1 is a third of the way down: 0.5 - 0.4 / 3
    assert "at an L0 of 4 the FVU is L1 0.367, KL 0.400: L1 wins" in said
    assert "at most: L1 30%, KL 0%" in said
    apart = {"L1": found["L1"], "KL": [model_of((20, 0.1)), model_of((30, 0.1))]}
    assert "no common L0" in words._about_penalties(apart)


def test_tied_weights_are_praised_only_when_they_are_better():
    untied = [model_of((2, 0.5), parameters=20), model_of((8, 0.1), parameters=20)]
    better, worse = ([model_of((2, f)), model_of((8, f))] for f in (0.05, 0.6))
    assert "50% of the parameters. At an L0 of 4 they leave less" in words._about_tied(
        untied, better
    )
    assert "they leave more unexplained: FVU 0.600" in words._about_tied(untied, worse)


def hoyer_model(size):
    """Two latents of constant `size` whose atoms cancel, and two that tell the inputs apart."""
    model = SparseAutoencoder(2, 4, layers=1)
    with torch.no_grad():
        model.encoder.weight.copy_(torch.tensor([[0.0, 0], [0, 0], [1, 0], [0, 1]]))
        model.encoder.bias.copy_(torch.tensor([size, size, 0, 0]))
        model.decoder.weight.copy_(torch.tensor([[1.0, 0], [-1, 0], [1, 0], [0, 1]]))
        model.decoder.bias.zero_()
    x = torch.eye(2)
    trained = Trained("digits", "Hoyer", 1.0, model, {}, evaluate_autoencoder(model, x))
    return trained, Splits("digits", x, x, x)


def test_a_gamed_measure_is_called_so():
    trained, data = hoyer_model(100.0)
    said = words._about_hoyer(trained, [model_of()], data)
    assert "2 of the latents" in said and "hold 100% of the codes' energy" in said
    assert "(cosine -1.00)" in said
    assert "but 1.00 for the other latents alone" in said  # their codes are one-hot


def test_an_honest_measure_is_not_called_gamed():
    trained, data = hoyer_model(0.0)
    said = words._about_hoyer(trained, [model_of()], data)
    assert said == "Hoyer: latents that are always on hold 0% of the codes' energy."


def test_on_digits_the_hoyer_penalty_is_gamed():
    data = handwritten_digits()
    gamed = models.train(SparseAutoencoder, data, "hoyer", 0.4, 50, lambda _: None)
    said = words._about_hoyer(gamed, [model_of()], data)
    found = re.search(r"gamed: (\d+) of the latents.* hold (\d+)% of the codes' energy", said)
    assert found, said
    assert int(found[1]) <= 2 and int(found[2]) > 80


def test_no_digit_is_trained_and_tested_on():
    data = handwritten_digits()
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1200, 200, 397]
    known = {tuple(row.tolist()) for row in torch.cat([data.train, data.validation])}
    assert sum(tuple(row.tolist()) in known for row in data.test) <= 2  # the set repeats an image
