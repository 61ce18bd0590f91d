"""
Grades have an order: does it help to say so?
=============================================

Labels such as none, mild, moderate, severe have an order but no distances. ``Categorical`` ignores the order and
estimates slopes for each class. ``Ordinal`` has one slope a column, which shifts the whole distribution, and thresholds
between the classes: P(y <= c) = F(t_c - x b). Fewer coefficients, if the assumption holds. What if it does not?
"""

# %%
# Where the assumption holds
# --------------------------
# Simulated with a fixed seed, so that the truth is known: pain in four grades, cut from a latent number that falls with
# the dose and rises with age; three more columns have no effect.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_mle import MLEClassifier, Ordinal

rng = np.random.default_rng(0)
grades = ["none", "mild", "moderate", "severe"]


def patients(n):
    """Columns that are given to the models."""
    noise = {f"noise {k}": rng.normal(size=n) for k in range(3)}
    return pd.DataFrame({"dose": rng.uniform(0, 4, n), "age": rng.uniform(20, 80, n), **noise})


def shifted(X):
    """Grades of a latent number: one slope a column, logistic noise."""
    latent = 0.05 * X["age"] - 1.0 * X["dose"] + rng.logistic(size=len(X))
    return np.array(grades)[np.digitize(latent, [-1, 0.5, 2])]


X = patients(400)
y = shifted(X)
models = {
    "ordinal": MLEClassifier(Ordinal(categories=grades)).fit(X, y),
    "categorical": MLEClassifier("categorical").fit(X, y),
}
ordinal, categorical = models.values()
print("slopes:", dict(zip(X, ordinal.coef_[0].round(2).tolist(), strict=True)))
print("thresholds:", ordinal.thresholds_.round(2), "truth: -1, 0.5, 2, with slopes -1 and 0.05")

grid = pd.DataFrame({"dose": np.linspace(0, 4, 81), "age": 50.0, "noise 0": 0.0, "noise 1": 0.0, "noise 2": 0.0})
_, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    proba = pd.DataFrame(model.predict_proba(grid), columns=model.classes_)[grades]
    colors = plt.colormaps["YlOrRd"](np.linspace(0.15, 0.85, 4))
    ax.stackplot(grid["dose"], proba.T, labels=grades, colors=colors)
    ax.set(title=name, xlabel="dose, at age 50", xlim=(0, 4), ylim=(0, 1))
axes[0].set_ylabel("probability")
axes[1].legend(loc="lower right", frameon=True)
plt.show()

# %%
# How many rows until the order no longer matters?
# ------------------------------------------------
# The mean log probability of 5000 new labels, for samples of growing size, ten of each. And the same where the
# assumption is wrong: here the dose pushes all grades towards the middle, so that no single shift describes it.


def squeezed(X):
    """The dose narrows the distribution instead of shifting it."""
    latent = 0.05 * (X["age"] - 50) + rng.logistic(size=len(X)) * np.exp(0.8 - 0.7 * X["dose"])
    return np.array(grades)[np.digitize(latent, [-1, 0, 1])]


sizes = [100, 200, 400, 800, 1600]
_, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for ax, labels, title in zip(axes, [shifted, squeezed], ["a shift", "no shift"], strict=True):
    new_X = patients(5000)
    new_y = labels(new_X)
    for name, likelihood in [("ordinal", Ordinal(categories=grades)), ("categorical", "categorical")]:
        scores = []
        for size in sizes:
            samples = [patients(size) for _ in range(10)]
            fits = [MLEClassifier(likelihood).fit(sample, labels(sample)) for sample in samples]
            scores.append(np.mean([fit.log_prob(new_X, new_y).mean() for fit in fits]))
        print(f"{title:9} {name:12}", "  ".join(f"n={n}: {score:.3f}" for n, score in zip(sizes, scores, strict=True)))
        ax.plot(sizes, scores, "o-", label=name, markersize=4)
    ax.set(title=f"the dose is {title}", xlabel="rows", xscale="log", ylabel="log score of new rows")
axes[0].legend()
plt.show()

# %%
# With few rows the order helps, even where a shift is not the truth: fewer coefficients vary less. With many rows it
# makes next to no difference where the assumption holds, and the free model is better where it does not. The log score
# of held-out rows decides between them, as between any two likelihoods.
