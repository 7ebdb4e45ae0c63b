"""The models: shapes and names as the sources have them, unit-norm atoms, and every option."""

import copy
import inspect
import json
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course_lib import autoencoders, losses
from course_lib.autoencoders import (
    AUTOENCODERS,
    BasicAutoencoder,
    ReluAutoencoder,
    SparseAutoencoder,
    StandardAutoencoder,
    TiedWeightAutoencoder,
    TiedWeightSparseAutoencoder,
)
from course_lib.autoencoders.activations import ACTIVATIONS, Activation, top_k
from course_lib.autoencoders.dictionary import DictionaryDecoder, fold_norm_, unit_norm
from course_lib.errors import WrongArgument

SPARSE = [SparseAutoencoder, TiedWeightSparseAutoencoder]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
SETTINGS = {  # of each activation function
    "relu": {},
    "sigmoid": {},
    "soft_threshold": {"threshold": 0.1},
    "hard_threshold": {"threshold": 0.1},
    "topk": {"k": 2},
}
SPARSE_OPTIONS = [
    {"layers": layers, "activation": activation, **setting, **more}
    for layers in (1, 2)
    for activation, setting in SETTINGS.items()
    for more in ({}, {"batch_norm": True}, {"checkpoint_gradients": True})
] + [{"hidden_dim": 3}, {"layers": 2, "hidden_dim": 17, "dtype": torch.float64}]


def every_model():
    """Each family with each of its options: (family, positional arguments, options)."""
    yield BasicAutoencoder, (7, 4), {}
    yield BasicAutoencoder, (7, 4), {"hidden_dims": [], "activation": "identity"}
    yield BasicAutoencoder, (7, 4), {"hidden_dims": (6, 5), "activation": "tanh"}
    yield BasicAutoencoder, (7, 4), {"dtype": torch.float64}
    yield ReluAutoencoder, (7, 4), {}
    yield ReluAutoencoder, (7, 4), {"dtype": torch.bfloat16}
    for family in (StandardAutoencoder, TiedWeightAutoencoder):
        yield family, (7, 4), {}
        yield family, (7, 4), {"hidden_dim": 3, "dtype": torch.float64}
        yield family, (7, 4), {"dtype": torch.bfloat16}
    for family in SPARSE:
        for options in SPARSE_OPTIONS:
            yield family, (7, 4), options


EVERY_MODEL = [
    pytest.param(
        *model,
        id=f"{model[0].__name__}-" + "-".join(f"{k}={v}" for k, v in model[2].items()),
    )
    for model in every_model()
]


def normal(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def seeded(family, *args, **options):
    torch.manual_seed(0)
    return family(*args, **options)


def dtype_of(model):
    return next(model.parameters()).dtype


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def stored_dictionary(model):
    return model.decoder.weight if isinstance(model, SparseAutoencoder) else model.weight


def fold(model):
    if isinstance(model, SparseAutoencoder):
        model.normalize_decoder_weights_row_wise()
    else:
        model.normalize_weights_row_wise()


def gradients(model, x):
    model.zero_grad()
    x = x.clone().requires_grad_()
    x_hat = model(x)
    (x_hat - x.detach()).square().sum().backward()
    return x_hat.detach(), [x.grad] + [p.grad.clone() for p in model.parameters()]


# --- all families -------------------------------------------------------------------------------


@pytest.mark.parametrize("family, args, options", EVERY_MODEL)
def test_shapes_and_gradients(family, args, options):
    model = seeded(family, *args, **options)
    assert (model.input_dim, model.latent_dim) == (7, 4)
    x = normal(5, 7).to(dtype_of(model))
    z = model.encode(x)
    assert z.shape == (5, 4) and z.dtype == x.dtype
    assert model.decode(z).shape == (5, 7)
    assert torch.equal(model(x), model.decode(z))
    activations = model.encoder_activations(x)
    assert torch.equal(activations[-1], z) and all(len(a) == 5 for a in activations)
    model(x).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("family, args, options", EVERY_MODEL)
def test_a_model_is_built_again_from_its_config(family, args, options):
    model = seeded(family, *args, **options)
    config = json.loads(json.dumps(model.config))
    assert set(config) == set(inspect.signature(family).parameters) - {"device"}
    again = AUTOENCODERS[type(model).__name__](**config)
    assert again.config == model.config
    again.load_state_dict(model.state_dict())
    model.eval(), again.eval()
    x = normal(5, 7).to(dtype_of(model))
    assert dtype_of(again) == dtype_of(model)
    assert torch.equal(again(x), model(x))


def test_every_family_and_every_option_is_in_these_tests():
    tested = list(every_model())
    assert {family for family, _, _ in tested} == set(AUTOENCODERS.values())
    for family in AUTOENCODERS.values():
        options = list(inspect.signature(family).parameters)[2:]
        used = {name for other, _, given in tested if other is family for name in given}
        assert set(options) - {"device"} <= used, family
    assert set(SETTINGS) == set(ACTIVATIONS)


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_a_config_holds_plain_numbers_when_given_numpy_ones(family):
    options = {}
    if family in SPARSE:
        options = {"activation": "soft_threshold", "threshold": np.float32(0.25)}
        again = family(np.int64(7), np.int64(4), activation="topk", k=np.int64(2))
        assert json.loads(json.dumps(again.config))["k"] == 2
    model = family(np.int64(7), np.int64(4), **options)
    assert json.loads(json.dumps(model.config)) == model.config


def test_each_family_is_named_after_itself_and_importable_from_the_package():
    import course_lib

    for name, family in AUTOENCODERS.items():
        assert family.__name__ == name
        assert getattr(course_lib, name) is family is getattr(autoencoders, name)


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_a_batch_of_one_is_a_row_of_a_larger_batch(family):
    model = seeded(family, 7, 4)
    x = normal(6, 7)
    assert torch.allclose(model(x[2:3]), model(x)[2:3], atol=1e-6)


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_one_input_and_one_latent(family):
    model = seeded(family, 1, 1)
    assert model(torch.ones(3, 1)).shape == (3, 1)


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_sequences_and_strided_inputs_give_the_same(family):
    model = seeded(family, 7, 4)
    x = normal(6, 7)
    assert torch.allclose(model(x.reshape(2, 3, 7)), model(x).reshape(2, 3, 7), atol=1e-6)
    strided = torch.stack([x, x + 1], dim=2)[:, :, 0]
    assert not strided.is_contiguous()
    assert torch.allclose(model(strided), model(x), atol=1e-6)


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_inputs_are_not_changed_in_place(family):
    model, x = seeded(family, 7, 4), normal(6, 7)
    before = x.clone()
    model(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_models_can_be_copied_and_pickled(family):
    model, x = seeded(family, 7, 4), normal(6, 7)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x), model(x)) and other.config == model.config


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_most_models_have_nothing_to_fold_and_none_changes(family):
    model, x = seeded(family, 7, 4), normal(6, 7)
    before = model(x)
    model.fold_norm()
    assert torch.allclose(model(x), before, atol=1e-6)


