"""
Does the price of a visit keep people away?
===========================================

The RAND health insurance experiment drew lots: some families paid nothing for a visit to the doctor, others up to 95 %
of its price. So differences between plans are effects of the price. Do people stay away altogether, or do they come
less often? The mean cannot tell; a law of the counts with a part for each can, if it fits.
"""

# %%
# Visits
# ------
# 20,190 years of people, bundled with statsmodels (in the public domain). Of the plan we take the share of the price
# that is paid, or that there is a deductible, beside how healthy people are.

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, KFold
from statsmodels.datasets import randhie

from sklearn_mle import Hurdle, Inference, MLERegressor, ZeroInflated
from sklearn_mle.displays import CoefficientDisplay, RootogramDisplay
from sklearn_mle.metrics import log_score

table = randhie.load_pandas().data
y = table["mdvis"]
paid = np.expm1(table["lncoins"]).round().astype(int)
plan = (
    paid.map("pays {} %".format).where(table["idp"] == 0, "deductible").where((paid > 0) | (table["idp"] == 1), "free")
)
plan = plan.rename("plan")
plans = ["pays 25 %", "pays 50 %", "pays 95 %", "deductible"]
X = pd.DataFrame({name: (plan == name).astype(float) for name in plans})
X = X.join(table[["physlm", "disea", "hlthg", "hlthf", "hlthp"]])
print(f"mean {y.mean():.2f}, variance {y.var():.1f}; in {np.mean(y == 0):.0%} of the years nobody went")
print(y.groupby(plan).agg(["size", "mean"]).loc[["free", *plans]].round(2).to_string())

# %%
# Which law?
# ----------
# The variance is seven times the mean: no Poisson. Perhaps people differ (negative binomial), or some never go (zero
# inflation), or to go at all is one decision and how often to return another (hurdle); and X may shift more than the
# mean. Held-out years choose. Where a part of a law is not needed, the fit warns that it vanishes.

candidates = {
    "Poisson": {"likelihood": ["poisson"]},
    "negative binomial": {"likelihood": ["negative_binomial"]},
    "zero-inflated negative binomial": {"likelihood": [ZeroInflated("negative_binomial")]},
    "hurdle negative binomial": {"likelihood": [Hurdle("negative_binomial")]},
    "negative binomial, mu and alpha of X": {"likelihood": ["negative_binomial"], "regressed": ["all"]},
    "hurdle, mu, alpha and pi of X": {"likelihood": [Hurdle("negative_binomial")], "regressed": ["all"]},
}
folds = KFold(5, shuffle=True, random_state=0)
search = GridSearchCV(MLERegressor(), list(candidates.values()), scoring=log_score, cv=folds)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    search.fit(X, y)
print(*sorted({str(warning.message) for warning in caught}), sep="\n", end="\n\n")
for name, score in zip(candidates, search.cv_results_["mean_test_score"], strict=True):
    print(f"{name:38} log score {score:.4f}")

# %%
# There are too many years without a visit for Poisson, but not for the negative binomial. A hurdle helps where X moves
# both decisions. Bars hang from the expected number of years: what ends above the line comes less often than expected.

poisson, hurdle = MLERegressor("poisson").fit(X, y), search.best_estimator_
_, axes = plt.subplots(1, 2, figsize=(8.6, 3.4), sharey=True, layout="constrained")
for ax, (name, model) in zip(axes, {"Poisson": poisson, "hurdle": hurdle}.items(), strict=True):
    RootogramDisplay.from_estimator(model, X, y, max_count=25, ax=ax)
    ax.set_title(name)
plt.show()

# %%
# Two decisions
# -------------
# pi is the probability that nobody goes, on the scale of its log-odds; mu the mean of the law that holds, cut at zero,
# for those who go. Intervals are of the sandwich. (People were observed for several years, and the table does not say
# which years are one person's: the intervals should be wider.)

inference = Inference.from_estimator(hurdle, X, y, covariance="sandwich")
_, axes = plt.subplots(1, 2, figsize=(8.6, 3.4), layout="constrained")
for ax, parameter in zip(axes, ["pi", "mu"], strict=True):
    CoefficientDisplay.from_inference(inference, parameter=parameter, ax=ax)
plt.show()

# %%
# The price does both, and the first more surely. In years of people, by plan, as observed and as the two laws have it:

columns = {"mean visits": (y, lambda dist: dist.mean()), "P(none)": (y == 0, lambda dist: dist.cdf(0))}
columns["P(more than 10)"] = (y > 10, lambda dist: dist.sf(10))
for title, (observed, expected) in columns.items():
    found = {
        "observed": observed,
        "hurdle": expected(hurdle.predict_dist(X)),
        "Poisson": expected(poisson.predict_dist(X)),
    }
    print(
        title, pd.DataFrame(found).groupby(plan).mean().loc[["free", *plans]].round(3).to_string(), sep="\n", end="\n\n"
    )
