"""check_likelihood passes what is right and names what is wrong; check_solver is tested in test_solvers.py."""

import re

import numpy as np
import pytest
from scipy import stats

from sklearn_mle.checks import LIKELIHOOD_CHECKS, SOLVER_CHECKS, check_likelihood, contract, law
from sklearn_mle.checks.specimen import Specimen
from sklearn_mle.jets import expit, gammaln, log_expit, xlogy
from sklearn_mle.likelihoods import (
    COUNTS,
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    Censored,
    Gaussian,
    GaussianOnLabels,
    LabelLikelihood,
    Likelihood,
    NegativeBinomial,
    Ordinal,
    Poisson,
    StudentT,
    Support,
    ZeroInflated,
)
from sklearn_mle.links import Identity, Log, Logit, Sqrt

# --- what is right passes ---


class Gumbel(Likelihood):
    """y ~ Gumbel(mu, sigma): the largest of many draws."""

    links = {"mu": Identity(), "sigma": Log()}

    def dist(self, mu, sigma):
        return stats.gumbel_r(mu, sigma)


class Laplace(Likelihood):
    """y ~ Laplace(mu, sigma): density exp(-|y - mu| / sigma) / (2 sigma), with a kink at mu."""

    links = {"mu": Identity(), "sigma": Log()}
    smooth = False

    def dist(self, mu, sigma):
        return stats.laplace(mu, sigma)

    def log_prob(self, y, mu, sigma):
        return -np.abs(y - mu) / sigma - np.log(2 * sigma)


class Gamma(Likelihood):
    """y ~ Gamma(shape, scale): mean shape scale; the density has a pole at 0 where shape < 1."""

    links = {"shape": Log(), "scale": Log()}
    support = Support(lower=0.0, open=True)

    def dist(self, shape, scale):
        return stats.gamma(shape, scale=scale)

    def log_prob(self, y, shape, scale):
        return xlogy(shape - 1, y) - y / scale - gammaln(shape) - shape * np.log(scale)


class Beta(Likelihood):
    """y ~ Beta(mu phi, (1 - mu) phi), mu as log-odds: two poles, and nothing but scipy."""

    links = {"mu": Logit(), "phi": Log()}
    support = Support(0.0, 1.0, open=True)

    def dist(self, mu, phi):
        return stats.beta(expit(mu) * phi, expit(-mu) * phi)


class Odds(LabelLikelihood):
    """P(y = c) from log_proba alone."""

    links = {"eta": Identity()}
    multi_class = False

    def log_proba(self, eta):
        return [log_expit(-eta), log_expit(eta)]


GUESTS = [
    Gumbel(),
    Laplace(),
    Gamma(),
    Beta(),
    Odds(),
    StudentT(sigma=1),
    StudentT(df=4.0),
    Gaussian(sigma=1.0),
    Poisson(link="sqrt"),
    Poisson(link="identity"),
    ZeroInflated(NegativeBinomial(alpha=0.5)),
    Censored(Gaussian()),
    Ordinal(),
    Ordinal(link="probit"),
    GaussianOnLabels(link="identity"),
    *(Bernoulli(link=link) for link in ("probit", "cloglog", "loglog", "cauchit")),
]


@pytest.mark.parametrize("likelihood", [*(family() for family in LIKELIHOODS.values()), *GUESTS], ids=repr)
def test_check_likelihood(likelihood):
    check_likelihood(likelihood)


def test_checks_are_repeatable_and_change_nothing():
    likelihood, state = StudentT(df=4.0), np.random.get_state()[1].copy()  # noqa: NPY002
    check_likelihood(likelihood)
    assert likelihood.get_params() == {"sigma": None, "df": 4.0, "link": None}
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_every_rule_says_what_it_is():
    for check in (*LIKELIHOOD_CHECKS, *SOLVER_CHECKS):
        assert re.fullmatch(r"[A-Z'a-z].*\.", check.__doc__.strip().split("\n")[0])


@pytest.mark.parametrize("other", [Gaussian, "gaussian", None])
def test_only_likelihood_objects_are_checked(other):
    with pytest.raises(AssertionError, match="check_likelihood takes a Likelihood object"):
        check_likelihood(other)


# --- what is wrong is named: one fault each ---


class WrongSign(Poisson):
    """The Hessian of mu - y eta is mu."""

    def derivatives(self, y, eta, order):
        nll, g, _ = super().derivatives(y, eta, 2)
        return (nll, g, [[-np.exp(eta[0])]])[: order + 1]


class SwappedArguments(Gamma):
    def dist(self, shape, scale):
        return stats.gamma(scale, scale=shape)


class LostConstant(Gumbel):
    def log_prob(self, y, mu, sigma):
        z = (y - mu) / sigma
        return -z - np.exp(-z)  # - log(sigma)


class ForgottenSlope(Gaussian):
    """dnll/dsigma where dnll/dlog(sigma) = sigma dnll/dsigma is asked for."""

    def derivatives(self, y, eta, order):
        mu, log_sigma = eta
        sigma = np.exp(log_sigma)
        z = (y - mu) / sigma
        nll = 0.5 * z**2 + log_sigma + 0.5 * np.log(2 * np.pi)
        g = [-z / sigma, (1 - z**2) / sigma]
        h = [[1 / sigma**2, 2 * z / sigma], [2 * z / sigma, 2 * z**2]]
        return (nll, g, h)[: order + 1]