@pytest.mark.parametrize(
    "family", [StandardAutoencoder, TiedWeightAutoencoder, *SPARSE], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_move_between_dtypes(family, dtype):
    model = seeded(family, 7, 4)
    other = family(7, 4, dtype=dtype)
    other.load_state_dict(model.state_dict())
    x = normal(6, 7)
    assert other.config["dtype"] == str(dtype).removeprefix("torch.")
    assert other(x.to(dtype)).dtype == dtype
    assert torch.allclose(other(x.to(dtype)).float(), model(x), atol=0.1)


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_a_converted_model_takes_the_new_dtype(family):
    model = seeded(family, 7, 4).double()
    assert model(normal(6, 7, dtype=torch.float64)).dtype == torch.float64
    with pytest.raises(WrongArgument, match=r"x has dtype torch.float32 and the model torch.float"):
        model(normal(6, 7))


@pytest.mark.parametrize("family", [StandardAutoencoder, TiedWeightAutoencoder, *SPARSE])
def test_the_config_of_a_converted_model_builds_the_converted_model(family):
    config = seeded(family, 7, 4).double().config
    assert config["dtype"] == "float64"  # else a checkpoint would be read back into float32


@pytest.mark.parametrize("family", AUTOENCODERS.values())
def test_autocast_takes_float32_inputs(family):
    model = seeded(family, 7, 4)
    with torch.autocast("cpu", torch.bfloat16):
        x_hat = model(normal(6, 7))
    assert torch.allclose(x_hat.float(), model(normal(6, 7)), atol=0.1)


# --- bad inputs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("family", AUTOENCODERS.values())
@pytest.mark.parametrize("method, width", [("encode", 7), ("decode", 4), ("forward", 7)])
def test_wrong_inputs_are_refused(family, method, width):
    run = getattr(seeded(family, 7, 4), method)
    name = "z" if method == "decode" else "x"
    with pytest.raises(
        WrongArgument, match=rf"^{name} is \(5, 6\); it must be a tensor \(batch, {width}\)"
    ):
        run(torch.zeros(5, 6))
    with pytest.raises(WrongArgument, match=rf"\(batch, {width}\)"):
        run(torch.zeros(()))
    with pytest.raises(WrongArgument, match=rf"^{name} is ndarray; it must be a tensor"):
        run(np.zeros((5, width), dtype=np.float32))
    for dtype in (torch.int64, torch.float64, torch.float16, torch.bool):
        with pytest.raises(WrongArgument, match=rf"^{name} has dtype {dtype} and the model .*\.to"):
            run(torch.zeros(5, width).to(dtype))
    with pytest.raises(WrongArgument, match=rf"^{name} is on meta and the model on cpu"):
        run(torch.zeros(5, width, device="meta"))


@pytest.mark.parametrize("family", AUTOENCODERS.values())
@pytest.mark.parametrize(
    "sizes", [(0, 4), (7, 0), (-1, 4), (7.0, 4), ("7", 4), (7, None), (True, 4)]
)
def test_wrong_sizes_are_refused(family, sizes):
    with pytest.raises(WrongArgument, match=r"must be a whole number, at least 1\.$"):
        family(*sizes)


HAS_DEVICE = [StandardAutoencoder, TiedWeightAutoencoder, *SPARSE]


@pytest.mark.parametrize("family", HAS_DEVICE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "", "hpu", 3.5])
def test_a_device_that_is_not_there_is_refused(family, device):
    with pytest.raises(WrongArgument, match=r"^device is .*cannot be used here .*Use 'cpu'"):
        family(7, 4, device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_is_refused_on_a_machine_without_it():
    for device in ("cuda", torch.device("cuda")):
        with pytest.raises(WrongArgument, match=r"^device is .*cuda.*cannot be used here"):
            SparseAutoencoder(7, 4, device)


@pytest.mark.parametrize("family", HAS_DEVICE, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.complex64, torch.float8_e4m3fn, "int64", "nn", None, 32, float]
)
def test_a_dtype_that_is_not_floating_point_is_refused(family, dtype):
    with pytest.raises(WrongArgument, match=r"^dtype is .*it must be floating-point"):
        family(7, 4, dtype=dtype)


