"""
Squared error or cross-entropy for a classifier?
================================================

Both can train a classifier with a sigmoid at its end. Binary cross-entropy (BCE) is the nll of the label's own law,
``Bernoulli``. Mean squared error (MSE) on the labels is the nll of ``GaussianOnLabels``, whose variance is 1 by
definition. What differs: the probabilities, the gradients, or the way there?
"""

# %%
# Are the probabilities different?
# --------------------------------
# Three measurements of 569 tumours leave much uncertain, so that probabilities matter. Each tumour is predicted by
# models that were fitted to others, in ten folds.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler

from sklearn_mle import MLEClassifier
from sklearn_mle.displays import LabelGradientDisplay
from sklearn_mle.solvers import LBFGS, SGD, Newton

table, benign = load_breast_cancer(return_X_y=True, as_frame=True)
y = 1 - benign.to_numpy()  # 1 is malignant
few = table[["mean texture", "mean smoothness", "mean symmetry"]].to_numpy()
folds = StratifiedKFold(10, shuffle=True, random_state=0)
names = {"bernoulli": "BCE", "gaussian_on_labels": "MSE"}

_, ax = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
ax.plot([0, 1], [0, 1], color="0.7", linewidth=1)
print("     log score  Brier score  mean p  share of 1")
for likelihood, name in names.items():
    model = MLEClassifier(likelihood)
    p = cross_val_predict(model, few, y, cv=folds, method="predict_proba")[:, 1]
    log_score = np.log(np.where(y == 1, p, 1 - p)).mean()
    print(f"{name}  {log_score:9.4f} {np.mean((y - p) ** 2):12.4f} {p.mean():7.3f} {y.mean():11.3f}")
    share, predicted = calibration_curve(y, p, n_bins=8, strategy="quantile")
    ax.plot(predicted, share, "o-", label=name, markersize=4)
ax.set(xlabel="predicted probability, mean of the bin", ylabel="share of malignant", title="held-out calibration")
ax.legend()
plt.show()

# %%
# On the diagonal the shares are as predicted; with 71 tumours in a bin, a share of one half is known to 0.06. Each of
# the two likelihoods is consistent where the model is right, and both are proper scores: squared error alone does not
# spoil the probabilities. The log score, which is what BCE maximises on its training rows, and the Brier score, which
# MSE minimises there, are printed for rows that neither has seen.
#
# What pulls?
# -----------
# The derivative of a row's nll in its logit is p - y for BCE and (p - y) p (1 - p) for MSE: the second vanishes where
# the model is confident, right or wrong. Drawn is its size against the logit of the row's own label, on the left of 0
# where the model is wrong.

_, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
LabelGradientDisplay.from_likelihoods(ax=ax)
plt.show()

# %%
# What follows for the descent?
# -----------------------------
# Now all 30 measurements. A fit to the flipped labels is the start: wrong about nearly every tumour, and sure of it.
# From there three solvers go on under each likelihood; ``warm_start=True`` begins where the model stands. (A small
# penalty keeps the optimum finite. ``polish_size=0``: no Newton steps finish L-BFGS.) SGD counts in epochs,
# the others in iterations.

X = StandardScaler().fit_transform(table)
solvers = {
    "SGD": SGD(0.1, method="momentum", momentum=0, schedule="constant", average=False, batch_size=32),
    "L-BFGS": LBFGS(polish_size=0),
    "Newton": Newton(),
}
shown = [1, 2, 5, 10, 20, 40]


def wrong_start():
    """A model that is confidently wrong, from which the next fit starts."""
    return MLEClassifier("bernoulli", alpha=1e-5, warm_start=True, random_state=0).fit(X, 1 - y)


start = wrong_start()
z = start.decision_function(X)
print(f"start: accuracy {start.score(X, y):.3f}, median |logit| {np.median(np.abs(z)):.1f}")
print("accuracy after", [0, *shown])

_, axes = plt.subplots(1, 3, figsize=(8.4, 3), sharey=True, layout="constrained")
for ax, (solver_name, solver) in zip(axes, solvers.items(), strict=True):
    for likelihood, name in names.items():
        accuracy = [start.score(X, y)]
        for iterations in shown:
            model = wrong_start().set_params(likelihood=likelihood, solver=solver, max_iter=iterations)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # of course: it was stopped early
                model.fit(X, y)
            accuracy.append(model.score(X, y))
        ax.plot([0, *shown], accuracy, "o-", label=name, markersize=4)
        print(f"{solver_name:6} {name}:", "  ".join(f"{value:.3f}" for value in accuracy))
    ax.set(title=solver_name, xlabel="epochs" if solver_name == "SGD" else "iterations", xscale="symlog")
axes[0].set(ylabel="accuracy, training rows", ylim=(-0.03, 1.03))
axes[0].legend()
plt.show()

# %%
# At this learning rate SGD on MSE hardly moves for five epochs, since no row pulls; BCE has turned most rows around
# after one. That is a delay, not a wall: once some rows are undecided they pull again. L-BFGS begins with a line
# search, whose steps grow until they leave the plateau, and shows next to no difference here. Newton's method divides
# by the curvature, which is as small as the gradient, and recovers too. "MSE cannot train a classifier" is thus a
# statement about first-order steps of a given length from a confidently wrong start; from the default start, with all
# slopes 0, no row is confident. What BCE has for itself is that it is convex in the logit, needs no such care, and is
# the likelihood of what is observed, with all that follows: standard errors, tests, comparison by the log score.
