"""The small transformer: known answers, causality, its loss; and the story model that ships."""

import math

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from course_lib import (
    CheckpointProblem,
    LanguageModel,
    WrongArgument,
    language_loss,
    load_story_model,
    next_word_losses,
    story_model,
    tell_stories,
    train_story_model,
    untrained_story_model,
)
from course_lib.cli import main
from course_lib.data.stories import VOCABULARY
from course_lib.language_model import Attention, Block


@pytest.fixture(scope="module")
def held_out():
    return tell_stories(150, seed=5)


def small(**sizes):
    torch.manual_seed(0)
    return LanguageModel(**{"vocabulary_size": 7, "dim": 8, "blocks": 2, "heads": 2, **sizes})


def test_attention_by_hand():
    """One head, written out word by word."""
    torch.manual_seed(1)
    attention = Attention(dim=4, heads=1).double()
    h = torch.randn(1, 3, 4, dtype=torch.float64)
    q, k, v = attention.query_key_value(h)[0].split(4, dim=-1)
    rows = []
    for t in range(3):
        weights = torch.stack([q[t] @ k[s] / math.sqrt(4) for s in range(t + 1)]).softmax(dim=0)
        rows.append(sum(w * v[s] for s, w in enumerate(weights)))
    expected = attention.output(torch.stack(rows))
    torch.testing.assert_close(attention(h)[0], expected)


def test_heads_work_on_parts_of_their_own():
    """With two heads, values of the second half do not reach the first half of what is gathered."""
    torch.manual_seed(2)
    attention = Attention(dim=4, heads=2)
    with torch.no_grad():
        attention.output.weight.copy_(torch.eye(4))
        attention.output.bias.zero_()
    h = torch.randn(1, 5, 4)
    before = attention(h)
    with torch.no_grad():
        attention.query_key_value.weight[10:] += 1.0  # the values of the second head
    after = attention(h)
    torch.testing.assert_close(after[..., :2], before[..., :2])
    assert not torch.allclose(after[..., 2:], before[..., 2:])


def test_a_block_adds_to_the_stream():
    block = Block(dim=8, heads=2)
    with torch.no_grad():
        for part in (block.attention.output, block.mlp[2]):
            part.weight.zero_()
            part.bias.zero_()
    h = torch.randn(2, 3, 8)
    assert torch.equal(block(h), h)


def test_a_word_is_predicted_from_those_before_it_alone():
    model = small()
    tokens = torch.tensor([[1, 2, 3, 4, 5]])
    changed = tokens.clone()
    changed[0, 3] = 6
    before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_order_counts():
    model = small()
    assert not torch.allclose(
        model(torch.tensor([[1, 2, 3]]))[0, -1], model(torch.tensor([[2, 1, 3]]))[0, -1], atol=1e-5
    )


def test_sizes():
    model = small()
    assert model(torch.zeros(3, 5, dtype=torch.int64)).shape == (3, 5, 7)
    assert len(model.blocks) == 2 and model.dim == 8
    assert LanguageModel(**model.config).config == model.config


@pytest.mark.parametrize("sizes", [{"heads": 3}, {"dim": 0}, {"blocks": 1.5}, {"longest": -1}])
def test_sizes_that_cannot_be_are_refused(sizes):
    with pytest.raises(WrongArgument, match=next(iter(sizes))):
        small(**sizes)


@pytest.mark.parametrize("shape", [(5,), (1, 65), (2, 3, 4)])
def test_texts_of_another_shape_are_refused(shape):
    with pytest.raises(WrongArgument, match=r"at most 64 words a text"):
        small()(torch.zeros(shape, dtype=torch.int64))


class Guesses(nn.Module):
    """Gives the next word (one more than this one) a chance of 1/2 and shares the rest."""

    def __init__(self):
        super().__init__()
        self.anything = nn.Parameter(torch.zeros(1))

    def forward(self, tokens):
        chances = torch.full((*tokens.shape, 5), 0.125)
        chances.scatter_(2, ((tokens + 1) % 5)[..., None], 0.5)
        return chances.log() + 3  # logits may be shifted


