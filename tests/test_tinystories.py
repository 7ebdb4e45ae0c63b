"""The way to TinyStories-33M, walked on a small model of its architecture with random weights.

Only the download is left out. Skipped where transformers is not installed; `make test` has it.
"""

import os
import re
import runpy
import sys
from pathlib import Path

import pytest
import torch

from course_lib import (
    ActivationStream,
    Objective,
    SparseAutoencoder,
    Trainer,
    change_output,
    collect_activations,
    load_autoencoder,
    save_activations,
    tinystories,
)
from course_lib.errors import EnvironmentProblem, WrongArgument
from course_lib.tinystories import HuggingFaceModel, load_tinystories, story_tokens

os.environ |= {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "0",
}
transformers = pytest.importorskip(
    "transformers", reason="transformers is not installed: pip install -e '.[tinystories]'"
)

DOCS = Path(__file__).parents[1] / "docs"
DIM, HEADS, LENGTH = 64, 16, 128
STORIES = [
    f'Once upon a time, {who} found a {what}. {who} was {mood}.\n\n"My {what}!" said {who}.'
    for who in ("Lily", "Tom", "the cat")
    for what in ("ball", "red boat", "tree")
    for mood in ("happy", "very sad")
]


def of_its_architecture(dim, words, positions=2048, window=256):
    """TinyStories-33M's configuration, but for the sizes given."""
    return transformers.GPTNeoConfig(
        vocab_size=words,
        max_position_embeddings=positions,
        hidden_size=dim,
        num_layers=4,
        attention_types=[[["global", "local"], 2]],
        num_heads=HEADS,
        window_size=window,
        initializer_range=0.2,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small model and a tokenizer trained on the stories, as `save_pretrained` writes them."""
    from tokenizers import ByteLevelBPETokenizer

    folder = tmp_path_factory.mktemp("model")
    made = ByteLevelBPETokenizer()
    made.train_from_iterator(STORIES, vocab_size=400, special_tokens=["<|endoftext|>"])
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made._tokenizer, eos_token="<|endoftext|>"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = of_its_architecture(DIM, made.get_vocab_size(), positions=LENGTH, window=8)
    transformers.GPTNeoForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(folder):
    return load_tinystories(folder, device="cpu")


@pytest.fixture(scope="module")
def data(model):
    return story_tokens(model.tokenizer, STORIES, length=40)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """The hub's file system, but its files lie in a folder."""
    import huggingface_hub
    from fsspec.implementations.local import LocalFileSystem

    class LocalHub(LocalFileSystem):
        def open(self, path, mode, **options):
            return super().open(str(tmp_path / path), mode, **options)

    monkeypatch.setattr(huggingface_hub, "HfFileSystem", LocalHub)
    folder = tmp_path / "datasets" / "roneneldan" / "TinyStories"
    folder.mkdir(parents=True)
    return folder


# ── the model ─────────────────────────────────────────────────────────────────────────────────


def test_it_has_the_interface_of_a_language_model(model, data):
    tokens, _ = data
    assert isinstance(model, HuggingFaceModel) and not model.training
    assert isinstance(model.blocks, torch.nn.ModuleList) and len(model.blocks) == 4
    assert model.dim == DIM and model.length == LENGTH and model.device == torch.device("cpu")
    logits = model(tokens)
    assert logits.shape == (len(STORIES), 40, model.words) and logits.dtype == torch.float32
    assert torch.equal(logits, model.model(tokens).logits)
    assert [n for n, _ in model.named_parameters()] == [
        f"model.{n}" for n, _ in model.model.named_parameters()
    ]  # nothing is there twice


def test_the_middle_is_the_residual_stream_after_the_second_block(model, data):
    tokens, mask = data
    with torch.no_grad():
        states = model.model(tokens, output_hidden_states=True).hidden_states
    assert len(states) == 5  # the embeddings, and after each block; the last is normalised
    found = collect_activations(model, model.blocks[1], tokens, mask)
    assert torch.equal(found, states[2][mask])
    assert not torch.allclose(found, states[1][mask], atol=1e-2)


def test_padding_behind_a_story_changes_nothing(model, data):
    tokens, mask = data
    assert not mask.all()
    other = tokens.where(mask, torch.tensor(7))
    first = collect_activations(model, model.blocks[1], tokens, mask)
    assert torch.allclose(collect_activations(model, model.blocks[1], other, mask), first)


def test_nothing_is_computed_beyond_the_middle(model, data):
    seen = []
    hooks = [
        part.register_forward_pre_hook(lambda *_, name=name: seen.append(name))
        for name, part in [*enumerate(model.blocks), ("head", model.model.lm_head)]
    ]
    collect_activations(model, model.blocks[1], *data)
    for hook in hooks:
        hook.remove()
    assert set(seen) == {0, 1}


def test_an_output_that_is_a_tuple_can_be_changed(model, data):
    tokens, _ = data
    with torch.no_grad():
        before = model(tokens)
        with change_output(model.blocks[1], lambda x: x.clone()):
            assert torch.equal(model(tokens), before)
        with change_output(model.blocks[1], torch.zeros_like):
            assert not torch.allclose(model(tokens), before, atol=0.1)


def test_weights_in_the_older_format_load_too(model, folder, data, tmp_path):
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save(model.model.state_dict(), tmp_path / "pytorch_model.bin")
    with torch.no_grad():
        assert torch.equal(load_tinystories(tmp_path, "cpu")(data[0]), model(data[0]))


def test_other_families_have_blocks_too(model):
    sizes = {"vocab_size": 50, "n_positions": 16, "n_embd": 8, "n_layer": 3, "n_head": 2}
    gpt2 = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes))
    found = HuggingFaceModel(gpt2, model.tokenizer)
    assert len(found.blocks) == 3 and found.dim == 8
    gpt2.transformer.h = torch.nn.ModuleList()
    with pytest.raises(WrongArgument, match=r"no nn\.ModuleList of 3 blocks"):
        HuggingFaceModel(gpt2, model.tokenizer)


