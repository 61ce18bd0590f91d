"""
Squared error on labels: the slope that survives
================================================

A classifier can be trained on squared error. Read as a likelihood, that is a Gaussian around the predicted
probability, ``GaussianOnLabels``; the distribution of a label is ``Bernoulli``. With one linear predictor z and the
same sigmoid p = s(z), the negative log-likelihoods of a row and their slopes in z are

.. code-block:: text

    Bernoulli           nll = -y log p - (1 - y) log(1 - p)      d nll / dz = p - y
    GaussianOnLabels    nll = (y - p)^2 / 2 + constant           d nll / dz = (p - y) p (1 - p)

In the first line the slope of the sigmoid, p (1 - p), has cancelled: the more wrong the model is about a row, the
harder that row pulls. In the second it survives: p (1 - p) is nearly 0 wherever the model is confident, so a confident
mistake pulls as little as a confident success. This script shows what follows for real labels, and what does not.
"""

# %%
# One row
# -------
# The label is 1 and the model says z. A likelihood's ``taylor`` returns the nll and its derivatives in z.

import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from sklearn_mle import Bernoulli, GaussianOnLabels, MLEClassifier
from sklearn_mle.solvers import SGD


def pull(likelihood, y, z):
    """|d nll / dz| of each row."""
    _, (slope,) = likelihood.with_classes(2).taylor(y, [z], 1)
    return np.abs(slope)


z = np.array([-10.0, -5.0, -2.0, 0.0, 2.0, 5.0])
y = np.ones(len(z), dtype=int)
print("y = 1:  z        P(y = 1)   pull, Bernoulli   pull, GaussianOnLabels")
for row in zip(z, 1 / (1 + np.exp(-z)), pull(Bernoulli(), y, z), pull(GaussianOnLabels(), y, z), strict=True):
    print("     {:5.1f} {:15.6f} {:17.6f} {:24.6f}".format(*row))

# %%
# A confidently wrong start
# -------------------------
# 357 scanned digits, threes and eights, 64 pixels each. A fit to the flipped labels gives coefficients that
# are wrong about every row, and sure of it. ``warm_start=True`` makes the next fit begin there, whatever its
# likelihood. (The penalty, the same for all fits, keeps the optimum finite: the two digits can be separated
# exactly. It is so small that it plays no other part. All accuracies are those of the training rows: the
# subject is optimisation.)

digits, number = load_digits(return_X_y=True)
chosen = (number == 3) | (number == 8)
X = StandardScaler().fit_transform(digits[chosen])
y = (number[chosen] == 8).astype(int)


def wrong_start():
    """A model that is confidently wrong, from which the next fit starts."""
    model = MLEClassifier("bernoulli", alpha=1e-5, warm_start=True, random_state=np.random.RandomState(0))
    return model.fit(X, 1 - y)


start = wrong_start()
z = start.decision_function(X)
print("at the start")
print(f"  accuracy {start.score(X, y):.3f}; median |z| {np.median(np.abs(z)):.1f}, smallest {np.abs(z).min():.1f}")
for likelihood in Bernoulli(), GaussianOnLabels():
    print(f"  mean pull of a row, {type(likelihood).__name__:<17} {pull(likelihood, y, z).mean():.6f}")

# %%
# Plain SGD from there
# --------------------
# Mini-batches of 32 rows, a constant learning rate, no momentum. One call of ``fit`` with ``max_iter=1`` is
# one epoch, the next call goes on where it ended (an epoch that ends higher than it began is not kept), and
# ``history_`` holds the norm of the gradient at its end. A solver measures it in units in which the nll has
# curvature 1 at the class shares. Squared error is four times flatter there than Bernoulli, so at the same
# learning rate its steps are four times as long: the comparison favours it.


