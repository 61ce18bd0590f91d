"""
Can I write y ~ sex * bmi + poly(age, 2)?
==========================================

Those who come from R or statsmodels write models as formulas. This package has no formulas of its own; formulaic turns
one into columns, and in a Pipeline these columns have names, are made in the same way for new rows, and can be searched
over. One formula, or another: which describes new rows best?
"""

# %%
# A transformer of ten lines
# --------------------------
# ``model_matrix`` reads the formula and the table; its ``model_spec`` remembers levels and knots, and applies them to
# other rows. The intercept is left out (``-1``), as the model has one. A formula may call any Python function: never
# take one from somebody whom you would not let run code.

import matplotlib.pyplot as plt
import numpy as np
from formulaic import model_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, RepeatedKFold
from sklearn.pipeline import make_pipeline

from sklearn_mle import Inference, MLERegressor
from sklearn_mle.metrics import make_log_score


class Formula(TransformerMixin, BaseEstimator):
    """The columns that the right side of a formula makes of a data frame."""

    def __init__(self, formula):
        self.formula = formula

    def fit(self, X, y=None):
        self.spec_ = model_matrix(self.formula, X).model_spec
        return self

    def transform(self, X):
        columns = self.spec_.get_model_matrix(X)
        return columns.drop(columns="Intercept", errors="ignore")


X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X["sex"] = X["sex"].map({1: "one", 2: "other"})  # the data do not say which is which
model = make_pipeline(Formula("sex * bmi + bp + s5"), MLERegressor("gamma")).fit(X, y)
print(Inference.from_estimator(model, X, y))

# %%
# The formula is a parameter
# --------------------------
# So a search tries several, by the log probability of held-out rows.

formulas = [
    "bmi",
    "bmi + bp + s5",
    "sex + bmi + bp + s5",
    "sex * bmi + bp + s5",
    "sex * (bmi + bp + s5 + poly(age, 2))",
]
folds = RepeatedKFold(n_splits=5, n_repeats=4, random_state=0)
search = GridSearchCV(model, {"formula__formula": formulas}, scoring=make_log_score(resolution=1.0), cv=folds)
search.fit(X, y)
for formula, score in zip(formulas, search.cv_results_["mean_test_score"], strict=True):
    print(f"{formula:38} log score {score:.4f}")
print("chosen:", search.best_params_["formula__formula"])

# %%
# All that follows takes the search as it is, with tables as the user has them: here the mean of y and its confidence
# interval along bmi, for both sexes, all else at its median.

inference = Inference.from_estimator(search, X, y)
_, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
bmi = np.linspace(X["bmi"].min(), X["bmi"].max(), 50)
for k, sex in enumerate(["one", "other"]):
    ax.scatter(X["bmi"][X["sex"] == sex], y[X["sex"] == sex], s=6, alpha=0.4, color=f"C{k}", linewidths=0)
    typical = X.drop(columns="sex").median().to_frame().T
    rows = typical.loc[[0] * 50].assign(bmi=bmi, sex=sex)
    ax.fill_between(bmi, *inference.mean_interval(rows).T, color=f"C{k}", alpha=0.25, linewidth=0)
    ax.plot(bmi, search.predict(rows), color=f"C{k}", label=f"sex: {sex}")
ax.set(xlabel="bmi", ylabel="mean of y, 95 %")
ax.legend()
plt.show()
