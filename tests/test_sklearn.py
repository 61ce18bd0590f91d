"""scikit-learn's own contract: every likelihood with every solver passes check_estimator."""

from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from sklearn_mle import BetaBinomial, Binomial, LabelLikelihood, MLEClassifier, MLERegressor
from sklearn_mle.likelihoods import LIKELIHOODS

NUMBERS = [name for name, likelihood in LIKELIHOODS.items() if not issubclass(likelihood, LabelLikelihood)]
LABELS = [name for name, likelihood in LIKELIHOODS.items() if issubclass(likelihood, LabelLikelihood)]
STOCHASTIC = ["gaussian", "poisson", "bernoulli", "categorical", "gaussian_on_labels"]

# Of the integers that most checks have for y, Tweedie's density has no bound as power -> 1: L-BFGS takes 1000 steps.

# The checks have y of one column.
ONE_COLUMN = {"binomial": Binomial(n=1000), "beta_binomial": BetaBinomial(n=1000)}

ESTIMATORS = [
    estimator(ONE_COLUMN.get(name, name), solver=solver)
    for estimator, names in [(MLERegressor, NUMBERS), (MLEClassifier, ["auto", *LABELS])]
    for name in names
    for solver in [
        *(["newton"] if name == "tweedie" else ["newton", "lbfgs"]),
        *(["sgd"] if name in STOCHASTIC else []),
    ]
]


EQUIVALENCE = ["check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"]
SEPARABLE = (
    "15 rows and up to 30 columns: the labels are separable, so no maximum exists, and rounding decides how far out"
)
# (likelihood, solver): why weights and repeats cannot agree to 1e-7 on the data of these checks.
NO_MAXIMUM = {
    **{
        (name, solver): "15 rows in 30 columns: some coefficients fit y without error, the density has no upper bound"
        for name in ("student_t", "weibull", "tweedie")
        for solver in ("newton", "lbfgs")
    },
    ("Binomial(n=1000)", "newton"): "15 rows and up to 30 columns: p is 0 wherever y is",
    ("auto", "lbfgs"): SEPARABLE,
    ("categorical", "lbfgs"): SEPARABLE,
    ("gaussian_on_labels", "lbfgs"): SEPARABLE,
    ("gaussian_on_labels", "newton"): SEPARABLE,
}


# scikit-learn has a tag for positive y, none for y between 0 and 1: these are the checks that fit no other.
WITHOUT_FIT = {
    "check_all_zero_sample_weights_error",
    "check_array_api_input",
    "check_complex_data",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_empty_data_messages",
    "check_estimators_partial_fit_n_features",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_requires_y_none",
    "check_set_params",
    "check_supervised_y_no_nan",
    "check_valid_tag_types",
}
ORDER = {
    "check_classifiers_classes": "its strings have no order, and are refused",
    "check_classifiers_train": "its three blobs lie in no order along any direction: accuracy is below 0.83",
}


def expected_failures(estimator):
    if estimator.likelihood == "beta":
        checks = {check.func.__name__ for _, check in estimator_checks_generator(estimator)}
        return dict.fromkeys(checks - WITHOUT_FIT, "y of the check is not between 0 and 1")
    if estimator.likelihood == "ordinal":
        # The labels of the checks of weights are separable: how far out rounding stops L-BFGS is chance.
        return {**ORDER, **(dict.fromkeys(EQUIVALENCE, SEPARABLE) if estimator.solver == "lbfgs" else {})}
    if estimator.solver == "sgd":
        return dict.fromkeys(EQUIVALENCE, "mini-batches of repeated rows are not those of weighted rows")
    reason = NO_MAXIMUM.get((str(estimator.likelihood), estimator.solver))
    return dict.fromkeys(EQUIVALENCE, reason) if reason else {}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_check_estimator(estimator, check):
    check(estimator)