class NaiveLog(Odds):
    """log(1 - p) is -inf from eta = 37 on, where it is -37."""

    def log_proba(self, eta):
        return [np.log(1 - expit(eta)), np.log(expit(eta))]


class UnweightedStart(Gaussian):
    def start(self, y, weight):
        return y.mean(), y.std() + 1.0


class CoupledRows(Gaussian):
    def log_prob(self, y, mu, sigma):
        return stats.norm.logpdf(0.0) - 0.5 * ((y - y.mean() - mu) / sigma) ** 2 - np.log(sigma)

    derivatives = None


class WrongClass(Categorical):
    """log_prob counts the classes from the other end."""

    derivatives = None

    def log_prob(self, y, *theta):
        return super().log_prob(y[:, ::-1] if np.ndim(y) == 2 else self.n_classes - 1 - y, *theta)


class PermutedProba(Bernoulli):
    """The rows of log_proba, and so dist, are exchanged; derivatives are not."""

    def log_proba(self, p):
        return super().log_proba(p)[::-1]


class HalfOf:
    """A law without its normalising constant."""

    def __init__(self, law):
        self.law = law

    def logpdf(self, y):
        return self.law.logpdf(y) - np.log(2)

    def __getattr__(self, name):
        return getattr(self.law, name)


class Unnormalised(Gumbel):
    def dist(self, mu, sigma):
        return HalfOf(stats.gumbel_r(mu, sigma))


NINE = [
    (WrongSign, "hessian is the slope of the gradient"),
    (SwappedArguments, "log prob is that of dist"),
    (LostConstant, "log prob is that of dist"),
    (ForgottenSlope, "gradient is the slope of the nll"),
    (NaiveLog, "far out nothing is lost"),
    (UnweightedStart, "start counts weights"),
    (CoupledRows, "rows are independent"),
    (WrongClass, "labels agree with log proba"),
    (Unnormalised, "density sums to one"),
]


class WritesToY(Gaussian):
    derivatives = None

    def log_prob(self, y, mu, sigma):
        y -= 1e-3
        return super().log_prob(y, mu, sigma)


class StoresAnotherArgument(Gaussian):
    def __init__(self, sigma=None, link=None):
        super().__init__(sigma, link)
        self.link = link or "identity"


class RemembersInItsArguments(Gaussian):
    def start(self, y, weight):
        values = super().start(y, weight)
        self.link = "identity"
        return values


class FixesByDefault(StudentT):
    def __init__(self, sigma=None, df=5.0, link=None):
        super().__init__(sigma, df, link)


class OrderOfParameters(Gaussian):
    @property
    def parameters(self):
        return dict(reversed(super().parameters.items()))


class ChecksNothing(Poisson):
    def check(self, y):
        return y


class AlwaysSecondOrder(Poisson):
    def taylor(self, y, eta, order):
        return super().taylor(y, eta, 2)


class NeedsFullRows(Poisson):
    """As many rows as eta has, not y."""

    def derivatives(self, y, eta, order):
        nll, *derivatives = super().derivatives(y, eta, order)
        return nll[: len(eta[0])], *derivatives


class StartOfZeros(Poisson):
    def start(self, y, weight):
        return (np.average(y, weights=weight),)


class WrongTail(Gumbel):
    def log_sf(self, y, *theta):
        return self.log_cdf(y, *theta)


class HardLabelsOnly(Bernoulli):
    def derivatives(self, y, eta, order):
        return super().derivatives(y if np.ndim(y) == 1 else np.argmax(y, axis=1), eta, order)


class WrongDecision(Bernoulli):
    def decision(self, p):
        return [-p]


class StartOfOthers(Bernoulli):
    def start(self, y, weight):
        return (self.shares(y, weight)[0],)


class TakesAnyNumberOfClasses(Odds):
    def with_classes(self, n_classes):
        return super().with_classes(2)


class FewDigits(Gaussian):
    """Right to seven digits."""

    def derivatives(self, y, eta, order):
        mu, log_sigma = eta
        z = (y - mu) * np.exp(-log_sigma)
        nll = 0.5 * z**2 + log_sigma + 0.9189385
        g = [-z * np.exp(-log_sigma), 1 - z**2]
        h = [[np.exp(-2 * log_sigma) + 0 * z, 2 * z * np.exp(-log_sigma)], [2 * z * np.exp(-log_sigma), 2 * z**2]]
        return (nll, g, h)[: order + 1]


class FixedIsNotALink(Gaussian):
    """A fixed sigma comes to derivatives as log(sigma), like an estimated one."""

    def derivatives(self, y, eta, order):
        mu, log_sigma = eta
        sigma = log_sigma if isinstance(log_sigma, float) else np.exp(log_sigma)
        z = (y - mu) / sigma
        nll = 0.5 * z**2 + np.log(sigma) + 0.5 * np.log(2 * np.pi)
        h = [[1 / sigma**2 + 0 * z, 2 * z / sigma], [2 * z / sigma, 2 * z**2]]
        return (nll, [-z / sigma, 1 - z**2], h)[: order + 1]


