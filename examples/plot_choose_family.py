"""
Can one search choose the family?
=================================

Models of the same mean have the same R2, whatever they say about the spread and the tails around it. The likelihood is
a parameter like any other, and so is the list of what depends on X: GridSearchCV over both, scored by the log
probability of held-out rows. And where two families score nearly alike, is the difference more than chance?
"""

# %%
# The candidates
# --------------
# The diabetes data of scikit-learn: 442 patients, ten columns, and a measure of the disease one year later, a positive
# whole number. Each family comes with its second parameter constant, and dependent on X. ``resolution=1.0`` asks all of
# them for the probability of the number that was written down, so that densities and probabilities are not confused.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, RepeatedKFold, train_test_split

from sklearn_mle import Gaussian, MLERegressor
from sklearn_mle.metrics import compare_log_scores, make_log_score

X, y = load_diabetes(return_X_y=True, as_frame=True)
X, new_X, y, new_y = train_test_split(X, y, test_size=0.4, random_state=0)
families = {
    "Gaussian": "gaussian",
    "Gaussian, log link": Gaussian(link={"mu": "log"}),
    "gamma": "gamma",
    "lognormal": "lognormal",
    "Weibull": "weibull",
    "negative binomial": "negative_binomial",
}
grid = {"likelihood": list(families.values()), "regressed": [None, "all"]}
scoring = {"log_score": make_log_score(resolution=1.0), "r2": "r2"}
folds = RepeatedKFold(n_splits=5, n_repeats=3, random_state=0)
search = GridSearchCV(MLERegressor(), grid, scoring=scoring, refit="log_score", cv=folds).fit(X, y)
results = search.cv_results_
names = [f"{name}{'' if regressed is None else ' (all)'}" for name in families for regressed in grid["regressed"]]
order = np.argsort(results["mean_test_log_score"])

_, axes = plt.subplots(1, 2, figsize=(8.6, 3.8), sharey=True, layout="constrained")
for ax, score in zip(axes, scoring, strict=True):
    ax.plot(results[f"mean_test_{score}"][order], np.arange(len(order)), "o")
    ax.set(xlabel={"log_score": "log score of held-out rows", "r2": "R2 of held-out rows"}[score])
    ax.grid(axis="y", alpha=0.4)
axes[0].set_yticks(np.arange(len(order)), [names[k] for k in order])
plt.show()
print("chosen:", search.best_params_)

# %%
# The two do not agree, and should not: R2 judges the mean alone, and hardly sees that ten more coefficients for the
# spread, "(all)", are too many for these 265 rows. The log score does: a spread that is too small here or there makes
# some held-out rows nearly impossible.
#
# How sure is it?
# ---------------
# Fitted to all rows of the search, and scored on rows it has not seen: the difference in log score to the best there,
# and its standard error. exp(difference) is the factor by which a new row is less probable, in the geometric mean.

models = {name: MLERegressor(**params).fit(X, y) for name, params in zip(names, results["params"], strict=True)}
table = compare_log_scores(models, new_X, new_y, resolution=1.0)
for name, difference, error in zip(table.model, table.difference, np.nan_to_num(table.standard_error), strict=True):
    print(f"{name:26} {difference:8.4f}  standard error {error:.4f}")

# %%
# All are within two standard errors of the best: 177 rows do not tell these families apart. Then the simpler one will
# do, or the one that respects what is known: y is positive, and its spread grows with its mean.