# ── the pipeline ──────────────────────────────────────────────────────────────────────────────


def test_an_autoencoder_trains_on_the_middle_streamed_and_cached(model, data, tmp_path):
    stream = ActivationStream(model, model.blocks[1], *data, rows_at_once=8)
    torch.manual_seed(0)
    sae = SparseAutoencoder(DIM, 128, layers=1, activation="topk", k=8)
    options = {"num_epochs": 20, "batch_size": 64, "learning_rate": 3e-3, "device": "cpu"}
    history = Trainer(sae, Objective("none"), **options).fit(stream, stream)
    assert history["val_loss"][-1] < 0.5 * history["val_loss"][0]
    assert Trainer(sae, num_steps=2, device="cpu").fit(save_activations(tmp_path / "a.npy", stream))

    def loss():
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(
                model(data[0])[:, :-1].transpose(1, 2), data[0][:, 1:]
            )

    before = loss()
    with change_output(model.blocks[1], lambda x: sae(x.flatten(0, 1)).view_as(x)):
        spliced = loss()
    assert spliced != before and loss() == before


@pytest.mark.parametrize("cached", [False, True])
def test_the_guides_script_runs_as_it_stands(cached, folder, tmp_path, monkeypatch, capsys):
    texts = tmp_path / "stories.txt"
    texts.write_text("\n<|endoftext|>\n".join(STORIES))
    given = {"model": folder, "texts": texts, "out": tmp_path / "sae"}
    given |= {"stories": 18, "steps": 30, "latents": 96, "k": 5}
    given |= {"cache": tmp_path / "activations.npy"} if cached else {}
    arguments = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    monkeypatch.setattr(sys, "argv", ["real_model.py", *arguments])
    monkeypatch.setenv("TQDM_DISABLE", "1")
    runpy.run_path(str(DOCS / "real_model.py"), run_name="__main__")
    told = capsys.readouterr().out
    assert "FVU 0." in told and "L0 5.0" in told and "dead" in told and "cross-entropy" in told
    saved = load_autoencoder(tmp_path / "sae")
    assert (tmp_path / "activations.npy").exists() == cached
    assert (saved.input_dim, saved.latent_dim, saved.config["k"]) == (DIM, 96, 5)