def test_an_unknown_dtype_is_named():
    with pytest.raises(WrongArgument, match="float33"):
        SparseAutoencoder(7, 4, dtype="float33")


@pytest.mark.parametrize("family", HAS_DEVICE, ids=lambda f: f.__name__)
@pytest.mark.parametrize("hidden_dim", [0, -2, 2.5, "8", True])
def test_a_wrong_hidden_width_is_refused(family, hidden_dim):
    with pytest.raises(WrongArgument, match=r"^hidden_dim is"):
        family(7, 4, hidden_dim=hidden_dim)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"layers": 3}, r"layers is 3; it must be 1 or 2"),
        ({"layers": "1"}, r"layers is '1'; it must be 1 or 2"),
        ({"layers": 1, "hidden_dim": 8}, r"hidden_dim is 8, but .*layers=1 has no hidden layer"),
        ({"activation": "gelu"}, r"activation is 'gelu'; it must be 'relu', .* or 'topk'"),
        ({"activation": None}, r"activation is None; it must be"),
        ({"activation": "topk"}, r"activation 'topk' needs k=…; none was given"),
        ({"activation": "topk", "k": 5}, r"k is 5, more than the 4 latents"),
        ({"activation": "topk", "k": 0}, r"k is 0; it must be a whole number, at least 1"),
        ({"activation": "topk", "k": 1.5}, r"k is 1\.5; it must be a whole number"),
        ({"activation": "topk", "k": 2, "threshold": 0.1}, r"threshold is 0\.1, but .*no use"),
        ({"k": 2}, r"k is 2, but activation 'relu' has no use for it"),
        ({"threshold": 0.0}, r"threshold is 0\.0, but activation 'relu' has no use for it"),
        ({"activation": "soft_threshold"}, r"'soft_threshold' needs threshold=…"),
        ({"activation": "hard_threshold", "threshold": -0.1}, r"threshold is -0\.1; .*at least 0"),
        (
            {"activation": "soft_threshold", "threshold": float("nan")},
            r"threshold is nan; .*finite",
        ),
        ({"activation": "sigmoid", "k": 2}, r"k is 2, but activation 'sigmoid' has no use"),
        ({"batch_norm": True, "checkpoint_gradients": True}, r"do not go together"),
        ({"batch_norm": "no"}, r"batch_norm is 'no'; it must be"),
        ({"checkpoint_gradients": 1}, r"checkpoint_gradients is 1; it must be"),
    ],
)
@pytest.mark.parametrize("family", SPARSE)
def test_options_that_make_no_sense_are_refused(family, options, message):
    if options.get("checkpoint_gradients") is True:
        # both run the encoder, and the running mean must be updated once
        assert options["batch_norm"]
    with pytest.raises(WrongArgument, match=message):
        family(7, 4, **options)


@pytest.mark.parametrize("hidden_dims", ["128", 128, None, (0,), (8, -1), (2.5,), {8}])
def test_wrong_hidden_widths_of_the_basic_model_are_refused(hidden_dims):
    with pytest.raises(WrongArgument, match=r"^hidden_dims"):
        BasicAutoencoder(7, 4, hidden_dims)
    with pytest.raises(WrongArgument, match="activation is 'gelu'; it must be 'relu', 'tanh'"):
        BasicAutoencoder(7, 4, activation="gelu")


# --- the sources' models ------------------------------------------------------------------------


def linear_sizes(model):
    return [(m.in_features, m.out_features) for m in model.modules() if isinstance(m, nn.Linear)]


def test_the_basic_autoencoder_of_the_second_tutorial():
    model = BasicAutoencoder(784, 32)
    assert linear_sizes(model) == [(784, 128), (128, 32), (32, 128), (128, 784)]
    x = normal(3, 784)
    first, code = model.encoder_activations(x)
    assert first.shape == (3, 128) and (first >= 0).all()
    assert code.shape == (3, 32) and (code < 0).any()  # no ReLU on the code
    assert (model(x) < 0).any()  # nor on the output
    assert model.encoder(x).shape == (3, 32) and model.decoder(code).shape == (3, 784)
    assert [type(layer) for layer in model.encoder] == [nn.Linear, nn.ReLU, nn.Linear]


