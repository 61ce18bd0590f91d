"""
What a picture tells about a fit
================================

A fit states a distribution for every row. Each display asks one question of it: where will y lie, are these
probabilities right, which tail is wrong, how sure is a coefficient, how did the solver get there. They work as
scikit-learn's displays do: ``from_estimator(...)`` computes and draws, ``.plot(ax=)`` draws again, ``.ax_`` is yours to
change. They need matplotlib: ``pip install "sklearn-mle[plot]"``.
"""

# %%
# Where will y lie?
# -----------------
# The diabetes data: how far the disease has progressed a year later. Higher values also vary more, and none is
# negative: two reasons for a gamma distribution whose dispersion depends on the columns, too. The fan shows its median
# and central intervals as one column varies and the others are held at their medians.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes

from sklearn_mle import Inference, MLEClassifier, MLERegressor
from sklearn_mle.displays import (
    CoefficientDisplay,
    LabelGradientDisplay,
    LikelihoodSurfaceDisplay,
    OptimizationPathDisplay,
    PITDisplay,
    PredictiveFanDisplay,
    ProfileDisplay,
    QuantileResidualDisplay,
    RootogramDisplay,
)

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
y = y.rename("progression")
gamma = MLERegressor("gamma", regressed={"mu": "all", "phi": ["bmi", "bp"]}).fit(X, y)

PredictiveFanDisplay.from_estimator(gamma, X, y, feature="bmi")
plt.show()

# %%
# Are the probabilities right?
# ----------------------------
# If they are, F(y) is uniform: as many rows in each twentieth. The grey band holds all bars with probability 95 %
# where the model is true. Beside it the exponential distribution with the same columns, whose spread is fixed by its
# mean: its intervals are far too wide, so the bars pile up in the middle.

exponential = MLERegressor("exponential").fit(X, y)

_, axes = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True, layout="constrained")
for ax, name, model in zip(axes, ("gamma", "exponential"), (gamma, exponential), strict=True):
    display = PITDisplay.from_estimator(model, X, y, ax=ax)
    ax.set_title(name)
    outside = (display.counts < display.band[0]) | (display.counts > display.band[1])
    print(f"{name}: {outside.sum()} of {len(outside)} bars outside the band")
plt.show()

# %%
# Which tail is wrong?
# --------------------
# The worm plot takes the difference between the ordered quantile residuals and the normal quantiles that they should
# be. Counts that vary more than Poisson's are easily made: 500 draws of a negative binomial. Residuals of counts are
# randomised, so the seed is said.

rng = np.random.default_rng(0)
age = rng.uniform(18, 80, 500)[:, None]
mean = np.exp(-1 + 0.03 * age[:, 0])
claims = rng.negative_binomial(2, 2 / (2 + mean))
poisson = MLERegressor("poisson").fit(age, claims)
negative_binomial = MLERegressor("negative_binomial").fit(age, claims)

_, axes = plt.subplots(2, 2, figsize=(7, 5), layout="constrained")
for column, name, model in zip(axes.T, ("Poisson", "negative binomial"), (poisson, negative_binomial), strict=True):
    worm = QuantileResidualDisplay.from_estimator(model, age, claims, random_state=0, ax=column[0])
    RootogramDisplay.from_estimator(model, age, claims, ax=column[1])
    column[0].set_title(name)
    inside = (worm.lower <= worm.residuals) & (worm.residuals <= worm.upper)
    print(f"{name}: {inside.mean():.0%} of the residuals in their band")
plt.show()

# %%
# Poisson's worm rises at the right: its upper quantiles are too low. The rootogram below says the same count by count:
# bars that hang below 0 are counts that come more often than expected, here 0 and the large ones.
#
# How sure is a coefficient?
# --------------------------
# Intervals that exclude 0 have filled points. Columns have different units; standardise them to compare.

inference = Inference.from_estimator(gamma, X, y)
CoefficientDisplay.from_inference(inference, parameter="mu")
plt.show()

# %%
# Wald's interval takes the log-likelihood for a quadratic. Where the profile, for which all other coefficients are
# refitted at each point, has another shape, the interval that it cuts out is the better one. Of ten rows:

few = MLERegressor("poisson").fit(age[:10], claims[:10])
profile = ProfileDisplay.from_estimator(few, age[:10], claims[:10], "intercept").profile
print(f"profile interval {profile.lower:.2f} .. {profile.upper:.2f}")
wald = Inference.from_estimator(few, age[:10], claims[:10]).conf_int()["mu"][0]
print(f"Wald's           {wald[0]:.2f} .. {wald[1]:.2f}")
plt.show()

# %%
# How did the solver get there?
# -----------------------------
# The same logistic regression by two solvers. A straight line on the logarithmic scale is a constant number of digits
# per iteration; Newton's method bends down.

X_cancer, malignant = load_breast_cancer(return_X_y=True, as_frame=True)
X_cancer = X_cancer[["mean radius", "mean texture"]]
newton = MLEClassifier(solver="newton").fit(X_cancer, malignant)
lbfgs = MLEClassifier(solver="lbfgs").fit(X_cancer, malignant)
least = newton.history_["loss"].min()

_, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
OptimizationPathDisplay.from_estimator(lbfgs, least=least, name="L-BFGS", ax=ax)
OptimizationPathDisplay.from_estimator(newton, least=least, name="Newton", ax=ax, color="C1")
plt.show()

# %%
# The surface over two coefficients, the third held at the fit, with the path of the solver.

LikelihoodSurfaceDisplay.from_estimator(lbfgs, X_cancer, malignant, ("mean radius", "mean texture"))
plt.show()

# %%
# Why does squared error stall on labels?
# ---------------------------------------
# Each row pulls at the coefficients with its gradient. Bernoulli's is largest where the model is confidently wrong;
# that of squared error vanishes there as it does where the model is right. More in the example about squared error on
# labels.

LabelGradientDisplay.from_likelihoods()
plt.show()
