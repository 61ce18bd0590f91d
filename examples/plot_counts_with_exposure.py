"""
How many claims will a policy have?
===================================

Policies are observed for different times, most have no claim, and some drivers have more than chance explains. Exposure
is a column of X, the family of the counts is one more thing to choose, and the log score of held-out policies chooses.
"""

# %%
# Policies
# --------
# Simulated, as motor insurance might look, with a fixed seed: the rate of claims depends on the driver's age, the car's
# power and the bonus, and it varies between drivers who look alike (gamma distributed, its variance 0.8 of the squared
# mean). No policy is immune.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import PoissonRegressor
from sklearn.model_selection import GridSearchCV

from sklearn_mle import MLERegressor, NegativeBinomial, Poisson, ZeroInflated
from sklearn_mle.displays import RootogramDisplay
from sklearn_mle.metrics import log_score

rng = np.random.default_rng(0)
n = 30_000
X = pd.DataFrame(
    {
        "young": (rng.integers(18, 80, n) < 26).astype(float),
        "power": rng.integers(4, 13, n),
        "bonus": rng.integers(50, 150, n) / 100,
        "years": rng.uniform(0.05, 1, n),
    }
)
rate = np.exp(-3.6 + 0.6 * X["young"] + 0.05 * X["power"] + 1.8 * X["bonus"])
claims = rng.poisson(X["years"] * rate * rng.gamma(1 / 0.8, 0.8, n))
train, test = slice(0, 20_000), slice(20_000, None)
print(f"{n} policies, {X['years'].sum():.0f} years, {claims.sum()} claims; policies by number:", np.bincount(claims))

# %%
# Exposure, in two ways
# ---------------------
# The mean is exposure times rate. ``exposure="years"`` says so. scikit-learn's ``PoissonRegressor`` has no exposure:
# there one fits claims per year with the years as weights. For Poisson's law that is the same maximum.

poisson = MLERegressor("poisson", exposure="years").fit(X[train], claims[train])
columns, years = X.drop(columns="years"), X["years"]
peer = PoissonRegressor(alpha=0, tol=1e-10, max_iter=1000, solver="newton-cholesky")
peer.fit(columns[train], claims[train] / years[train], sample_weight=years[train])
print("                 ", *(f"{name:>8}" for name in columns))
print("truth             ", "   0.6000   0.0500   1.8000")
print("MLERegressor      ", *(f"{slope:8.4f}" for slope in poisson.coef_[:3]))
print("PoissonRegressor  ", *(f"{slope:8.4f}" for slope in peer.coef_))
print(f"largest difference {np.abs(poisson.coef_[:3] - peer.coef_).max():.0e}")

# %%
# For other families the second way is another model: a negative binomial policy of half a year is not half a policy.
# The column works for all of them.
#
# Which family?
# -------------
# GridSearchCV over families by the mean log P(claims) of held-out policies. A fit that ends at the boundary of its
# parameters warns: here some fold has no extra zeros beyond the negative binomial's.

families = {
    "Poisson": Poisson(),
    "negative binomial": NegativeBinomial(),
    "zero-inflated Poisson": ZeroInflated("poisson"),
    "zero-inflated negative binomial": ZeroInflated("negative_binomial"),
}
model = MLERegressor(exposure="years")
search = GridSearchCV(model, {"likelihood": list(families.values())}, scoring=log_score, cv=5)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    search.fit(X[train], claims[train])
for text in sorted({str(warning.message) for warning in caught}):
    print(f"{text}\n")
scores = [search.cv_results_[f"split{fold}_test_score"] for fold in range(5)]
differences = np.array(scores) - np.array(scores)[:, [search.best_index_]]
print("                                 log score   to the best   standard error over folds")
for name, score, difference in zip(families, search.cv_results_["mean_test_score"], differences.T, strict=True):
    error = difference.std(ddof=1) / np.sqrt(5)
    print(f"{name:32} {score:9.5f} {difference.mean():13.5f} {error:17.5f}")
best = search.best_estimator_
print("chosen:", best.likelihood)

# %%
# What does the winner see?
# -------------------------
# On the policies left out of everything. A bar hangs from the expected number: where it ends above the line, that count
# comes less often than expected, where it ends below, more often.

_, axes = plt.subplots(1, 2, figsize=(7.6, 3.4), sharey=True, layout="constrained")
for ax, (name, fitted) in zip(axes, [("Poisson", poisson), ("chosen", best)], strict=True):
    RootogramDisplay.from_estimator(fitted, X[test], claims[test], ax=ax)
    ax.set_title(name)
plt.show()

for name, fitted in [("Poisson", poisson), ("chosen", best)]:
    dist = fitted.predict_dist(X[test])
    print(f"{name:8} expects {dist.cdf(0).sum():.0f} policies without a claim, {dist.sf(2).sum():.0f} with 3 or more")
print(f"observed         {np.sum(claims[test] == 0)} {np.sum(claims[test] > 2):29}")

# %%
# The simulation has the negative binomial's law, and no extra zeros: that most policies have no claim is no sign of
# zero inflation. On real policies no family is the truth; the table says which comes closest, and how surely.