def epochs(model, likelihood, learning_rate, n_epochs):
    """Gradient norm and accuracy after each epoch of plain SGD, from where the model stands."""
    plain = {"method": "momentum", "momentum": 0, "schedule": "constant", "average": False}
    solver = SGD(learning_rate, **plain, batch_size=32, max_iter=1)
    model.set_params(likelihood=likelihood, solver=solver)
    for _ in range(n_epochs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # of course: one epoch is not enough
            model.fit(X, y)
        yield model.history_["gradient_norm"][-1], model.score(X, y)


def print_epochs(new_model, learning_rate, shown):
    """The two likelihoods side by side."""
    print("         |gradient|                      accuracy")
    print("epoch    Bernoulli  GaussianOnLabels     Bernoulli  GaussianOnLabels")
    runs = [epochs(new_model(), likelihood, learning_rate, shown[-1]) for likelihood in LIKELIHOODS]
    for epoch, ((g, a), (g_squared, a_squared)) in enumerate(zip(*runs, strict=True), start=1):
        if epoch in shown:
            print(f"{epoch:5d} {g:12.5f} {g_squared:17.5f} {a:13.3f} {a_squared:17.3f}")


LIKELIHOODS = ["bernoulli", "gaussian_on_labels"]
print_epochs(wrong_start, 0.1, [1, 2, 5, 10, 20, 40, 60])

# %%
# (Of squared error's gradient at the start, half is the penalty's.) Bernoulli has turned most rows around
# after one epoch. Squared error has not moved in 60: every row is wrong, none pulls.
#
# What does not follow
# --------------------
# The start matters. The default one, the class shares with all slopes 0, is nowhere confident; from there
# squared error trains as well:


def default_start():
    """Not fitted: the next fit begins at the class shares."""
    return MLEClassifier(alpha=1e-5, warm_start=True, random_state=np.random.RandomState(0))


print_epochs(default_start, 0.1, [1, 5, 20])

# %%
# The plateau is flat, not level: no minimum lies there, and steps that are long enough cross it. How many
# epochs until 90 % of the rows are right, from the wrong start?

print("learning rate    Bernoulli  GaussianOnLabels")
for learning_rate in 0.1, 1.0, 10.0:
    needed = []
    for likelihood in LIKELIHOODS:
        run = enumerate(epochs(wrong_start(), likelihood, learning_rate, 100), start=1)
        needed.append(next((str(epoch) for epoch, (_, accuracy) in run if accuracy > 0.9), "> 100"))
    print("{:13} {:>12} {:>17}".format(learning_rate, *needed))

# %%
# Newton's method does not go by the gradient's length: it divides by the curvature, which is as small as the
# gradient. (It is negative, too, and a pure Newton step would climb. Where the Hessian is indefinite,
# ``solver="newton"`` takes the modulus of every row's curvature.) From the same start, with the same
# likelihood:

recovered = wrong_start().set_params(likelihood="gaussian_on_labels", solver="newton").fit(X, y)
loss = recovered.history_["loss"]
print("iteration    mean nll")
for k in range(0, len(loss), 4):
    print(f"{k:9d} {loss[k]:11.6f}")
fresh = MLEClassifier("gaussian_on_labels", alpha=1e-5, solver="newton").fit(X, y)
print(f"converged: {recovered.converged_}, {recovered.n_iter_} iterations, accuracy {recovered.score(X, y):.3f}")
difference = np.abs(recovered.coef_ - fresh.coef_).max() / np.abs(fresh.coef_).max()
print(f"the same model as from the default start? largest relative difference {difference:.0e}")

# %%
# So "squared error on labels cannot train" is a statement about first-order methods that start from confident
# mistakes. Bernoulli's nll is convex in z and pulls hardest where it is most wrong, so it needs neither a
# careful start nor second derivatives. Squared error is bounded instead: a mislabelled row costs at most 1/2
# and pulls little, which can be what one wants. Either way ``log_prob`` and the log score of a classifier are
# those of the label, so that GridSearchCV can compare the two.