def test_the_basic_autoencoder_by_hand():
    model = BasicAutoencoder(1, 1, hidden_dims=(2,))
    with torch.no_grad():
        model.encoder[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        model.encoder[0].bias.copy_(torch.tensor([0.0, 1.0]))
        model.encoder[2].weight.copy_(torch.tensor([[2.0, 3.0]]))
        model.encoder[2].bias.fill_(-4.0)
        model.decoder[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        model.decoder[0].bias.zero_()
        model.decoder[2].weight.copy_(torch.tensor([[1.0, 10.0]]))
        model.decoder[2].bias.fill_(0.5)
    x = torch.tensor([[0.5], [3.0]])
    # 0.5 → ReLU(0.5, 0.5) → 1 + 1.5 - 4 = -1.5 → ReLU(-1.5, 1.5) → 15 + 0.5
    # 3.0 → ReLU(3, -2) → 6 - 4 = 2 → ReLU(2, -2) → 2 + 0.5
    assert model.encode(x).flatten().tolist() == [-1.5, 2.0]
    assert model(x).flatten().tolist() == [15.5, 2.5]


def test_hidden_layers_of_the_basic_model_are_mirrored():
    model = BasicAutoencoder(9, 2, hidden_dims=[7, 4])
    assert linear_sizes(model) == [(9, 7), (7, 4), (4, 2), (2, 4), (4, 7), (7, 9)]
    assert [a.shape[1] for a in model.encoder_activations(normal(3, 9))] == [7, 4, 2]
    assert linear_sizes(BasicAutoencoder(9, 2, hidden_dims=())) == [(9, 2), (2, 9)]


def test_the_identity_makes_the_basic_model_linear():
    model = seeded(BasicAutoencoder, 5, 2, activation="identity")
    a, b = normal(4, 5), normal(4, 5, seed=1)
    middle = model((a + b) / 2)
    assert torch.allclose(middle, (model(a) + model(b)) / 2, atol=1e-6)


def test_the_autoencoder_with_features():
    model = ReluAutoencoder(768, 100)
    assert linear_sizes(model) == [(768, 100), (100, 768)]
    x = normal(2, 768)
    features = torch.relu(model.encoder_linear(x))
    assert torch.equal(model.encode(x), features)
    assert torch.equal(model(x), model.decoder_linear(features))
    norms = model.decoder_linear.weight.norm(dim=0)  # here an atom is a column
    assert (norms - 1).abs().min() > 0.01  # and nothing has been done to its length


def test_signatures_of_the_module_document():
    for family in (StandardAutoencoder, TiedWeightAutoencoder, *SPARSE):
        parameters = list(inspect.signature(family).parameters.values())
        assert [p.name for p in parameters[:4]] == ["input_dim", "latent_dim", "device", "dtype"]
        assert parameters[2].default == "cpu" and parameters[3].default == torch.float32
        assert all(p.kind is p.KEYWORD_ONLY for p in parameters[4:])
    for family in SPARSE:
        model = family(input_dim=200, latent_dim=50, device=torch.device("cpu"))
        assert model(torch.zeros(4, 200)).shape == (4, 200)
        for name in ("l1_sparsity_loss", "kl_divergence_sparsity_loss", "hoyer_sparsity_loss"):
            z = normal(4, 50)
            assert getattr(family, name)(z) == getattr(model, name)(z) == getattr(losses, name)(z)


def test_two_layers_and_twice_the_latents_are_the_default():
    for family in (StandardAutoencoder, SparseAutoencoder):
        model = family(10, 3)
        assert model.config["hidden_dim"] == 6
        assert linear_sizes(model)[:3] == [(10, 6), (6, 3), (3, 6)]
    assert SparseAutoencoder(10, 3).dictionary.shape == (6, 10)
    assert SparseAutoencoder(10, 3).config["layers"] == 2


@pytest.mark.parametrize("sizes, hidden", [((200, 50), None), ((784, 32), 64), ((50, 100), None)])
def test_tied_weights_leave_about_half_the_parameters(sizes, hidden):
    d, n = sizes
    h = hidden or 2 * n
    for tied, free in (
        (TiedWeightSparseAutoencoder, SparseAutoencoder),
        (TiedWeightAutoencoder, StandardAutoencoder),
    ):
        matrices, biases = h * d + n * h, 2 * h + n + d
        assert count(tied(d, n, hidden_dim=hidden)) == matrices + biases
        assert count(free(d, n, hidden_dim=hidden)) == 2 * matrices + biases
        assert 0.5 < count(tied(d, n)) / count(free(d, n)) < 0.52
    one_layer = TiedWeightSparseAutoencoder(d, n, layers=1)
    assert count(one_layer) == n * d + n + d
    assert count(SparseAutoencoder(d, n, layers=1)) == 2 * n * d + n + d


def test_the_dense_models_have_relu_on_hidden_layers_and_code_but_not_on_the_output():
    model = seeded(StandardAutoencoder, 7, 4)
    x = normal(50, 7)
    h = torch.relu(model.encoder_hidden(x))
    z = torch.relu(model.encoder(h))
    back = torch.relu(model.decoder_hidden(z))
    assert all(map(torch.equal, model.encoder_activations(x), (h, z)))
    assert torch.equal(model(x), model.decoder(back))
    for dense in (model, seeded(TiedWeightAutoencoder, 7, 4)):
        assert (dense.encode(x) >= 0).all() and (dense.encode(x) == 0).any()
        assert (dense(x) < 0).any()


def test_tied_weights_by_hand():
    model = TiedWeightAutoencoder(2, 1, hidden_dim=2)
    with torch.no_grad():
        model.encoder_hidden.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        model.encoder_hidden.bias.zero_()
        model.encoder.weight.copy_(torch.tensor([[2.0, 1.0]]))
        model.encoder.bias.fill_(1.0)
        model.decoder_hidden_bias.copy_(torch.tensor([0.0, -10.0]))
        model.decoder_bias.copy_(torch.tensor([0.5, 0.0]))
    # x = (1, 1): h = ReLU(3, -1), z = 2·3 + 1 = 7; h' = ReLU(14, 7 - 10) = (14, 0);
    # x̂ = 14 · (1, 2) + (0.5, 0)
    x = torch.tensor([[1.0, 1.0]])
    assert model.encode(x).tolist() == [[7]]
    assert model(x).tolist() == [[14.5, 28]]


def test_a_tied_gradient_comes_from_encoder_and_decoder():
    model = seeded(TiedWeightSparseAutoencoder, 5, 3, layers=1)
    x = normal(8, 5)
    with torch.no_grad():
        z = model.encode(x)
    model.decode(z).square().sum().backward()
    decoder_alone = model.weight.grad.clone()
    model.zero_grad()
    model(x).square().sum().backward()
    assert not torch.allclose(model.weight.grad, decoder_alone)


# --- the sparse models by hand ------------------------------------------------------------------


def test_one_sparse_layer_by_hand():
    model = SparseAutoencoder(2, 3, layers=1)
    with torch.no_grad():
        model.encoder.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]))
        model.encoder.bias.copy_(torch.tensor([0.0, -1.0, 0.0]))
        model.decoder.weight.copy_(torch.tensor([[3.0, 4.0], [0.0, 2.0], [1.0, 1.0]]))
        model.decoder.bias.copy_(torch.tensor([0.5, 0.0]))
    assert torch.allclose(model.dictionary[:2], torch.tensor([[0.6, 0.8], [0.0, 1.0]]))
    x = torch.tensor([[5.0, 3.0]])
    assert model.encode(x).tolist() == [[5, 2, 0]]
    # 5 · (0.6, 0.8) + 2 · (0, 1) + (0.5, 0)
    assert torch.allclose(model(x), torch.tensor([[3.5, 6.0]]))


