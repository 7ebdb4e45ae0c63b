"""Exercise `save_model`: write the config and the weights of a model, the safe way."""

import pickle
from pathlib import Path

import torch
from torch import nn

from course_lib.exercises.basic_autoencoders.files import FileExercise
from course_lib.exercises.cases import Case, Draw
from course_lib.stages.files import Sample, save


def save_model(model: nn.Module, config: dict, path: Path) -> None:
    """Write a dictionary with the keys "config" and "weights" to the file `path`.

    model : any model; it stays as it is
    config : the arguments that the model was built with, such as {"input_dim": 784}
    path : where the file goes; one that is there already is replaced
    """
    ### BEGIN SOLUTION
    torch.save({"config": config, "weights": model.state_dict()}, path)
    ### END SOLUTION


def cases(draw: Draw):
    """Parameters alone, and a buffer beside them; two and three arguments; both modes; float64; an
    old file in place."""
    d, k = draw.integer(3, 7), draw.integer(2, 5)
    config = {"input_dim": d, "encoding_dim": k}
    three = {"input_dim": 4, "encoding_dim": 4, "dropout": 0.25}
    yield Case(
        {"model": Sample("SmallAutoencoder", config), "path": "model.pt"}, note="a small model"
    )
    yield Case(
        {"model": Sample("CentredAutoencoder", three), "path": "second.pt"},
        note="a model with a buffer and with a third argument",
    )
    yield Case(
        {
            "model": Sample("SmallAutoencoder", config, dtype=torch.float64),
            "path": "checkpoints/step 5000",
        },
        note="a model in float64, a file in a folder",
    )
    yield Case(
        {"model": Sample("CentredAutoencoder", config, training=False), "path": "old.pt"},
        note="a model in evaluation mode; at `path` lies an old file",
    )


exercise = FileExercise(
    save_model,
    session=save,
    title="Save a model",
    points=3,
    difficulty=2,
    minutes=15,
    why="A training run of an hour is worth nothing if its result cannot be read next month.",
    cases=cases,
    outputs=(
        "what lies in the file",
        "config",
        "weights",
        "their values",
        "other files",
        "the model afterwards",
    ),
    hints=(
        "What may go into the file is a dictionary of plain things and tensors, no object of a "
        "class of your own. Which method of a model returns its weights as a dictionary?",
        "`model.state_dict()` holds all parameters and buffers by name. Put it into a dictionary "
        "beside the config, and give the whole to `torch.save`.",
        'The dictionary is {"config": …, "weights": …}. `torch.save(what, path)` takes the '
        "dictionary first and the path second, and replaces an old file by itself.",
    ),
)


@exercise.misconception(
    "You save the whole model. Its file names the class and where it was, and breaks when the "
    "class moves; and reading it can run any code. Save `model.state_dict()`, and the config."
)
def whole_model(model, config, path):
    torch.save(model, path)


@exercise.misconception(
    'You save the dictionary asked for, but with the whole model inside. Under "weights" belongs '
    "`model.state_dict()`: names and tensors, no object of a class."
)
def whole_model_inside(model, config, path):
    torch.save({"config": config, "weights": model, "model": model}, path)


@exercise.misconception(
    "You save the weights alone. Whoever loads them must guess the sizes. Save a dictionary with "
    'the keys "config" and "weights".'
)
def weights_alone(model, config, path):
    torch.save(model.state_dict(), path)


@exercise.misconception(
    "You save the config alone. The weights are what training has found: put "
    '`model.state_dict()` beside it, under "weights".'
)
def config_alone(model, config, path):
    torch.save({"config": config}, path)


@exercise.misconception(
    'Your dictionary has other keys. They must be exactly "config" and "weights": the loading '
    "side looks for these."
)
def other_keys(model, config, path):
    torch.save({"config": config, "state_dict": model.state_dict()}, path)


@exercise.misconception(
    "You put the weights in among the entries of the config. Keep the two apart, each under a key "
    'of its own: "config" and "weights".'
)
def config_spread_out(model, config, path):
    torch.save({**config, "weights": model.state_dict()}, path)


@exercise.misconception(
    'You save a tuple. Its parts have no names: save a dictionary with the keys "config" and '
    '"weights".'
)
def as_a_tuple(model, config, path):
    torch.save((config, model.state_dict()), path)


@exercise.misconception(
    "You save the parameters. A model may also keep buffers, such as the mean of its data: "
    "they are not trained, but must be saved. `model.state_dict()` has both."
)
def parameters_only(model, config, path):
    weights = {name: p.detach() for name, p in model.named_parameters()}
    torch.save({"config": config, "weights": weights}, path)


@exercise.misconception(
    "You save the parameters as a list, without their names. Use `model.state_dict()`, a "
    "dictionary from names to tensors."
)
def parameters_as_a_list(model, config, path):
    torch.save({"config": config, "weights": list(model.parameters())}, path)


@exercise.misconception(
    "You write `model.state_dict` without brackets. That is the method itself, with the whole "
    "model attached. Call it: `model.state_dict()`."
)
def method_not_called(model, config, path):
    torch.save({"config": config, "weights": model.state_dict, "training": model.training}, path)


@exercise.misconception(
    "You turn the weights into lists of numbers. They lose their precision (dtype). Leave them "
    "tensors."
)
def as_lists(model, config, path):
    weights = {name: value.tolist() for name, value in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, path)


@exercise.misconception(
    "You save the weights in half precision, with about three digits. The loaded model would not "
    "be the one that was saved."
)
def in_half_precision(model, config, path):
    weights = {name: value.half() for name, value in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, path)


