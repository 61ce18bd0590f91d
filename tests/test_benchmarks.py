"""Benchmarks compare like with like: data, objective and contenders of every workload agree in the optimum."""

import os

import numpy as np
import pytest

from benchmarks.measure import Judge, Line, Result, attempt, climb
from benchmarks.report import END, table, write_page
from benchmarks.workloads import WORKLOADS

SHARE, LIMIT = 0.002, 60.0
# Of this package and those it depends on.
HERE = {"sklearn_mle", "sklearn", "scipy"}
# Nothing else in scikit-learn and scipy solves these: elastic-net paths, and columns of scales 1e-4 .. 1e4.
ALONE = {"path_logistic", "path_poisson", "scales"}
# What needs a file, what has mini-batches, and what would take a minute.
ELSEWHERE = {"motor", "sgd", "l1_many"}


@pytest.fixture(scope="module", params=[name for name in WORKLOADS if name not in ELSEWHERE])
def judged(request):
    workload = WORKLOADS[request.param]
    contenders = [one for one in workload.contenders if one.package in HERE and "sag" not in one.label]
    problem = workload.problem(SHARE)
    return workload, problem, contenders, Judge(workload, problem, contenders, LIMIT)


def test_contenders_agree_in_the_optimum(judged):
    workload, problem, contenders, judge = judged
    agreeing = []
    for contender in contenders:
        Ws, note = attempt(contender, problem, contender.rungs[-1], LIMIT)
        if Ws is not None and judge.gap(Ws) <= workload.gap:
            agreeing.append(contender.package)
    assert "sklearn_mle" in agreeing
    assert len(set(agreeing)) > 1 or workload.name in ALONE


def test_the_optimum_meets_its_conditions(judged):
    workload, problem, _, judge = judged
    if not workload.smooth:
        pytest.skip("subgradients of the check loss are sets")
    for W, alpha in zip(judge.optimum, problem.alphas, strict=True):
        g = problem.taylor(W, alpha)[1] / judge.units
        g *= problem.free()
        slack = np.where(W == 0, alpha * problem.l1_ratio / judge.units, 0.0)  # the subgradient of |b| at 0
        assert np.all(np.abs(g) <= slack + 1e-9)


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_gradients_of_the_judge_are_those_of_its_values(name):
    if name == "motor" and "SKLEARN_MLE_MOTOR_CLAIMS" not in os.environ:
        pytest.skip("needs the file that SKLEARN_MLE_MOTOR_CLAIMS names")
    problem, rng = WORKLOADS[name].problem(SHARE), np.random.default_rng(1)
    scale = problem.units()
    W = 0.1 * rng.standard_normal((problem.K, len(scale))) / scale
    d = rng.standard_normal(W.shape) / scale / np.sqrt(W.size)
    alpha = problem.alphas[-1]
    h = 1e-7 if name == "quantile" else 1e-5
    slope = (problem.taylor(W + h * d, alpha)[0] - problem.taylor(W - h * d, alpha)[0]) / (2 * h)
    np.testing.assert_allclose(np.sum(problem.taylor(W, alpha)[1] * d), slope, rtol=1e-4, atol=1e-6)


def test_a_missing_peer_is_a_row_that_says_so():
    workload = WORKLOADS["digits"]
    contender = workload.contenders[0]
    absent = type(contender)("absent", "no_such_package", contender.fit, contender.rungs)
    assert climb(absent, None, None, 1e-8, LIMIT).note == "no_such_package is not installed"


def test_the_page_keeps_what_was_measured_before_and_the_prose_around(tmp_path):
    def result(ours, theirs):
        lines = [Line("sklearn_mle", ours, ours, ours, 0.0, 1.0), Line("peer", theirs, theirs, theirs, 0.0, 1.0)]
        return Result("a title", (10, 2), 1e-8, 0.01, "2026-01-01", 0.5, lines)

    page = tmp_path / "page.md"
    write_page(page, {"quick": result(1.0, 2.0)})
    page.write_text(page.read_text().replace(END, f"{END}\nProse."))
    write_page(page, {"slow": result(3.0, 2.0)})
    text = page.read_text()
    assert table("quick", result(1.0, 2.0)).strip() in text and text.endswith("Prose.\n")
    losses = text.partition("## Where we lose")[2].partition("## All")[0]
    assert "slow" in losses and "quick" not in losses