def test_two_sparse_layers_by_hand():
    model = SparseAutoencoder(2, 1, hidden_dim=2)
    with torch.no_grad():
        model.encoder_hidden.weight.copy_(torch.eye(2))
        model.encoder_hidden.bias.copy_(torch.tensor([0.0, -5.0]))
        model.encoder.weight.copy_(torch.tensor([[2.0, 1.0]]))
        model.encoder.bias.fill_(-1.0)
        model.decoder_hidden.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        model.decoder_hidden.bias.zero_()
        model.decoder.weight.copy_(torch.tensor([[3.0, 4.0], [1.0, 0.0]]))
        model.decoder.bias.copy_(torch.tensor([0.0, 0.5]))
    # x = (3, 1): h = (3, 0), z = 2·3 - 1 = 5, h' = (5, 0), x̂ = 5 · (0.6, 0.8) + (0, 0.5)
    x = torch.tensor([[3.0, 1.0]])
    h, z = model.encoder_activations(x)
    assert h.tolist() == [[3, 0]] and z.tolist() == [[5]]
    assert torch.allclose(model(x), torch.tensor([[3.0, 4.5]]))


def test_one_tied_sparse_layer_by_hand():
    model = TiedWeightSparseAutoencoder(2, 2, layers=1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3.0, 4.0], [0.0, -2.0]]))
        model.encoder_bias.copy_(torch.tensor([-1.0, 0.0]))
        model.decoder_bias.copy_(torch.tensor([0.0, 1.0]))
    # z = ReLU(0.6·5 + 0.8·5 - 1, -5) = (6, 0); x̂ = 6 · (0.6, 0.8) + (0, 1)
    x = torch.tensor([[5.0, 5.0]])
    assert torch.allclose(model.encode(x), torch.tensor([[6.0, 0.0]]))
    assert torch.allclose(model(x), torch.tensor([[3.6, 5.8]]))


def test_two_tied_sparse_layers_are_transposes():
    model = seeded(TiedWeightSparseAutoencoder, 7, 4)
    with torch.no_grad():
        for bias in (model.encoder_bias, model.decoder_hidden_bias, model.decoder_bias):
            bias.copy_(normal(*bias.shape, seed=len(bias)))
        model.weight.mul_(torch.linspace(0.5, 3, 8)[:, None])
    D, x = model.dictionary, normal(6, 7)
    z = torch.relu(model.encoder(torch.relu(x @ D.T + model.encoder_bias)))
    assert torch.allclose(model.encode(x), z, atol=1e-6)
    h = torch.relu(z @ model.encoder.weight + model.decoder_hidden_bias)
    assert torch.allclose(model(x), h @ D + model.decoder_bias, atol=1e-6)


# --- unit-norm atoms ----------------------------------------------------------------------------


