"""scikit-learn's own contract: every likelihood with every solver passes check_estimator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mle import LabelLikelihood, MLEClassifier, MLERegressor
from sklearn_mle.likelihoods import LIKELIHOODS

NUMBERS = [name for name, likelihood in LIKELIHOODS.items() if not issubclass(likelihood, LabelLikelihood)]
LABELS = [name for name, likelihood in LIKELIHOODS.items() if issubclass(likelihood, LabelLikelihood)]
STOCHASTIC = ["gaussian", "poisson", "bernoulli", "categorical", "gaussian_on_labels"]

ESTIMATORS = [
    estimator(name, solver=solver)
    for estimator, names in [(MLERegressor, NUMBERS), (MLEClassifier, ["auto", *LABELS])]
    for name in names
    for solver in ["newton", "lbfgs", *(["sgd"] if name in STOCHASTIC else [])]
]


EQUIVALENCE = ["check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"]
SEPARABLE = (
    "15 rows and up to 30 columns: the labels are separable, so no maximum exists, and rounding decides how far out"
)
# (likelihood, solver): why weights and repeats cannot agree to 1e-7 on the data of these checks.
NO_MAXIMUM = {
    **{
        (name, solver): "15 rows and up to 30 columns: the density is unbounded as its scale -> 0"
        for name in ("student_t", "logistic", "gumbel", "weibull", "log_logistic")
        for solver in ("newton", "lbfgs")
    },
    ("auto", "lbfgs"): SEPARABLE,
    ("categorical", "lbfgs"): SEPARABLE,
    ("gaussian_on_labels", "lbfgs"): SEPARABLE,
    ("gaussian_on_labels", "newton"): SEPARABLE,
}


def expected_failures(estimator):
    if estimator.solver == "sgd":
        return dict.fromkeys(EQUIVALENCE, "mini-batches of repeated rows are not those of weighted rows")
    reason = NO_MAXIMUM.get((estimator.likelihood, estimator.solver))
    return dict.fromkeys(EQUIVALENCE, reason) if reason else {}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_check_estimator(estimator, check):
    check(estimator)
