"""
Quick start
===========

State how y is distributed given X, fit by maximum likelihood, get a distribution for every new row. Where scikit-learn
fits the same model the coefficients are the same; the rest of this script is what it does not fit.
"""

# %%
# The same coefficients
# ---------------------
# The Gaussian likelihood is maximised by least squares, Bernoulli's is minus the cross-entropy of logistic
# regression.

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mle import Bernoulli, GaussianOnLabels, MLEClassifier, MLERegressor, predict_dist
from sklearn_mle.metrics import log_score, make_log_score


def largest_difference(a, b):
    """Relative to the largest coefficient."""
    return f"{np.abs(a - b).max() / np.abs(b).max():.0e} (relative)"


print("1. MLERegressor and LinearRegression, diabetes")
diabetes = load_diabetes()
X, y = diabetes.data, diabetes.target
theirs = LinearRegression().fit(X, y)
ours = MLERegressor().fit(X, y)
print(f"   largest difference of the coefficients {largest_difference(ours.coef_, theirs.coef_)}")
print(f"   new here: sigma = {np.exp(ours.intercepts_['sigma']):.2f}, log-likelihood {ours.log_likelihood_:.1f}")

print("\n2. MLEClassifier and LogisticRegression, breast cancer, the same penalty")
X_cancer, y_cancer = load_breast_cancer(return_X_y=True)
n = len(y_cancer)  # our alpha belongs to the mean of the rows' nll, their C to the sum
theirs = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)).fit(X_cancer, y_cancer)
ours = make_pipeline(StandardScaler(), MLEClassifier(alpha=1 / n)).fit(X_cancer, y_cancer)
print(f"   largest difference of the coefficients {largest_difference(ours[-1].coef_, theirs[-1].coef_)}")
print(f"   iterations: Newton {ours[-1].n_iter_}, LogisticRegression's lbfgs {theirs[-1].n_iter_[0]}")

# %%
# Which distribution?
# -------------------
# The likelihood is a parameter like any other, and so is the choice of what depends on X. The score is the
# mean log P(y) of held-out rows. y, the progression of a disease, is written in whole numbers, so every
# family is asked for the probability of a whole number. The spread of y grows with its mean: that is what the
# better families can say.

print("\n3. GridSearchCV over likelihoods, diabetes: held-out log P(y), mean of 10 folds")
bmi = diabetes.feature_names.index("bmi")  # with a DataFrame its name would do
candidates = [
    {"likelihood": ["gaussian", "gamma", "poisson", "negative_binomial"]},
    {"likelihood": ["gaussian"], "regressed": [{"mu": "all", "sigma": [bmi]}]},
]
folds = KFold(10, shuffle=True, random_state=0)
search = GridSearchCV(MLERegressor(), candidates, scoring=make_log_score(resolution=1.0), cv=folds).fit(X, y)
results = search.cv_results_
for i in np.argsort(results["rank_test_score"]):
    note = ", sigma depends on bmi" if "regressed" in results["params"][i] else ""
    print(f"   {results['mean_test_score'][i]:8.3f}  {results['params'][i]['likelihood']}{note}")

# %%
# An interval, and whether it holds
# ---------------------------------
# Each row is predicted by a model that has not seen it. Of 442 rows the share inside a 90 % interval has a
# standard error of 1.4 %. (The intervals know the spread of y, not the uncertainty of the coefficients: with
# few rows per coefficient they are too narrow.)

print("\n4. Predictive intervals on held-out rows: share of y inside")
coverages = [0.5, 0.8, 0.9, 0.95]
print("   nominal            " + "".join(f"{coverage:8.0%}" for coverage in coverages))
for likelihood in "gaussian", "negative_binomial":
    inside = np.zeros((len(y), len(coverages)))
    for train, test in folds.split(X):
        model = MLERegressor(likelihood).fit(X[train], y[train])
        for j, coverage in enumerate(coverages):
            low, high = model.predict_interval(X[test], coverage=coverage).T
            inside[test, j] = (low <= y[test]) & (y[test] <= high)
    print(f"   {likelihood:<19}" + "".join(f"{share:8.1%}" for share in inside.mean(axis=0)))

dist = predict_dist(search, X[:3])
print(f"   three rows: mean {dist.mean().round(1)}, std {dist.std().round(1)}")
print(f"               P(Y > 200) {dist.sf(200).round(2)}, 90 % quantile {dist.ppf(0.9)}")

# %%
# Squared error on labels
# -----------------------
# Squared error between label and probability is a likelihood, too. Started well and penalised well it
# classifies about as well as Bernoulli's. The difference is what a confident mistake does (label 1, linear
# predictor -10: P(y = 1) is 0.00005): ``squared_error_on_labels.py`` tells the rest.

print("\n5. Bernoulli and squared error on labels, breast cancer: the best of five penalties each, 5 folds")
print("   likelihood        accuracy  held-out log P(label)  gradient of a confident mistake")
penalties = {"mleclassifier__alpha": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]}
scorers = {"accuracy": "accuracy", "log P": log_score}
for likelihood in Bernoulli(), GaussianOnLabels():
    model = make_pipeline(StandardScaler(), MLEClassifier(likelihood))
    search = GridSearchCV(model, penalties, scoring=scorers, refit="log P", cv=KFold(5, shuffle=True, random_state=0))
    results = search.fit(X_cancer, y_cancer).cv_results_
    accuracy, log_p = (results[f"mean_test_{name}"][search.best_index_] for name in scorers)
    _, (slope,) = likelihood.with_classes(2).taylor(np.array([1]), [np.array([-10.0])], 1)
    print(f"   {type(likelihood).__name__:<16} {accuracy:9.3f} {log_p:22.3f} {slope[0]:32.5f}")
