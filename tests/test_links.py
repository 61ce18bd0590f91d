"""Links against their definitions in mpmath, derivatives included, and the rules that every link obeys."""

import copy
import inspect
import pickle

import mpmath as mp
import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from sklearn_mle import links
from sklearn_mle.jets import taylor
from sklearn_mle.links import LINKS, Between, Link, ProbabilityLink, link

ETA = np.concatenate([np.linspace(-30, 30, 25), [-50.0, -7.3, -1e-6, 0.4, 3.999, 4.001, 50.0]])


def log_odds(F, complement):
    return lambda eta: mp.log(F(eta)) - mp.log(complement(eta))


def normal(eta):
    return mp.erfc(-eta / mp.sqrt(2)) / 2


def cauchy(eta):
    return mp.mpf(1) / 2 + mp.atan(eta) / mp.pi


# theta as a function of eta, from the definitions.
INVERSE = {
    "identity": lambda eta: eta,
    "log": mp.exp,
    "softplus": lambda eta: mp.log1p(mp.exp(eta)),
    "sqrt": lambda eta: eta**2,
    "inverse": lambda eta: 1 / eta,
    "inverse_squared": lambda eta: 1 / mp.sqrt(eta),
    "logit": log_odds(lambda eta: 1 / (1 + mp.exp(-eta)), lambda eta: 1 / (1 + mp.exp(eta))),
    "probit": log_odds(normal, lambda eta: normal(-eta)),
    "cloglog": lambda eta: mp.log(mp.expm1(mp.exp(eta))),
    "loglog": lambda eta: -mp.log(mp.expm1(mp.exp(-eta))),
    "cauchit": log_odds(cauchy, lambda eta: cauchy(-eta)),
}
POSITIVE_ETA = {"inverse", "inverse_squared"}


@pytest.mark.parametrize("name", LINKS)
def test_inverse_and_its_derivatives(name):
    eta = np.abs(ETA) + 0.01 if name in POSITIVE_ETA else ETA
    value, (gradient,), ((hessian,),) = taylor(LINKS[name]().inverse, [eta], 2)
    assert LINKS[name]().inverse(eta).tolist() == value.tolist()
    with mp.workdps(60):
        for order, rows in enumerate((value, gradient, hessian)):
            wanted = [float(mp.diff(INVERSE[name], mp.mpf(x), order)) for x in eta]
            # Log-odds pass through 0 where p does through 1/2: there only the absolute error counts.
            np.testing.assert_allclose(np.broadcast_to(rows, eta.shape), wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", LINKS)
def test_far_out_there_is_no_nan(name):
    eta = np.array([0.5, 50, 300, 700, 709.7]) if name in POSITIVE_ETA else np.linspace(-709.7, 709.7, 23)
    value, (gradient,), ((hessian,),) = taylor(LINKS[name]().inverse, [eta], 2)
    assert np.isfinite(value).all() and np.isfinite(gradient).all() and np.isfinite(hessian).all()
    assert not np.isnan(taylor(LINKS[name]().inverse, [1e3 * np.abs(eta)], 0)[0]).any()


@pytest.mark.parametrize("name", LINKS)
def test_call_shown_and_theta_are_inverses(name):
    one = LINKS[name]()
    if isinstance(one, ProbabilityLink):
        value = np.array([1e-300, 1e-20, 1e-3, 0.3, 0.49, 0.5, 0.51, 0.7, 0.999, 1 - 2**-50])
        rtol = 1e-12  # near p = 1 value itself holds 1 - p to three digits only; theta is exact for it
    else:
        value = np.array([1e-8, 0.1, 1.0, 3.7, 50.0, 1e3] if one.lower == 0 else [-1e3, -0.2, 0.0, 7.0])
        rtol = 1e-13
    np.testing.assert_allclose(one.inverse(one(value)), one.theta(value), rtol=rtol, atol=1e-15)
    np.testing.assert_allclose(one.shown(one.theta(value)), value, rtol=rtol)
    assert ((one.lower < one.theta(value)) & (one.theta(value) < one.upper)).all()
    assert np.ndim(one.inverse(one(0.25))) == 0 and one.inverse(one(0.25)) == pytest.approx(float(one.theta(0.25)))


def test_softplus_of_large_values_does_not_overflow():
    assert links.Softplus()(1e5) == 1e5


def test_inverse_of_integers():
    assert links.Inverse()(np.array([2, 4])).tolist() == [0.5, 0.25]
    assert links.InverseSquared()(2) == 0.25


@pytest.mark.parametrize("name", LINKS)
def test_equal_by_class(name):
    one = LINKS[name]()
    assert [other() == one for other in LINKS.values()] == [other == name for other in LINKS]
    assert hash(LINKS[name]()) == hash(one)
    assert eval(repr(one), vars(links)) == one
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one


def test_attributes_count():
    class Power(Link):
        def __init__(self, exponent):
            self.exponent = exponent

    assert Power(2) == Power(2) != Power(3) and len({Power(2), Power(2), Power(3)}) == 2
    assert repr(Power(0.5)) == "Power(exponent=0.5)"


def test_clone_of_an_estimator_with_a_link():
    class Model(BaseEstimator):
        def __init__(self, link=None):
            self.link = link

    assert clone(Model(links.Log())).link == links.Log()


def test_registry():
    concrete = {cls for _, cls in inspect.getmembers(links, inspect.isclass) if issubclass(cls, Link)}
    assert set(INVERSE) == set(LINKS) and set(LINKS.values()) == concrete - {Link, ProbabilityLink, Between}


def test_link_by_name():
    one = links.Probit()
    assert link("probit") == one and link(one) is one
    for unknown in ("logg", None, 3, ["log"]):
        with pytest.raises(ValueError, match=r"is no link; known are 'identity', 'log', .*'cauchit'"):
            link(unknown)