@exercise.misconception(
    "You save the weights as float32, whatever they were. A model in float64 would come back with "
    "other numbers: leave them as they are."
)
def in_single_precision(model, config, path):
    weights = {name: value.float() for name, value in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, path)


@exercise.misconception(
    "You turn the config into text. The loading side needs the dictionary itself, to build the "
    "model from it."
)
def config_as_text(model, config, path):
    torch.save({"config": str(config), "weights": model.state_dict()}, path)


@exercise.misconception(
    "You pick out `input_dim` and `encoding_dim` from the config. Another model may have been "
    "built with other arguments: save the config as it was given."
)
def two_sizes_only(model, config, path):
    sizes = {"input_dim": config["input_dim"], "encoding_dim": config["encoding_dim"]}
    torch.save({"config": sizes, "weights": model.state_dict()}, path)


@exercise.misconception(
    "You write a config of your own, with 784 and 32. Save the one that was given: it says how "
    "*this* model was built."
)
def config_fixed(model, config, path):
    sizes = {"input_dim": 784, "encoding_dim": 32}
    torch.save({"config": sizes, "weights": model.state_dict()}, path)


@exercise.misconception(
    "You save to a file of your own choice, and not to `path`. Whoever calls your function looks "
    "for it there."
)
def path_ignored(model, config, path):
    torch.save({"config": config, "weights": model.state_dict()}, "model_of_mine.pt")


@exercise.misconception(
    "You add an ending to the file's name. Write to `path` exactly as it is given."
)
def ending_added(model, config, path):
    torch.save({"config": config, "weights": model.state_dict()}, f"{path}.pt")


@exercise.misconception("You leave a second file behind. One file is asked for, at `path`.")
def two_files(model, config, path):
    torch.save({"config": config, "weights": model.state_dict()}, path)
    torch.save(model.state_dict(), Path(path).parent / "weights_only.pt")


@exercise.misconception(
    "`torch.load` cannot read your file: it was not written by `torch.save`. (Other formats, such "
    "as JSON or safetensors, are good too, but not asked for here. And to read a plain `pickle` "
    "can run any code.)"
)
def with_pickle(model, config, path):
    with open(path, "wb") as file:
        pickle.dump({"config": config, "weights": model.state_dict()}, file)


@exercise.misconception(
    "You put the model into evaluation mode and leave it there: training would go on differently "
    "after each checkpoint. Saving must leave the model as it is; the mode is not saved anyway."
)
def left_in_evaluation_mode(model, config, path):
    model.eval()
    torch.save({"config": config, "weights": model.state_dict()}, path)


@exercise.misconception(
    "You convert the model itself before saving (`.half()`, `.float()`, `.double()`). That changes "
    "the caller's model, which may go on training."
)
def model_converted(model, config, path):
    torch.save({"config": config, "weights": model.double().state_dict()}, path)


@exercise.misconception(
    "You do not replace an old file: your function returns when there is one. It must hold the new "
    "model afterwards."
)
def old_file_kept(model, config, path):
    if not Path(path).exists():
        torch.save({"config": config, "weights": model.state_dict()}, path)


@exercise.misconception(
    "The arguments of `torch.save` stand the wrong way round: first what is saved, then the path."
)
def arguments_swapped(model, config, path):
    torch.save(path, {"config": config, "weights": model.state_dict()})


@exercise.misconception(
    "You return the dictionary, but write nothing to the disk. Give it to `torch.save`, together "
    "with `path`."
)
def nothing_written(model, config, path):
    return {"config": config, "weights": model.state_dict()}


@exercise.misconception(
    'You save a list. Its parts have no names: save a dictionary with the keys "config" and '
    '"weights".'
)
def as_a_list(model, config, path):
    torch.save([config, model.state_dict()], path)


@exercise.misconception(
    'Your keys are written with capitals. Python tells "Config" from "config": use small letters.'
)
def capital_keys(model, config, path):
    torch.save({"Config": config, "Weights": model.state_dict()}, path)


@exercise.misconception(
    "You add the weights to the caller's own config, and so you change it. Make a new dictionary: "
    '{"config": config, "weights": …}.'
)
def config_changed(model, config, path):
    config["weights"] = model.state_dict()
    torch.save(config, path)


@exercise.misconception(
    "You turn the weights into numpy arrays. The safe way of loading refuses these. Leave them "
    "tensors."
)
def as_arrays(model, config, path):
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, path)


@exercise.misconception(
    "You switch off the gradients of the caller's model. Its training could not go on. The entries "
    "of `state_dict()` carry no gradient anyway."
)
def gradients_switched_off(model, config, path):
    model.requires_grad_(False)
    torch.save({"config": config, "weights": model.state_dict()}, path)


@exercise.misconception(
    "`model.parameters()` is not a dictionary: it hands out the parameters one by one, cannot be "
    "saved, and has no names. Use `model.state_dict()`."
)
def generator_of_parameters(model, config, path):
    torch.save({"config": config, "weights": model.parameters()}, path)


@exercise.misconception(
    'You use the config as a key. Keys are the two words "config" and "weights"; the config '
    "itself is a value."
)
def config_as_key(model, config, path):
    torch.save({config: model.state_dict()}, path)


@exercise.style
def through_an_open_file(model, config, path):
    with open(path, "wb") as file:
        torch.save({"weights": model.state_dict(), "config": dict(config)}, file)


@exercise.style
def with_copies(model, config, path):
    weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
    torch.save({"config": config, "weights": weights}, str(path))


@exercise.style
def written_beside_and_moved(model, config, path):
    beside = path.with_name(path.name + ".part")
    torch.save({"config": config, "weights": model.state_dict()}, beside)
    beside.replace(path)
