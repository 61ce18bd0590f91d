"""
What do the low and the high wages depend on?
=============================================

A mean says nothing about the tenth of the people who earn least. Two ways lead to quantiles: one regression for each of
them, ``AsymmetricLaplace(quantile=q)``, which assumes no law of y; or one model of the whole law, here ``LogNormal``,
which has all quantiles at once. When is which right?
"""

# %%
# Wages whose law is known
# ------------------------
# Simulated, with a fixed seed: 2000 people with 8 to 18 years of education and up to 40 of experience. Log wages are
# normal around a parabola in experience and a line in education; their spread grows with experience. Wages are in
# euros an hour.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

from sklearn_mle import AsymmetricLaplace, MLERegressor

rng = np.random.default_rng(0)
n = 2000
education, experience = rng.integers(8, 19, n), rng.uniform(0, 40, n)


def law(education, experience):
    """The mean and the standard deviation of log wages."""
    return 1.3 + 0.08 * education + 0.04 * experience - 0.0006 * experience**2, 0.25 + 0.008 * experience


def columns(education, experience):
    """What the models are given."""
    return pd.DataFrame({"education": education, "experience": experience, "experience^2": experience**2})


mean, spread = law(education, experience)
y = np.exp(rng.normal(mean, spread))
X = columns(education, experience)
train, test = slice(0, 1000), slice(1000, None)
print(f"wages: median {np.median(y):.1f}, mean {y.mean():.1f}, skewness {stats.skew(y):.1f}")

# %%
# Three regressions, one model
# ----------------------------
# The quantile of a logarithm is the logarithm of the quantile, so the quantile regressions take a log link: it keeps
# wages positive. (Their scale is a device and stays constant.) In the log-normal model sigma depends on the columns as
# mu does. Drawn are the quantiles for people with 12 years of education.

levels = [0.1, 0.5, 0.9]
separate = {q: MLERegressor(AsymmetricLaplace(quantile=q, link="log")).fit(X[train], y[train]) for q in levels}
log_normal = MLERegressor("lognormal", regressed="all").fit(X[train], y[train])

years = np.linspace(0, 40, 81)
grid = columns(12.0, years)
true_mean, true_spread = law(12.0, years)
_, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
near = (education >= 11) & (education <= 13)
ax.scatter(experience[near], y[near], s=4, color="0.75", label="11 to 13 years of education")
for k, q in enumerate(levels):
    ax.plot(years, separate[q].predict(grid), color=f"C{k}", label=f"quantile regression {q}")
    ax.plot(years, log_normal.predict_quantile(grid, q), "--", color=f"C{k}")
    ax.plot(years, np.exp(true_mean + true_spread * stats.norm.ppf(q)), color="black", linewidth=0.7)
ax.set(xlabel="experience, years", ylabel="wage", ylim=(0, 60), title="dashed: log-normal model; thin: truth")
ax.legend(fontsize="small")
plt.show()

# %%
# Are the quantiles where they should be?
# ---------------------------------------
# Of 1000 other people, the share that earns less than the predicted quantile should be q, in each third of experience
# too. Then the same for wages with the same spread around the same curve, but with another law: log wages now have an
# exponential error, with a sharp lower end and a long upper tail. (The line in the columns remains right for each
# quantile of log wages, so quantile regression does not notice; the log-normal model is now wrong.)


def shares_below(y):
    """Fit both to the first half of the people, count in the second."""
    whole = MLERegressor("lognormal", regressed="all").fit(X[train], y[train])
    thirds = np.digitize(experience[test], [40 / 3, 80 / 3])
    print("  q                          all  by third of experience")
    for q in levels:
        alone = MLERegressor(AsymmetricLaplace(quantile=q, link="log")).fit(X[train], y[train])
        for name, quantile in [
            ("quantile regression", alone.predict(X[test])),
            ("log-normal", whole.predict_quantile(X[test], q)),
        ]:
            below = y[test] <= quantile
            by_third = "  ".join(f"{below[thirds == third].mean():.2f}" for third in range(3))
            print(f"  {q:.1f} {name:20} {below.mean():7.2f}  {by_third}")


print("log-normal wages")
shares_below(y)
print("another law")
shares_below(np.exp(mean + spread * (rng.exponential(size=n) - 1)))

# %%
# What the assumption buys
# ------------------------
# Where the law is right, the one model uses all rows for every quantile. Separate regressions use less, and nothing
# keeps them in order: their curves may cross. With samples of 60 people, how far is the quantile of .9 from the truth,
# and for how many people is a higher quantile predicted below a lower one?

close = [0.1, 0.25, 0.5, 0.75, 0.9]
true_quantile = np.exp(mean + spread * stats.norm.ppf(0.9))[test]
errors, crossed = [], []
for sample in range(10):
    few = np.random.default_rng(sample).choice(1000, 60, replace=False)
    rows, wages = X.iloc[few], y[few]
    alone = [MLERegressor(AsymmetricLaplace(quantile=q, link="log")).fit(rows, wages).predict(X[test]) for q in close]
    whole = MLERegressor("lognormal", regressed="all").fit(rows, wages).predict_quantile(X[test], 0.9)
    errors.append([np.median(np.abs(quantile / true_quantile - 1)) for quantile in (alone[-1], whole)])
    crossed.append(np.mean((np.diff(alone, axis=0) < 0).any(axis=0)))
print("median relative error of the quantile of .9, mean of 10 samples of 60 people")
print("  quantile regression {:.0%}, log-normal {:.0%}".format(*np.mean(errors, axis=0)))
print(f"people with crossing quantiles: regressions {np.mean(crossed):.1%}; those of one law cannot cross")

# %%
# So: one law where its residuals pass (see the worm plot in the tour of displays), for it needs fewer rows and its
# quantiles keep their order; quantile regression where no law fits, or only one quantile is asked for.