def test_the_guides_python_runs_on_the_small_model(folder, hub):
    guide = (DOCS / "real_model.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (hub / "TinyStories-train.txt").write_text("<|endoftext|>".join(STORIES))
    smaller = {"tinystories()": f"tinystories({str(folder)!r})", "3072": "96", "500": "5"}
    for large, small in smaller.items():
        assert example.count(large) == 1
        example = example.replace(large, small)
    names: dict = {}
    exec(compile(example, "real_model.md", "exec"), names)
    assert names["sae"].input_dim == DIM and len(names["stream"]) == int(names["mask"].sum())


# ── stories ───────────────────────────────────────────────────────────────────────────────────


def test_stories_become_rows_with_padding_behind(model):
    tokens, mask = story_tokens(model.tokenizer, ["Lily", "the cat found a red boat."], length=5)
    assert tokens.shape == mask.shape == (2, 5)
    assert tokens.dtype == torch.int64 and mask.dtype == torch.bool
    for row, real, text in zip(tokens, mask, ("Lily", "the cat found a red boat."), strict=True):
        words = model.tokenizer(text)["input_ids"][:5]
        assert row[real].tolist() == words
        assert real.tolist() == [True] * len(words) + [False] * (5 - len(words))
    assert tokens[~mask].eq(model.tokenizer.eos_token_id).all()


def test_stories_stand_in_a_file_between_marks(model, tmp_path, monkeypatch):
    file = tmp_path / "stories.txt"
    file.write_text(
        "Lily\n<|endoftext|>\n\n<|endoftext|>Tom\n\nthe cat<|endoftext|>\n ball \n", "utf-8"
    )
    expected = story_tokens(model.tokenizer, ["Lily", "Tom\n\nthe cat", "ball"], length=9)
    for characters in (1, 3, 7, 1 << 16):
        monkeypatch.setattr(tinystories, "CHARACTERS_AT_ONCE", characters)
        for given in (file, str(file)):
            found = story_tokens(model.tokenizer, given, length=9)
            assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_no_more_stories_are_read_than_asked_for(model, monkeypatch):
    monkeypatch.setattr(tinystories, "STORIES_AT_ONCE", 2)
    read = []

    def endless():
        while True:
            read.append(1)
            yield "Lily"

    tokens, _ = story_tokens(model.tokenizer, endless(), stories=5, length=3)
    assert len(tokens) == 5 and len(read) <= 6
    assert len(story_tokens(model.tokenizer, STORIES, stories=1000)[0]) == len(STORIES)


def test_a_data_set_of_the_hub_is_read_as_far_as_it_is_needed(model, hub):
    bad = b"\xff" * (1 << 20)  # far behind: bytes that are no text do no harm
    (hub / "TinyStories-train.txt").write_bytes(b"Lily<|endoftext|>Tom<|endoftext|>" + bad)
    (hub / "other.txt").write_text("ball")
    tokens, _ = story_tokens(model.tokenizer, stories=2, length=9)
    expected, _ = story_tokens(model.tokenizer, ["Lily", "Tom"], length=9)
    assert torch.equal(tokens, expected)
    tokens, _ = story_tokens(model.tokenizer, "roneneldan/TinyStories/other.txt", length=9)
    assert torch.equal(tokens, story_tokens(model.tokenizer, ["ball"], length=9)[0])


# ── what may be missing ───────────────────────────────────────────────────────────────────────


def test_without_the_internet_that_is_said(model, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(EnvironmentProblem, match=r"model 'roneneldan/.*cannot be reached"):
        load_tinystories("roneneldan/TinyStories-33M-nowhere")
    with pytest.raises(EnvironmentProblem, match="cannot be reached"):
        story_tokens(model.tokenizer, "roneneldan/TinyStories-nowhere")


def test_a_connection_that_breaks_off_is_told(model, hub, monkeypatch):
    (hub / "TinyStories-train.txt").write_text("Lily")

    def breaks(file):
        with file:
            yield "Lily"
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(tinystories, "_split", breaks)
    with pytest.raises(EnvironmentProblem, match="reset by peer"):
        story_tokens(model.tokenizer)


def test_names_that_the_hub_does_not_know_are_told(model, hub, monkeypatch):
    def unknown(*args, **options):
        cause = type("RepositoryNotFoundError", (OSError,), {})("404")
        raise OSError("x/y is not a valid model identifier\nIf this is private …") from cause

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", unknown)
    with pytest.raises(WrongArgument, match=r"model 'x/y' .*valid model identifier\).*Check the"):
        load_tinystories("x/y")
    with pytest.raises(WrongArgument, match=r"data set 'roneneldan/TinyStories/TinyStories-train"):
        story_tokens(model.tokenizer)  # the file is not there


def test_a_folder_without_a_model_is_told(folder, tmp_path):
    with pytest.raises(WrongArgument, match="save_pretrained"):
        load_tinystories(tmp_path)
    with pytest.raises(WrongArgument, match=r"tokenizer .*save_pretrained"):
        load_tinystories(folder, tokenizer=tmp_path)


def test_without_the_extra_the_command_is_told(monkeypatch, model):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(EnvironmentProblem, match=r"pip install .*\[tinystories\]"):
        load_tinystories()
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(EnvironmentProblem, match=r"huggingface_hub.*\[tinystories\]"):
        story_tokens(model.tokenizer)


def test_wrong_arguments_are_told_before_anything_is_loaded(monkeypatch, model, tmp_path):
    for bad in (None, 3, "", " "):
        with pytest.raises(WrongArgument, match="name_or_folder is"):
            load_tinystories(bad)
    with pytest.raises(WrongArgument, match="tokenizer is 3"):
        load_tinystories(tmp_path, tokenizer=3)
    with pytest.raises(WrongArgument, match="device is 'quantum'"):
        load_tinystories(device="quantum")
    words = model.tokenizer
    for bad, told in (
        (3, "type int"),
        ("no such file", "which is no file"),
        ("a/", "which is no file"),
        (tmp_path / "stories.txt", "which is no file"),
        ([], "holds no story"),
        (["", " \n"], "holds no story"),
        ([b"Lily"], "holds a bytes"),
    ):
        with pytest.raises(WrongArgument, match=told):
            story_tokens(words, bad)
    with pytest.raises(WrongArgument, match="stories is 0"):
        story_tokens(words, STORIES, stories=0)
    with pytest.raises(WrongArgument, match=r"length is 2\.5"):
        story_tokens(words, STORIES, length=2.5)
    with pytest.raises(WrongArgument, match="tokenizer is of type str"):
        story_tokens("gpt-neo", STORIES)


def test_the_tokenizer_of_the_hubs_models_is_gpt_neos(monkeypatch, folder, model):
    asked = []

    def note(name, **options):
        asked.append(name)
        return model.tokenizer

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", note)
    monkeypatch.setattr(
        transformers.AutoModelForCausalLM, "from_pretrained", lambda *_, **__: model.model
    )
    load_tinystories(device="cpu")
    load_tinystories("someone/else", device="cpu")
    load_tinystories("someone/else", device="cpu", tokenizer="a/b")
    assert asked == ["EleutherAI/gpt-neo-125M", "someone/else", "a/b"]


def test_the_guide_tells_the_sizes_of_the_real_model():
    guide = " ".join((DOCS / "real_model.md").read_text().split())
    with torch.device("meta"):
        real = transformers.GPTNeoForCausalLM(of_its_architecture(768, 50257))
        sae = SparseAutoencoder(768, 3072, layers=1, activation="topk", k=32)
    count, half = size(real), size(*real.transformer.h[:2])
    assert f"{count / 1e6:.1f} million weights, {4 * count / 1e6:.0f} MB" in guide
    assert f"{(count - size(real.transformer.wte)) / 1e6:.1f} million of them" in guide
    examples, seen = 9_500 * 128, 5_000 * 2_048
    assert f"{examples / 1e6:.2f} million examples" in guide
    assert f"{examples * 768 * 4 / 1e9:.1f} GB in float32" in guide
    assert f"{4 * size(sae) / 1e6:.0f} MB for the autoencoder" in guide
    cached, streamed = (2 * half * number / 1e12 for number in (examples, seen))
    trained = 5 * 2 * 768 * 3072 * seen / 1e12  # two products forward, three backward
    assert f"{cached:.0f} trillion operations with a cache, {streamed:.0f} trillion" in guide
    assert f"up to {trained:.0f} trillion" in guide
    assert (cached + trained) / 0.1 / 60 == pytest.approx(45, abs=3)  # minutes
    assert (streamed + trained) / 0.1 / 60 == pytest.approx(90, abs=3)


def size(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())