def test_the_loss_of_known_guesses():
    tokens = torch.tensor([[0, 1, 2, 4], [3, 4, 1, 1]])
    halves, eighths = math.log(2), math.log(8)
    expected = torch.tensor([[halves, halves, eighths], [halves, eighths, eighths]])
    torch.testing.assert_close(next_word_losses(Guesses(), tokens), expected)
    mask = torch.tensor([[True, True, True, False], [True, True, False, False]])
    assert language_loss(Guesses(), tokens, mask) == pytest.approx(halves)
    mask[0, 3] = True
    assert language_loss(Guesses(), tokens, mask) == pytest.approx((3 * halves + eighths) / 4)
    one_by_one = language_loss(Guesses(), tokens, mask, rows_at_once=1)
    assert one_by_one == pytest.approx((3 * halves + eighths) / 4)


def test_a_mask_that_counts_nothing_is_refused():
    tokens, mask = torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2, 3, dtype=torch.bool)
    mask[:, 0] = True
    for wrong in (mask, mask[:, :2]):
        with pytest.raises(WrongArgument, match="at least one word"):
            language_loss(Guesses(), tokens, wrong)


# -- the story model ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_shipped_models_lose_little_more_than_the_entropy(seed, held_out):
    loss = language_loss(load_story_model(seed), held_out.tokens, held_out.mask)
    assert held_out.entropy() < loss < 1.02 * held_out.entropy()
    assert story_model.weights_file(seed).stat().st_size < 500_000


def test_the_shipped_models_differ_and_are_in_evaluation_mode():
    first, second = load_story_model(0), load_story_model(1)
    assert not torch.allclose(first.embedding.weight, second.embedding.weight, atol=0.01)
    assert not first.training and first.embedding.weight.dtype == torch.float32


def test_an_untrained_model_is_a_function_of_its_seed_alone():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first = untrained_story_model(4)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(9)
    assert torch.equal(first.unembedding.weight, untrained_story_model(4).unembedding.weight)
    assert not torch.equal(first.unembedding.weight, untrained_story_model(5).unembedding.weight)


def test_training_learns(held_out):
    before = language_loss(untrained_story_model(7), held_out.tokens, held_out.mask)
    loss = language_loss(train_story_model(7, num_steps=20), held_out.tokens, held_out.mask)
    assert before == pytest.approx(math.log(len(VOCABULARY)), abs=0.3)
    assert loss < 0.85 * before


def test_training_repeats():
    first, again = train_story_model(7, num_steps=2), train_story_model(7, num_steps=2)
    torch.testing.assert_close(again.unembedding.weight, first.unembedding.weight)
    assert not first.training


def test_half_precision_on_disk_costs_nothing(tmp_path, held_out, monkeypatch):
    model = untrained_story_model(0)
    path = story_model.save_story_model(model, tmp_path / "folder" / "w.safetensors")
    assert [p.name for p in path.parent.iterdir()] == ["w.safetensors"]
    monkeypatch.setattr(story_model, "weights_file", lambda seed: path)
    back = load_story_model(0)
    before = language_loss(model, held_out.tokens, held_out.mask)
    assert language_loss(back, held_out.tokens, held_out.mask) == pytest.approx(before, abs=1e-4)


def test_a_broken_file_says_what_to_do(tmp_path, monkeypatch):
    for content in (None, b"not weights"):
        path = tmp_path / "w.safetensors"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setattr(story_model, "weights_file", lambda seed, path=path: path)
        with pytest.raises(CheckpointProblem, match="course story-model --seed 0"):
            load_story_model(0)


@pytest.mark.parametrize("seed", [3, -1, "0", None])
def test_only_three_seeds_ship(seed):
    with pytest.raises(WrongArgument, match="seed is"):
        load_story_model(seed)


def test_the_command_trains_and_tells_the_loss(tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    monkeypatch.setattr(story_model, "weights_file", lambda seed: path)
    train = story_model.train_story_model
    monkeypatch.setattr(story_model, "train_story_model", lambda seed: train(seed, num_steps=2))
    result = CliRunner().invoke(main, ["story-model", "--seed", "8"])
    assert result.exit_code == 0, result.output
    assert "nats a word on 1000 held-out stories" in result.output and path.exists()