def norms(dictionary):
    return dictionary.detach().double().norm(dim=1)


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("input_dim, latent_dim", [(11, 3), (3, 11), (5, 5), (1, 4)])
def test_atoms_have_unit_norm_after_training(family, layers, input_dim, latent_dim):
    model = seeded(family, input_dim, latent_dim, layers=layers)
    atoms = latent_dim if layers == 1 else 2 * latent_dim
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    x = normal(64, input_dim)
    for step in range(6):
        loss = losses.reconstruction_loss(model(x), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step < 5:  # what forward uses has unit norm, also when the stored weight has not
            length = norms(stored_dictionary(model))
            assert input_dim == 1 or (length - 1).abs().max() > 1e-4
        model.fold_norm()
        assert model.dictionary.shape == stored_dictionary(model).shape == (atoms, input_dim)
        assert torch.allclose(norms(model.dictionary), torch.ones(atoms).double(), atol=1e-6)
        assert torch.allclose(
            norms(stored_dictionary(model)), torch.ones(atoms).double(), atol=1e-6
        )
    if 1 < input_dim != atoms:  # rows have unit norm, columns have not
        columns = stored_dictionary(model).detach().norm(dim=0)
        assert (columns - 1).abs().max() > 0.05


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
def test_forward_uses_unit_norm_atoms_whatever_is_stored(family, layers):
    model = seeded(family, 7, 4, layers=layers)
    x = normal(6, 7)
    before = model(x)
    with torch.no_grad():  # another length for each atom
        weight = stored_dictionary(model)
        weight.mul_(torch.linspace(0.01, 50, len(weight))[:, None])
    assert torch.allclose(model(x), before, atol=1e-5)
    assert torch.allclose(norms(model.dictionary), torch.ones(len(weight)).double(), atol=1e-6)


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("input_dim, latent_dim", [(11, 3), (3, 11)])
def test_folding_keeps_the_function(family, layers, input_dim, latent_dim):
    model = seeded(family, input_dim, latent_dim, layers=layers, dtype=torch.float64)
    with torch.no_grad():
        weight = stored_dictionary(model)
        weight.copy_(normal(*weight.shape, dtype=torch.float64) * 3)
    x = normal(6, input_dim, dtype=torch.float64)
    code, before = model.encode(x), model(x)
    fold(model)
    assert torch.allclose(norms(weight), torch.ones(len(weight)).double(), atol=1e-12)
    assert torch.allclose(model.encode(x), code, atol=1e-12)
    assert torch.allclose(model(x), before, atol=1e-12)
    once = weight.detach().clone()
    model.fold_norm()
    assert torch.allclose(weight, once, atol=1e-15)
    assert weight.requires_grad and weight.grad_fn is None


def test_gradients_pass_through_the_norm():
    weight = torch.tensor([[3.0, 4.0]], dtype=torch.float64, requires_grad=True)
    # d/dw of the first entry of w/‖w‖ is (1 - 0.6², -0.6 · 0.8) / 5
    (gradient,) = torch.autograd.grad(unit_norm(weight)[0, 0], weight)
    assert gradient.flatten().tolist() == pytest.approx([0.128, -0.096])
    weight = normal(4, 6, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(unit_norm, weight)


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
def test_no_gradient_points_along_an_atom(family, layers):
    model = seeded(family, 7, 4, layers=layers, dtype=torch.float64)
    with torch.no_grad():
        stored_dictionary(model).mul_(2.5)
    model(normal(20, 7, dtype=torch.float64)).square().sum().backward()
    weight = stored_dictionary(model)
    assert weight.grad.abs().max() > 1e-3
    assert (weight.grad * weight).sum(dim=1).abs().max() < 1e-10


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
def test_gradcheck_of_whole_models(family, layers):
    model = seeded(family, 4, 3, layers=layers, activation="sigmoid", dtype=torch.float64)
    x = normal(5, 4, dtype=torch.float64)
    names, values = zip(*model.named_parameters(), strict=True)

    def run(x, *values):
        return torch.func.functional_call(model, dict(zip(names, values, strict=True)), x)

    inputs = [value.detach().clone().requires_grad_() for value in (x, *values)]
    assert torch.autograd.gradcheck(run, inputs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_zero_atom_stays_finite(family, layers, dtype):
    model = seeded(family, 7, 4, layers=layers, dtype=dtype)
    with torch.no_grad():
        stored_dictionary(model)[1] = 0
    x = normal(6, 7).to(dtype)
    for _ in range(2):
        x_hat, found = gradients(model, x)
        assert x_hat.isfinite().all() and all(gradient.isfinite().all() for gradient in found)
        assert (model.dictionary[1] == 0).all()
        model.fold_norm()
        assert (stored_dictionary(model)[1] == 0).all()


def test_the_gradient_of_a_zero_atom_does_not_drown_the_others():
    # clipping by the global norm would otherwise stop all training
    model = seeded(SparseAutoencoder, 7, 4, layers=1)
    with torch.no_grad():
        model.decoder.weight[1] = 0
    gradients(model, normal(6, 7))
    sizes = model.decoder.weight.grad.norm(dim=1)
    assert sizes[1] < 1e3 * sizes[[0, 2, 3]].max()


@settings(max_examples=80, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    exponent=st.integers(-12, 17),
    seed=st.integers(0, 2**16),
)
def test_atoms_of_any_length_have_unit_norm_and_fold_exactly(shape, exponent, seed):
    weight = normal(*shape, seed=seed, dtype=torch.float64).float() * 10.0**exponent
    D = unit_norm(weight)
    assert torch.allclose(norms(D), torch.ones(shape[0]).double(), atol=1e-5)
    folded = weight.clone()
    fold_norm_(folded)
    assert torch.allclose(folded, D, atol=1e-6)
    assert torch.allclose(unit_norm(folded), D, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_atoms_longer_than_half_precision_can_say(dtype):
    weight = torch.full((2, 784), 3000.0, dtype=dtype)  # norm 84 000
    assert torch.allclose(norms(unit_norm(weight)), torch.ones(2).double(), atol=0.02)
    fold_norm_(weight)
    assert torch.allclose(norms(weight), torch.ones(2).double(), atol=0.02)


def test_the_decoder_starts_with_short_weights_unit_norm_atoms_and_no_bias():
    decoder = DictionaryDecoder(5, 3)
    assert decoder.weight.shape == (5, 3) and (decoder.bias == 0).all()
    assert torch.allclose(norms(decoder.weight), torch.full((5,), 0.3).double(), atol=1e-6)
    assert torch.allclose(norms(decoder.dictionary), torch.ones(5).double(), atol=1e-6)
    assert torch.allclose(decoder(torch.eye(5)), decoder.dictionary)  # a latent adds its atom
    assert list(decoder.state_dict()) == ["weight", "bias"]


def test_each_latent_of_one_layer_starts_by_looking_for_its_own_atom():
    model = SparseAutoencoder(7, 4, layers=1)
    assert torch.equal(model.encoder.weight, model.dictionary)  # fewer atoms than dimensions
    assert model.encoder.weight.data_ptr() != model.decoder.weight.data_ptr()
    assert list(model.state_dict()) == [
        "encoder.weight",
        "encoder.bias",
        "decoder.weight",
        "decoder.bias",
    ]
    assert model.decoder.weight.shape == (4, 7) and model.encoder.weight.shape == (4, 7)


# --- activation functions -----------------------------------------------------------------------

SUMS = torch.tensor([[-2.0, -0.5, 0.0, 0.5, 2.0, 1.0]])


@pytest.mark.parametrize(
    "name, setting, expected",
    [
        ("relu", {}, [0, 0, 0, 0.5, 2, 1]),
        ("soft_threshold", {"threshold": 0.75}, [-1.25, 0, 0, 0, 1.25, 0.25]),
        ("hard_threshold", {"threshold": 0.75}, [-2, 0, 0, 0, 2, 1]),
        ("hard_threshold", {"threshold": 0.5}, [-2, 0, 0, 0, 2, 1]),  # at the threshold: zero
        ("soft_threshold", {"threshold": 0}, [-2, -0.5, 0, 0.5, 2, 1]),
        ("hard_threshold", {"threshold": 0}, [-2, -0.5, 0, 0.5, 2, 1]),
        ("topk", {"k": 1}, [0, 0, 0, 0, 2, 0]),
        ("topk", {"k": 2}, [0, 0, 0, 0, 2, 1]),
        ("topk", {"k": 6}, [0, 0, 0, 0.5, 2, 1]),  # negative ones are never kept
    ],
)
def test_activation_functions_by_hand(name, setting, expected):
    activation = Activation(name, 6, setting.get("threshold"), setting.get("k"))
    assert activation(SUMS)[0].tolist() == expected
    model = SparseAutoencoder(6, 6, layers=1, activation=name, **setting)
    with torch.no_grad():
        model.encoder.weight.copy_(torch.eye(6))
    assert model.encode(SUMS)[0].tolist() == expected


def test_sigmoid_codes_lie_between_zero_and_one():
    activation = Activation("sigmoid", 6, None, None)
    assert activation(torch.tensor([0.0])).item() == 0.5
    code = seeded(SparseAutoencoder, 7, 4, activation="sigmoid").encode(normal(50, 7))
    assert (code > 0).all() and (code < 1).all()


def test_gradients_of_the_thresholds():
    for name in ("soft_threshold", "hard_threshold"):
        s = SUMS.clone().requires_grad_()
        Activation(name, 6, 0.75, None)(s).sum().backward()
        assert s.grad[0].tolist() == [1, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [1, 3, 8])
def test_top_k_keeps_at_most_k_and_passes_their_gradient(k, dtype):
    s = normal(20, 8).to(dtype).requires_grad_()
    z = top_k(s, k)
    assert z.dtype == dtype
    kept = z != 0
    assert torch.equal(kept.sum(dim=1), (s > 0).sum(dim=1).clamp(max=k))
    assert torch.equal(z[kept], s[kept])
    assert (
        torch.where(kept, z, torch.inf).amin(dim=1) >= torch.where(kept, 0, s).amax(dim=1)
    ).all()
    z.sum().backward()
    assert torch.equal(s.grad != 0, kept)


def test_top_k_with_ties_keeps_k():
    assert (top_k(torch.ones(2, 5), 3) != 0).sum(dim=1).tolist() == [3, 3]
    assert (top_k(torch.zeros(2, 5), 3) == 0).all()


# --- batch normalisation ------------------------------------------------------------------------


@pytest.mark.parametrize("family", SPARSE)
def test_batch_norm_centres_and_scales_each_latent(family):
    model = seeded(family, 7, 4, activation="hard_threshold", threshold=0, batch_norm=True)
    z = model.encode(5 + 3 * normal(200, 7))  # the threshold 0 shows the sums themselves
    assert torch.allclose(z.mean(dim=0), torch.zeros(4), atol=1e-4)
    assert torch.allclose(z.var(dim=0, correction=0), torch.ones(4), atol=1e-2)


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
def test_batch_norm_in_evaluation_does_not_depend_on_the_batch(family, layers):
    model = seeded(family, 7, 4, layers=layers, batch_norm=True)
    x = normal(50, 7) + 2
    model(x)
    assert model.batch_norm.num_batches_tracked == 1  # once a forward pass
    assert model.batch_norm.running_mean.abs().max() > 0
    model.eval()
    assert torch.allclose(model(x[3:4]), model(x)[3:4], atol=1e-6)
    assert not torch.allclose(model.train()(x), model.eval()(x), atol=1e-3)


def test_batch_norm_refuses_a_single_code_in_training():  # which has no variance
    model = seeded(SparseAutoencoder, 7, 4, batch_norm=True)
    for shape in ((1, 7), (7,), (1, 1, 7)):
        with pytest.raises(WrongArgument, match="batch_norm"):
            model(normal(*shape))
    assert model.eval()(normal(1, 7)).shape == (1, 7)
    assert model(normal(7)).shape == (7,)


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("length", [3, 4])  # 4 = latent_dim: torch would take it for the latents
def test_batch_norm_takes_sequences_as_a_batch(family, length):
    model = seeded(family, 7, 4, batch_norm=True)
    x = normal(5, length, 7)
    expected = copy.deepcopy(model)(x.reshape(-1, 7)).reshape(x.shape)
    assert torch.allclose(model(x), expected, atol=1e-5)


@pytest.mark.parametrize("family", SPARSE)
def test_without_batch_norm_there_are_no_buffers(family):
    assert not list(family(7, 4).buffers())
    assert count(family(7, 4, batch_norm=True)) == count(family(7, 4)) + 2 * 4


# --- gradient checkpointing ---------------------------------------------------------------------


def saved_bytes(model, x):
    """Bytes that a forward pass keeps for the backward pass, weights and inputs left out."""
    known = {p.untyped_storage().data_ptr() for p in [*model.parameters(), x]}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)  # alive: no address twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(x).square().mean().backward()
    return sum(size for size, _ in kept.values())


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_checkpointing_changes_no_gradient(family, layers, activation):
    options = {"layers": layers, "activation": activation, **SETTINGS[activation]}
    plain = seeded(family, 7, 4, **options)
    thrifty = family(7, 4, **options, checkpoint_gradients=True)
    thrifty.load_state_dict(plain.state_dict())
    x = normal(16, 7)
    expected, expected_gradients = gradients(plain, x)
    found, found_gradients = gradients(thrifty, x)
    assert torch.equal(found, expected)
    for one, other in zip(found_gradients, expected_gradients, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("family", SPARSE)
def test_checkpointing_keeps_fewer_bytes(family):
    options = {"hidden_dim": 256, "activation": "sigmoid"}
    plain = seeded(family, 16, 64, **options)
    thrifty = seeded(family, 16, 64, **options, checkpoint_gradients=True)
    x = normal(512, 16)
    # kept at least: two hidden layers of 512 · 256 numbers against none; the code in both
    hidden, code = 512 * 256 * 4, 512 * 64 * 4
    assert saved_bytes(plain, x) >= 2 * hidden + code
    assert saved_bytes(thrifty, x) <= 2 * code + 512 * 16 * 4


@pytest.mark.parametrize("family", SPARSE)
def test_checkpointing_rests_in_evaluation_and_without_gradients(family, monkeypatch):
    from course_lib.autoencoders import sparse_base

    def refuse(*_, **__):
        raise AssertionError("checkpoint was called")

    model, x = seeded(family, 7, 4, checkpoint_gradients=True), normal(3, 7)
    monkeypatch.setattr(sparse_base, "checkpoint", refuse)
    with torch.no_grad():
        model(x)
    model.eval()(x)
    with pytest.raises(AssertionError, match="checkpoint was called"):
        model.train()(x)


# --- the loss of a model ------------------------------------------------------------------------


@pytest.mark.parametrize("family", SPARSE)
@pytest.mark.parametrize("penalty", ["l1", "kl", "hoyer"])
def test_every_penalty_trains_every_sparse_model(family, penalty):
    model = seeded(family, 7, 4)
    x = normal(64, 7)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    values = []
    for _ in range(40):
        z = model.encode(x)
        loss = losses.total_loss(
            {
                "reconstruction": losses.reconstruction_loss(model.decode(z), x),
                "sparsity": 0.1 * losses.sparsity_loss(z, penalty),
            }
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.fold_norm()
        values.append(loss.item())
    assert values[-1] < 0.95 * values[0]
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def test_the_coherence_of_a_models_dictionary_can_be_descended():
    model = seeded(SparseAutoencoder, 3, 6, layers=1)
    before = losses.coherence_loss(model.dictionary)
    before.backward()
    with torch.no_grad():
        model.decoder.weight -= 0.5 * model.decoder.weight.grad
    assert losses.coherence_loss(model.dictionary) < before


def test_unit_norm_atoms_close_the_way_out_of_a_penalty_with_one_layer_but_not_with_two():
    """Codes a hundred times smaller for the same reconstruction: what a penalty would reward."""
    x, small = normal(6, 7, dtype=torch.float64), 0.01

    def shrunk(model, weight_after_the_code):
        with torch.no_grad():
            before = model(x), model.encode(x)
            model.encoder.weight *= small
            model.encoder.bias *= small
            weight_after_the_code /= small
            return before, (model(x), model.encode(x))

    two = seeded(SparseAutoencoder, 7, 4, dtype=torch.float64)
    (x_hat, z), (same, smaller) = shrunk(two, two.decoder_hidden.weight)
    torch.testing.assert_close(same, x_hat)
    torch.testing.assert_close(smaller, small * z)
    one = seeded(SparseAutoencoder, 7, 4, layers=1, dtype=torch.float64)
    (x_hat, z), (other, smaller) = shrunk(one, one.decoder.weight)
    torch.testing.assert_close(smaller, small * z)
    assert (other - x_hat).abs().max() > 0.1, "longer atoms have undone the smaller codes"
