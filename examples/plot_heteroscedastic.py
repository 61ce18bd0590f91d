"""
Is the uncertainty the same for every row?
==========================================

Least squares says so: one sigma for all. Where the spread depends on the columns, its mean may be right and its
intervals are wrong twice, too wide in one place and too narrow in another. ``regressed="all"`` gives every parameter of
the family its own coefficients. Does it help, and how would one see it?
"""

# %%
# A spread that grows, by construction
# ------------------------------------
# Simulated, so that the truth is known: mu = 2 + x and log sigma = -1 + 0.5 x. Both models are Gaussian; in one sigma
# is a constant, in the other log sigma is linear in x, as mu is.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.model_selection import KFold, cross_val_score

from sklearn_mle import MLERegressor, predict_dist
from sklearn_mle.displays import PITDisplay, PredictiveFanDisplay
from sklearn_mle.metrics import coverage_score, make_log_score, mean_log_score

rng = np.random.default_rng(0)
X = pd.DataFrame({"x": rng.uniform(0, 4, 1200)})
y = rng.normal(2 + X["x"], np.exp(-1 + 0.5 * X["x"]))
train, test = slice(0, 600), slice(600, None)
models = {"constant sigma": MLERegressor(), "regressed sigma": MLERegressor(regressed="all")}
models = {name: model.fit(X[train], y[train]) for name, model in models.items()}
regressed = models["regressed sigma"]
print(f"mu = {regressed.intercept_:.2f} + {regressed.coef_[0]:.2f} x")
print(f"log sigma = {regressed.intercepts_['sigma']:.2f} + {regressed.coefs_['sigma'][0]:.2f} x")

_, axes = plt.subplots(1, 2, figsize=(7.6, 3.2), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    PredictiveFanDisplay.from_estimator(model, X[test], y[test], feature="x", ax=ax)
    ax.set_title(name)
plt.show()

# %%
# Before and after, on rows that neither model has seen
# -----------------------------------------------------
# F(y) of each row is uniform where the predicted distribution is right; the grey band holds all bars with probability
# 95 %. Above are the rows of the lower third of x, below those of the upper third. A constant sigma is too wide for the
# former, whose F(y) crowd in the middle, and too narrow for the latter, which fall too often at the ends.

thirds = pd.cut(X["x"][test], [0, 4 / 3, 8 / 3, 4], labels=["lower", "middle", "upper"])
_, axes = plt.subplots(2, 2, figsize=(7.6, 4.6), layout="constrained")
for column, (name, model) in zip(axes.T, models.items(), strict=True):
    for ax, third in zip(column, ["lower", "upper"], strict=True):
        rows = thirds.index[thirds == third]
        PITDisplay.from_estimator(model, X.loc[rows], y[rows], bins=10, ax=ax)
        ax.set_title(f"{name}, {third} third of x")
plt.show()

# %%
# How often does the central 80 % interval hold y? Over all rows the two errors of a constant sigma partly cancel, so
# ask in thirds of x. The log score is the mean log density of these rows.

for name, model in models.items():
    dist = predict_dist(model, X[test])
    held = [coverage_score(y[test], dist, coverage=0.8)]
    for third in thirds.cat.categories:
        rows = (thirds == third).to_numpy()
        held.append(coverage_score(y[test][rows], dist[rows], coverage=0.8))
    print("{:16} all {:.0%}, lower third {:.0%}, middle {:.0%}, upper {:.0%};".format(name, *held), end=" ")
    print(f"log score {mean_log_score(y[test], dist):.3f}")

# %%
# On real data
# ------------
# The diabetes data, ten columns, 442 patients: more coefficients must pay for themselves on held-out rows. The gamma
# distribution has a spread in proportion to its mean without any further coefficient. Log scores of ten folds
# (``resolution=1.0``: y is recorded in whole numbers).

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
settings = {"scoring": make_log_score(resolution=1.0), "cv": KFold(10, shuffle=True, random_state=0)}
print("mean log score      constant spread  regressed spread")
for likelihood in "gaussian", "gamma":
    scores = [
        cross_val_score(MLERegressor(likelihood, regressed=regressed), X, y, **settings).mean()
        for regressed in (None, "all")
    ]
    print("{:18} {:16.4f} {:17.4f}".format(likelihood, *scores))

# %%
# Here the ten coefficients of the spread do not pay: they lower the held-out score of either family a little. What does
# pay is the other family. A spread that varies is worth a model where the data show it, and the log score tells;
# ``regressed`` also takes single columns, ``regressed={"mu": "all", "sigma": ["bmi"]}``.
