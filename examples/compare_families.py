"""
Which distribution? Families for the same counts
================================================

A count can be modelled as Poisson, as negative binomial, or, as least squares does, as Gaussian. Which of them
describes new rows best? Fit each on some rows and average log P(y) over the others: GridSearchCV does that, with the
likelihood as one more parameter. One thing needs care, and the second half of this script is about it: a density is
no probability.
"""

# %%
# Real counts
# -----------
# The digits that scikit-learn bundles were scanned as black and white bitmaps of 32 x 32. Each of the 64
# features counts the black points in a block of 4 x 4. We model one of these counts, near the right edge of
# the image, given the five blocks above it and to its left.

import warnings

import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from sklearn_mle import Gaussian, MLERegressor, NegativeBinomial, Poisson, predict_dist
from sklearn_mle.metrics import log_score, make_log_score

images = load_digits().images
y = images[:, 4, 6]
X = np.column_stack([images[:, row, column] for row, column in [(3, 5), (3, 6), (4, 5), (5, 5), (5, 6)]])
print(f"{len(y)} counts: mean {y.mean():.2f}, variance {y.var():.2f}, {np.mean(y == 0):.0%} zeros")

# %%
# The scorer is the mean log P(y) of held-out rows. For the Gaussian, ``resolution=1.0`` asks for the
# probability of the recorded number, P(y - 1/2 < Y <= y + 1/2). Where two scores differ by d, the better
# family gives a new row exp(d) times the probability, in the geometric mean.

folds = KFold(10, shuffle=True, random_state=0)
probability = make_log_score(resolution=1.0)
families = {"likelihood": [Poisson(), NegativeBinomial(), Gaussian(), Gaussian(link="log")]}
search = GridSearchCV(MLERegressor(), families, scoring=probability, cv=folds).fit(X, y)
results = search.cv_results_
for params, score in zip(results["params"], results["mean_test_score"], strict=True):
    print(f"{params['likelihood']!r:24} {score:8.3f}")
print("chosen:", search.best_estimator_.likelihood)

# %%
# Why it wins: the variance of these counts is far above their mean, which Poisson cannot say (its variance is
# its mean), and it grows with the mean, which a Gaussian with one sigma cannot say. The zeros show it. How
# many does each fitted distribution expect, and how often does its central 90 % interval hold the count? (For
# discrete families such an interval holds 90 % or more.)

print(f"{'':24}  zeros  within the 90 % interval")
for likelihood in families["likelihood"]:
    dist = predict_dist(MLERegressor(likelihood).fit(X, y), X)
    zeros = dist.cdf(0.5).mean()
    low, high = dist.interval(0.9)
    print(f"{likelihood!r:24} {zeros:6.1%} {np.mean((low <= y) & (y <= high)):8.1%}")
print(f"{'observed':24} {np.mean(y == 0):6.1%}")

# %%
# No family here is the truth: a block has 16 points, so its count ends at 16, and the points of a stroke come
# together. The score compares what is on the list; it does not say that the list is good.
#
# A density is no probability
# ---------------------------
# Now counts whose law we know: Poisson, with a mean around 0.05 that depends on two columns of the diabetes
# data. More than nine rows in ten are 0. A narrow Gaussian around 0 has a high *density* there: densities
# have a unit, one over that of y, and no upper limit. The probability that the true family gives a row cannot
# exceed 1.

features = load_diabetes(scaled=False).data[:, [2, 8]]  # body mass index and s5
features = (features - features.mean(axis=0)) / features.std(axis=0)
mean = 0.05 * np.exp(0.5 * features.sum(axis=1))


def winners(score_of_gaussian, n_tables=10):
    """How often the score ranks the true family, Poisson, above the Gaussian."""
    won = 0
    for seed in range(n_tables):
        counts = np.random.default_rng(seed).poisson(mean)
        poisson = cross_val_score(MLERegressor("poisson"), features, counts, scoring=probability)
        gaussian = cross_val_score(MLERegressor("gaussian"), features, counts, scoring=score_of_gaussian)
        won += poisson.mean() > gaussian.mean()
    return f"{won} of {n_tables}"


with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # log_score warns of what is shown here
    print("Poisson wins against the Gaussian's density:    ", winners(log_score))
print("Poisson wins against the Gaussian's probability:", winners(probability))

# %%
# ``log_score`` judges a continuous family by its density: right between continuous families, a different unit
# beside discrete ones (it warns where y holds integers). ``make_log_score(resolution=1.0)`` asks every family
# the same question: how probable was the number that was written down? The resolution is the unit to which y
# is rounded, 0.1 for lengths recorded in cm with one decimal.