class ThroughProbabilities(Bernoulli):
    """(p - y) / (p (1 - p)) times the slope p (1 - p): 0 / 0 where p rounds to 1."""

    def derivatives(self, y, eta, order):
        nll, _, h = super().derivatives(y, eta, 2)
        p = expit(eta[0])
        label = y[:, 1] if np.ndim(y) == 2 else y
        return (nll, [(p - label) / (p * (1 - p)) * (p * (1 - p))], h)[: order + 1]


class Clipped(Poisson):
    def derivatives(self, y, eta, order):
        nll, g, h = super().derivatives(y, eta, 2)
        return (nll, [g[0] * (np.abs(eta[0]) < 30)], h)[: order + 1]


FAULTS = [
    *NINE,
    (WritesToY, "y is not modified"),
    (StoresAnotherArgument, "constructor arguments are kept"),
    (RemembersInItsArguments, "constructor arguments are kept"),
    (FixesByDefault, "default constructor estimates everything"),
    (OrderOfParameters, "parameters are consistent"),
    (ChecksNothing, "support holds what dist draws"),
    (AlwaysSecondOrder, "taylor has its shapes"),
    (NeedsFullRows, "rows of length one are constants"),
    (StartOfZeros, "start is finite under every link"),
    (WrongTail, "cdf is the sum of the density"),
    (PermutedProba, "labels agree with log proba"),
    (HardLabelsOnly, "labels agree with log proba"),
    (WrongDecision, "labels agree with log proba"),
    (StartOfOthers, "labels agree with log proba"),
    (TakesAnyNumberOfClasses, "two classes means two classes"),
    (FewDigits, "derivatives are those of log prob"),
    (FixedIsNotALink, "fixing a parameter is holding it"),
    (ThroughProbabilities, "far out numbers are numbers"),
    (Clipped, "far out the gradient points uphill"),
]
# Rules that follow from the others, and so never speak first; they stand by themselves all the same.
IMPLIED = [
    (CoupledRows, contract.weights_are_repeats),
    (SwappedArguments, law.score_has_mean_zero),
    (WrongSign, law.mean_hessian_is_the_variance_of_the_score),
]


@pytest.mark.parametrize("family, rule", FAULTS)
def test_a_fault_is_found_by_the_rule_meant_for_it(family, rule):
    name = re.escape(repr(family()))
    with pytest.raises(AssertionError, match=f"^{name}.* breaks the rule '{rule}': "):
        check_likelihood(family())


@pytest.mark.parametrize("family, check", IMPLIED)
def test_an_implied_rule_finds_the_fault_by_itself(family, check):
    with np.errstate(all="ignore"), pytest.raises(AssertionError):
        check(Specimen(family()))


def test_every_rule_has_a_fault_that_breaks_it():
    rules = {rule for _, rule in FAULTS} | {check.__name__.replace("_", " ") for _, check in IMPLIED}
    assert rules == {check.__name__.replace("_", " ") for check in LIKELIHOOD_CHECKS}


def test_messages_name_values_and_where_to_look():
    with pytest.raises(AssertionError) as caught:
        check_likelihood(ForgottenSlope())
    message = str(caught.value)
    for part in ("the gradient in eta[1] is ", ", not ", "y = ", "eta = [", "Look at `derivatives`"):
        assert part in message


def test_the_tail_that_scipy_loses_is_remarked():
    """stats.geom takes p, which rounds to 1."""

    class Geometric(Likelihood):
        links = {"p": Logit()}
        support = Support(lower=1.0, integer=True)

        def dist(self, p):
            return stats.geom(expit(p))

    with pytest.warns(UserWarning, match=r"Geometric\(\): the nll jumps from .* write log_prob"):
        check_likelihood(Geometric())


def test_without_a_start_zero_must_do():
    class SquareRoot(Likelihood):
        links = {"mu": Sqrt()}
        support = COUNTS

        def dist(self, mu):
            return stats.poisson(mu)

    with pytest.raises(AssertionError, match="there is no `start`, and the nll at eta = 0 is not finite"):
        check_likelihood(SquareRoot())


def test_an_error_in_the_likelihood_is_kept_as_the_cause():
    class Broken(Gumbel):
        def dist(self, mu, sigma):
            return stats.gumbel_r(mu, sigma, nonsense=1)

    with pytest.raises(AssertionError, match=r"TypeError: .*nonsense") as caught:
        check_likelihood(Broken())
    assert isinstance(caught.value.__cause__, TypeError)


def test_counts_are_summed_far_into_the_tail():
    """Half of Poisson(mu), half of 5 + Poisson(mu): what is lost beyond the bulk is seen."""

    class Truncated(Poisson):
        derivatives = None

        def log_prob(self, y, mu):
            return np.where(y > 8, -np.inf, super().log_prob(y, mu))

    assert Truncated().support == COUNTS
    with pytest.raises(AssertionError, match="log prob is that of dist"):
        check_likelihood(Truncated())
