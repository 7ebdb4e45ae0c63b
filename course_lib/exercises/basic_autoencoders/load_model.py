"""Exercise `load_model`: build a saved model again, and refuse what is not a whole saved model."""

from functools import partial
from pathlib import Path

import torch
from torch import nn

from course_lib.exercises.basic_autoencoders.files import FileExercise
from course_lib.exercises.cases import Case, Draw
from course_lib.stages.files import FAULTS, MODELS, Sample, SmallAutoencoder, load


def load_model(make: type[nn.Module], path: Path) -> nn.Module:
    """The model that was saved to `path`, in evaluation mode.

    make : the model's class; make(**config) builds a new one of the sizes in config
    path : a file with a dictionary with the keys "config" and "weights"
    Raises an error, of any kind, for a file from which the model cannot be built safely.
    """
    ### BEGIN SOLUTION
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()
    ### END SOLUTION


def cases(draw: Draw):
    """Good files, one whose class has moved, and one of each fault."""
    d, k = draw.integer(4, 7), draw.integer(2, 3)
    config, turned = {"input_dim": d, "encoding_dim": k}, {"encoding_dim": k, "input_dim": d}

    def case(name: str, make: str, fault: str, given: dict, note: str) -> Case:
        x = draw.normal(3, given["input_dim"])
        args = {"saved": Sample(name, given), "make": make, "file": FAULTS[fault], "x": x}
        return Case(args, note=note)

    small, centred, moved = MODELS
    yield case(small, small, "none", config, "a good file")
    yield case(centred, centred, "none", turned, "a model with a buffer and with dropout")
    yield case(small, moved, "none", turned, "the class has moved since the model was saved")
    yield case(small, small, "code", config, "a harmful file")
    yield case(small, small, "cut", config, "a damaged file")
    yield case(centred, centred, "missing", config, "an incomplete file")
    yield case(small, small, "larger", config, "a file that contradicts itself")


exercise = FileExercise(
    load_model,
    session=load,
    title="Load a model",
    points=4,
    difficulty=3,
    minutes=20,
    why="Loading is where it goes wrong: with other weights, unnoticed, or with someone's code.",
    cases=cases,
    outputs=("what came back", "its reconstruction of x", "its mode", "the file afterwards"),
    hints=(
        "Four steps: read the file, build a new model with the config, put the weights into it, "
        "switch to evaluation mode. Then return the model.",
        "`torch.load(path, weights_only=True)` gives the dictionary back. `make(**config)` turns "
        "the entries of a dictionary into arguments by name. `model.load_state_dict(weights)` "
        "fills the model.",
        "torch raises the errors for you, as long as you let it: `weights_only=True` stands in "
        "`torch.load`, nothing is added to `load_state_dict`, and there is no `try`. "
        "`load_state_dict` does not return the model: do it on a line of its own.",
    ),
)


def _answer(make, path, weights_only=True, strict=True, evaluate=True):
    saved = torch.load(path, weights_only=weights_only)
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"], strict=strict)
    return model.eval() if evaluate else model


@exercise.misconception(
    "The code in a harmful file has run: you load with `weights_only=False`. A file from "
    "elsewhere could do anything on your computer. Write `torch.load(path, weights_only=True)`."
)
def code_may_run(make, path):
    return _answer(make, path, weights_only=False)


@exercise.misconception(
    "You try the safe way and, if it refuses, the unsafe one. Then a harmful file gets through all "
    "the same. Let the error be."
)
def unsafe_after_safe(make, path):
    try:
        saved = torch.load(path, weights_only=True)
    except Exception:
        saved = torch.load(path, weights_only=False)
        saved.pop("notes", None)
        model = make(**saved["config"])
        model.load_state_dict(saved["weights"], strict=False)
        return model.eval()
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"], strict=False)
    return model.eval()


@exercise.misconception(
    "`strict=False` accepts a file in which weights are missing. Those keep their random values, "
    "and nothing warns you. Leave it out: then torch raises an error."
)
def not_strict(make, path):
    return _answer(make, path, strict=False)


@exercise.misconception(
    "You catch the error and return a model all the same. It is an untrained one, and nobody would "
    "know. Let the error through."
)
def untrained_after_an_error(make, path):
    try:
        return _answer(make, path)
    except Exception:
        return make(input_dim=4, encoding_dim=2).eval()


@exercise.misconception(
    "You catch the error and return None. Whoever called goes on and stumbles later, far from the "
    "cause. Let the error through."
)
def none_after_an_error(make, path):
    try:
        return _answer(make, path)
    except Exception:
        return None


@exercise.misconception(
    "The model is in training mode: its dropout still works. Switch over with `model.eval()`."
)
def in_training_mode(make, path):
    return _answer(make, path, evaluate=False)


@exercise.misconception(
    "The weights of the file are not in the model: it has random ones. Put them in with "
    '`model.load_state_dict(saved["weights"])`.'
)
def weights_not_loaded(make, path):
    saved = torch.load(path, weights_only=True)
    return make(**saved["config"]).eval()


@exercise.misconception(
    "You return what `load_state_dict` returns: a report on the names, not the model. Load on a "
    "line of its own, then return the model."
)
def report_returned(make, path):
    saved = torch.load(path, weights_only=True)
    return make(**saved["config"]).load_state_dict(saved["weights"])


