"""A sparse autoencoder on the middle layer of TinyStories-33M; docs/real_model.md explains it."""

import argparse

import torch

import course_lib as course

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--model", default="roneneldan/TinyStories-33M", help="a name or a folder")
parser.add_argument("--texts", default="roneneldan/TinyStories", help="a data set or a text file")
parser.add_argument("--stories", type=int, default=10_000)
parser.add_argument("--steps", type=int, default=5_000)
parser.add_argument("--latents", type=int, default=3_072)
parser.add_argument("--k", type=int, default=32, help="active latents a token")
parser.add_argument("--cache", help="a .npy file to keep the activations in; else streamed")
parser.add_argument("--out", default="tinystories_sae", help="the folder to save to")
wish = parser.parse_args()

model = course.load_tinystories(wish.model)
tokens, mask = course.story_tokens(model.tokenizer, wish.texts, wish.stories)
held = max(1, len(tokens) // 20)  # the last stories are kept for evaluation
middle = model.blocks[len(model.blocks) // 2 - 1]  # after the second of four
train = course.ActivationStream(model, middle, tokens[:-held], mask[:-held], rows_at_once=32)
test = course.ActivationStream(model, middle, tokens[-held:], mask[-held:], rows_at_once=32)

torch.manual_seed(0)
sae = course.SparseAutoencoder(model.dim, wish.latents, layers=1, activation="topk", k=wish.k)
options = {"num_steps": wish.steps, "batch_size": 2048, "schedule": "linear", "progress": "bar"}
trainer = course.Trainer(sae, course.Objective("none"), device=model.device, **options)
trainer.fit(course.save_activations(wish.cache, train) if wish.cache else train)
course.save_autoencoder(sae.eval(), wish.out, notes={"model": wish.model, "texts": wish.texts})

report = course.evaluate_autoencoder(sae, test.in_order())
held_out = tokens[-held:], mask[-held:]
with torch.no_grad():
    before = course.language_loss(model, *held_out, rows_at_once=8)
    with course.change_output(middle, lambda x: sae(x.flatten(0, 1)).view_as(x)):
        after = course.language_loss(model, *held_out, rows_at_once=8)
print(f"FVU {report.fvu:.4f}   L0 {report.l0:.1f}   dead {report.dead_fraction:.1%}")
print(f"cross-entropy {before:.4f}, with the reconstruction {after:.4f}: {after - before:+.4f}")
