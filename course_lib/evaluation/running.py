"""Running a model over data to measure it: in evaluation mode, without gradients, in batches.

Whatever happens, the model comes back as it was: its modes, its device.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.activations.hooks import evaluation_mode
from course_lib.arguments import require_finite, require_matrix
from course_lib.errors import WrongArgument

if TYPE_CHECKING:
    import numpy as np

    Matrix = Tensor | np.ndarray


@contextmanager
def evaluating(model: nn.Module, device: torch.device | None) -> Iterator[torch.device]:
    """Inside: the model in evaluation mode on `device`, gradients off. Afterwards: as before.

    device : None leaves the model where it is.
    Gives the device that the data must be on.
    """
    homes = {tensor.device for tensor in _tensors(model)}
    if len(homes) > 1:
        raise WrongArgument(
            f"model is spread over {', '.join(sorted(map(str, homes)))}; move it to one device."
        )
    home = next(iter(homes), device or torch.device("cpu"))
    with evaluation_mode(model), torch.no_grad():
        try:
            if homes and device is not None:
                model.to(device)
            yield home if device is None else device
        finally:
            if homes:
                model.to(home)


def batches(
    model: nn.Module, data: Matrix | Iterable[Matrix], batch_size: int, device: torch.device
) -> Iterator[Tensor]:
    """The data in pieces of at most `batch_size` examples, checked and on `device`.

    data : (examples, input), or an iterable of such matrices. A batch that is a list or tuple, as
        a DataLoader gives it, stands for its first entry: the others are labels.
    """
    if hasattr(data, "__array__") or isinstance(data, tuple):  # digits(), for one: refused below
        data, name = [data], "data"
    elif isinstance(data, Iterable) and not isinstance(data, (str, bytes, dict)):
        name = "batch {} of data"
    else:
        raise WrongArgument(
            f"data is of type {type(data).__name__}; it must be a tensor or an array of shape "
            "(examples, input), or an iterable of them."
        )
    number = -1
    for number, batch in enumerate(data):
        if name != "data" and isinstance(batch, (list, tuple)) and batch:
            batch = batch[0]
        examples = require_data(name.format(number), batch, model)
        for piece in examples.split(batch_size):
            yield piece.to(device)
    if number < 0:
        raise WrongArgument("data holds no batches; a used-up iterator must be made anew.")


def require_data(name: str, data: Any, model: nn.Module) -> Tensor:
    """`data` as a tensor, which shares the memory of a NumPy array.

    Raises `WrongArgument` unless it is a finite matrix that the model can read: with its number of
    columns and the dtype of its weights.
    """
    given, data = data, _as_tensor(name, data)
    require_matrix(name, data, columns=getattr(model, "input_dim", None))
    weights = next((t.dtype for t in _tensors(model) if t.is_floating_point()), data.dtype)
    if data.dtype != weights:
        as_weights = str(weights) if given is data else repr(str(weights).removeprefix("torch."))
        convert = f"{name.split()[-1]}.{'to' if given is data else 'astype'}({as_weights})"
        raise WrongArgument(
            f"{name} has dtype {data.dtype}, but the model's weights have {weights}. Convert one "
            f"of them: {convert} or model.to({data.dtype})."
        )
    return data


def _as_tensor(name: str, data: Any) -> Any:
    """A NumPy array as a tensor that shares its memory; anything else as it is."""
    import numpy as np

    if not isinstance(data, np.ndarray):
        return data
    if data.dtype.kind != "f":
        raise WrongArgument(
            f"{name} has dtype {data.dtype}; it must hold floating-point numbers. Convert it: "
            f"{name.split()[-1]}.astype('float32')."
        )
    with warnings.catch_warnings():  # torch cannot forbid writing, and warns; nobody writes
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        try:
            return torch.from_numpy(data)
        except (TypeError, ValueError) as error:  # a foreign byte order, or read backwards
            raise WrongArgument(
                f"{name} is an array that torch cannot read ({error}). Convert it: "
                f"numpy.ascontiguousarray({name.split()[-1]}, dtype='float32')."
            ) from None


def encode_decode(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Examples (batch, input) → codes (batch, latent) and reconstructions (batch, input).

    Raises `WrongArgument` when the model gives other shapes, or NaN or infinity.
    """
    z = model.encode(x)
    _require_result("model.encode", z, len(x), None)
    x_hat = model.decode(z)
    _require_result("model.decode", x_hat, len(x), x.shape[1])
    return z, x_hat


def _require_result(name: str, result: Any, rows: int, columns: int | None) -> None:
    wanted = f"({rows}, {'latent' if columns is None else columns})"
    shape = tuple(result.shape) if isinstance(result, Tensor) else None
    if shape is None or len(shape) != 2 or shape[0] != rows or columns not in (None, shape[1]):
        given = f"a {type(result).__name__}" if shape is None else f"shape {shape}"
        raise WrongArgument(f"{name} gave {given} for {rows} examples; it must give {wanted}.")
    try:
        require_finite(name, result)
    except WrongArgument as error:
        raise WrongArgument(
            f"{name} gave NaN or infinity for finite examples; the weights are damaged (a training "
            "that diverged) or too large for their dtype."
        ) from error


def _tensors(model: nn.Module) -> Iterator[Tensor]:
    return chain(model.parameters(), model.buffers())
