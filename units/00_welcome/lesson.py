# %% [markdown]
# # Sparse autoencoders, from the linear layer to the features of a language model
#
# A language model turns each word into a list of numbers. Somewhere in these numbers stands
# what the model knows about the sentence: who acts, where, when, in what mood. A **sparse
# autoencoder** (SAE) takes the numbers apart into features that a person can read. In this
# course you build one, train it, see it fail, mend it, and read what it finds.
#
# **[Begin with unit 1: linear layers](01_linear_layers.ipynb)**

# %% [markdown]
# ## The units
#
# | Unit | Lesson | Exercises | You will be able to |
# |---|---|---|---|
# | 1 | [Linear layers](01_linear_layers.ipynb) | [exercises](../exercises/01_linear_layers/01_exercises.ipynb) | compute, count, differentiate and collapse linear layers |
# | 2 | [Activation functions](02_activation_functions.ipynb) | [exercises](../exercises/02_activation_functions/02_exercises.ipynb) | choose an activation, spot saturated and dead units, explain why non-linearity matters |
# | 3 | [Losses and optimisers](03_losses_and_optimisers.ipynb) | [exercises](../exercises/03_losses_and_optimisers/03_exercises.ipynb) | compute losses and their gradients, follow SGD, momentum and Adam by hand, write a training loop, stop early, read a loss curve |
# | 4 | [Basic autoencoders](04_basic_autoencoders.ipynb) | [exercises](../exercises/04_basic_autoencoders/04_exercises.ipynb) | build and train an autoencoder, save it safely, compute the floor below which no training leads, tell compressing from memorising, explain a loss that stops falling |
# | 5 | [Sparsity penalties](05_sparsity_penalties.ipynb) | [exercises](../exercises/05_sparsity_penalties/05_exercises.ipynb) | measure sparsity in four ways, tell what L1, KL and Hoyer do to a latent, choose a penalty's strength, recognise a penalty that fails, compute and mend shrinkage |
# | 6 | [The full sparse autoencoder](06_sparse_autoencoder.ipynb) | [exercises](../exercises/06_sparse_autoencoder/06_exercises.ipynb) | build a sparse autoencoder with unit-norm atoms, train it on photographs until its atoms are edges, mend the four common troubles, evaluate it with several numbers, use its code as features |
# | 7 | [Superposition and dictionary recovery](07_superposition.ipynb) | [exercises](../exercises/07_superposition/07_exercises.ipynb) | say why sparsity makes room for more features than dimensions, make data whose features are known, measure what a sparse autoencoder recovers, revive dead latents, show that a low error is not recovery |
# | 8 | [Inside a language model](08_language_model.ipynb) | [exercises](../exercises/08_language_model/08_exercises.ipynb) | take a language model's activations by hook, train a sparse autoencoder on them and measure what the model loses with it, find the latent for a known factor, ablate and steer, say what can and cannot be concluded |

# %% [markdown]
# ## How to work with it
#
# 1. **Read a lesson from top to bottom and run each cell** with <kbd>Shift</kbd>+<kbd>Enter</kbd>.
#    Before a result appears you are asked for a guess. Enter one, even a wild one: being
#    surprised is how it sticks.
# 2. **Then do the exercises.** Write your answer in place of the dots, run the cell, and run the
#    check under it. The check draws fresh inputs each time. When something is wrong it says what.
# 3. **Stuck?** `hint.name_of_the_exercise()` gives three hints, one after the other. The solution
#    is one click away, under each exercise.
#
# You need Python and a little algebra. You need no GPU, and no internet once the course is
# installed. Something does not work? Run `course doctor` in a terminal (File → New → Terminal): it
# says what is missing.

# %% [markdown]
# ## Your progress
#
# Run the next cell to see what is done and what is next. (Or `course progress` in a terminal.)

# %%
from course_lib import show_progress

show_progress()