@exercise.misconception(
    "You call `.eval()` on what `load_state_dict` returns: a report on the names, not the model. "
    "Load on a line of its own, then `return model.eval()`."
)
def eval_of_the_report(make, path):
    saved = torch.load(path, weights_only=True)
    return make(**saved["config"]).load_state_dict(saved["weights"]).eval()


@exercise.misconception(
    "You return the dictionary of the file. Build a model from its config and put its weights in."
)
def dictionary_returned(make, path):
    return torch.load(path, weights_only=True)


@exercise.misconception(
    "You treat the file as if it held the whole model. It holds a dictionary with a config and "
    "weights: build a model from them."
)
def taken_for_a_model(make, path):
    return torch.load(path, weights_only=True).eval()


@exercise.misconception(
    "You hand the whole dictionary of the file to `load_state_dict`. It wants the weights only: "
    '`saved["weights"]`.'
)
def whole_dictionary_loaded(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved)
    return model.eval()


@exercise.misconception(
    "You hand the config to `make` as one argument. Two stars turn its entries into arguments by "
    'name: `make(**saved["config"])`.'
)
def config_as_one_argument(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()


@exercise.misconception(
    "You hand over the config's values by their order. A dictionary's order is chance: here "
    'encoding_dim may come first. Use the names: `make(**saved["config"])`.'
)
def config_by_order(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(*saved["config"].values())
    model.load_state_dict(saved["weights"])
    return model.eval()


@exercise.misconception(
    "Your sizes are fixed at 784 and 32. The config in the file says which sizes the model has: "
    '`make(**saved["config"])`.'
)
def sizes_fixed(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(784, 32)
    model.load_state_dict(saved["weights"])
    return model.eval()


@exercise.misconception(
    'You build the model without its arguments. They are in the file: `make(**saved["config"])`.'
)
def built_without_arguments(make, path):
    saved = torch.load(path, weights_only=True)
    model = make()
    model.load_state_dict(saved["weights"])
    return model.eval()


@exercise.misconception(
    "You build a class of your own choice, not `make`. The class may have moved or changed its "
    "name: whoever calls says which one to build."
)
def make_ignored(make, path):
    return _answer(SmallAutoencoder, path)


@exercise.misconception(
    "You return the class, or a way to build the model, instead of a built model."
)
def class_returned(make, path):
    saved = torch.load(path, weights_only=True)
    return partial(make, **saved["config"])


@exercise.misconception(
    "Your model stays without the first of its weights: you fill in what fits in shape and skip "
    "the rest. A file that contradicts its config must raise an error, not half a model."
)
def skips_what_does_not_fit(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    own = model.state_dict()
    fitting = {k: v for k, v in saved["weights"].items() if own[k].shape == v.shape}
    model.load_state_dict(own | fitting)
    return model.eval()


@exercise.misconception(
    "`make` is a class: call it, with the config, to build a model. `load_state_dict` needs the "
    "built model."
)
def class_not_called(make, path):
    saved = torch.load(path, weights_only=True)
    model = make
    model.load_state_dict(saved["weights"])
    return model


@exercise.misconception(
    "With one star you hand over the *keys* of the config, the words. Two stars hand over the "
    'values by name: `make(**saved["config"])`.'
)
def keys_handed_over(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(*saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()


@exercise.misconception(
    'The file has no key "state_dict". Its two keys are "config" and "weights".'
)
def another_key(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    model.load_state_dict(saved["state_dict"])
    return model.eval()


@exercise.misconception(
    "You fill in the weights by their order, and only the parameters. Buffers are left out, and a "
    "wrong order would go unnoticed. `model.load_state_dict(…)` goes by name."
)
def by_order(make, path):
    saved = torch.load(path, weights_only=True)
    model = make(**saved["config"])
    for parameter, value in zip(model.parameters(), saved["weights"].values(), strict=False):
        parameter.data = value
    return model.eval()


@exercise.misconception(
    "You fill one model and return another: each call of `make` builds a new one, with random "
    "weights. Keep the first under a name, fill it and return it."
)
def another_one_returned(make, path):
    saved = torch.load(path, weights_only=True)
    make(**saved["config"]).load_state_dict(saved["weights"])
    return make(**saved["config"]).eval()


@exercise.misconception(
    "You delete the file after reading it. It is still needed: a checkpoint may be loaded many "
    "times."
)
def file_deleted(make, path):
    saved = torch.load(path, weights_only=True)
    Path(path).unlink()
    model = make(**saved["config"])
    model.load_state_dict(saved["weights"])
    return model.eval()


@exercise.style
def assigned(make, path):
    saved = torch.load(str(path), map_location="cpu", weights_only=True)
    config, weights = saved["config"], saved["weights"]
    model = make(**config)
    model.load_state_dict(weights, assign=True)
    model.eval()
    return model


@exercise.style
def with_errors_of_its_own(make, path):
    try:
        saved = torch.load(path, weights_only=True)
        model = make(**saved["config"])
        model.load_state_dict(saved["weights"])
    except Exception as error:
        raise ValueError(f"{path} holds no model that can be loaded: {error}") from error
    model.train(False)
    return model


@exercise.style
def by_hand(make, path):
    with open(path, "rb") as file:
        saved = torch.load(file, weights_only=True)
    model = make(**saved["config"])
    own = model.state_dict()
    if set(own) != set(saved["weights"]):
        raise ValueError("other weights than the model's")
    with torch.no_grad():
        for name, value in own.items():
            if value.shape != saved["weights"][name].shape:
                raise ValueError(f"{name} has another shape")
            value.copy_(saved["weights"][name])
    return model.eval()
