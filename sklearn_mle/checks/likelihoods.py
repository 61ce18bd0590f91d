"""check_likelihood: the rules for likelihoods, in their order."""

import warnings

from ..likelihoods import LabelLikelihood, Likelihood
from . import contract, derivatives, law
from .base import run
from .specimen import Specimen

LIKELIHOOD_CHECKS = (
    contract.constructor_arguments_are_kept,
    contract.y_is_not_modified,
    contract.default_constructor_estimates_everything,
    contract.parameters_are_consistent,
    contract.support_holds_what_dist_draws,
    contract.taylor_has_its_shapes,
    contract.rows_of_length_one_are_constants,
    contract.rows_are_independent,
    contract.weights_are_repeats,
    law.labels_agree_with_log_proba,
    law.two_classes_means_two_classes,
    contract.start_is_finite_under_every_link,
    contract.start_counts_weights,
    law.log_prob_is_that_of_dist,
    law.density_sums_to_one,
    law.cdf_is_the_sum_of_the_density,
    derivatives.gradient_is_the_slope_of_the_nll,
    derivatives.hessian_is_the_slope_of_the_gradient,
    derivatives.derivatives_are_those_of_log_prob,
    contract.fixing_a_parameter_is_holding_it,
    law.score_has_mean_zero,
    law.mean_hessian_is_the_variance_of_the_score,
    derivatives.far_out_numbers_are_numbers,
    derivatives.far_out_nothing_is_lost,
    derivatives.far_out_the_gradient_points_uphill,
)


def check_likelihood(likelihood):
    """Check that a likelihood keeps the rules on which the rest of the package relies.

    The rules are the functions in `LIKELIHOOD_CHECKS`, checked in that order at a few parameter values, with y
    drawn from `dist`; a likelihood of labels is checked with three classes (if it takes them) and with two.

    Parameters
    ----------
    likelihood : Likelihood
        With any parameters.

    Raises
    ------
    AssertionError
        At the first rule that is broken: names the likelihood, the rule, the values, and where to look.

    Warns
    -----
    UserWarning
        Where scipy's logpdf or logpmf loses the far tail and the likelihood has no `log_prob` of its own: fits work
        from a reasonable start, but may be stuck from a bad one.

    Examples
    --------
    >>> from sklearn_mle import Gaussian
    >>> from sklearn_mle.checks import check_likelihood
    >>> check_likelihood(Gaussian())
    """
    if not isinstance(likelihood, Likelihood):
        raise AssertionError(f"check_likelihood takes a Likelihood object; got {likelihood!r}.")
    if isinstance(likelihood, LabelLikelihood):
        for n_classes in (3, 2) if likelihood.multi_class else (2,):
            specimen = Specimen(likelihood.with_classes(n_classes))
            run(LIKELIHOOD_CHECKS, specimen, f"{likelihood!r} with {n_classes} classes")
        return
    specimen = Specimen(likelihood)
    run(LIKELIHOOD_CHECKS, specimen, repr(likelihood))
    for remark in specimen.remarks:
        warnings.warn(f"{likelihood!r}: {remark}", stacklevel=2)
