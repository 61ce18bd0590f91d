"""How a fit shows its progress: verbose lines, scikit-learn's callbacks; and how it is interrupted."""

import itertools
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mle import Batches, MLEClassifier, MLERegressor, MLERegressorCV
from sklearn_mle.design import Block
from sklearn_mle.estimators import history, table
from sklearn_mle.estimators.history import History
from sklearn_mle.rows import Rows
from sklearn_mle.rows import base as rows_base

RNG = np.random.default_rng(0)
X = RNG.normal(size=(500, 3))
Y = RNG.negative_binomial(2, 2 / (2 + np.exp(0.5 * X[:, 0] + 0.5))).astype(float)


# --- verbose ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["newton", "quasi_newton", "proximal_newton", "lbfgs", "sgd"])
def test_a_line_per_iteration_with_f_and_the_gap(solver, capsys):
    model = MLERegressor("poisson", alpha=0.1, solver=solver, verbose=1, random_state=0).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(model.history_["loss"])
    values = [float(re.search(r"F (\S+)", line)[1]) for line in lines]
    np.testing.assert_allclose(values, model.history_["loss"], rtol=1e-11)
    if solver == "newton":
        assert all("  gap " in line for line in lines)


def test_a_long_search_tells_how_long_it_will_last(monkeypatch, capsys):
    clock = iter(np.repeat(np.arange(0.0, 1000, 10), 1))
    monkeypatch.setattr(history, "monotonic", lambda: next(clock))
    report = History(verbose=1, tol=1e-8)
    for k in range(5):  # a gap that falls by 100 in every 10 seconds: from 1e-2 to 1e-8 in 30 s
        report(None, 1.0, 1.0, 10.0 ** (-2 * k))
    lines = capsys.readouterr().out.splitlines()
    left = [re.search(r"about (\d+) s to go", line) for line in lines]
    assert left[0] is None and left[4] is None
    assert [int(found[1]) for found in left[1:4]] == [30, 20, 10]


def test_a_short_search_says_nothing_of_time(capsys):
    MLERegressor("poisson", verbose=1).fit(X, Y)
    assert " s" not in capsys.readouterr().out


# --- a long pass ---


@pytest.fixture
def slow(monkeypatch):
    """Blocks of 64 rows, and a clock by which each of them takes two seconds."""
    now = itertools.count(0.0, 2.0)
    monkeypatch.setattr(history, "monotonic", lambda: next(now))
    monkeypatch.setattr(rows_base, "block_length", lambda width, K: 64)


def told(capsys, name="pass"):
    """(percent, seconds to go) of the lines that tell of a pass."""
    found = re.findall(rf"^  {name}: (\d+)%, about (\d+) s to go$", capsys.readouterr().out, re.M)
    return [tuple(map(int, pair)) for pair in found]


def blocks(n, watch, n_threads=1):
    return Rows(Block(np.ones((64 * n, 2)), np.ones(64 * n)), 1, n_threads, watch)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("kind", ["sum", "map", "batches"])
def test_a_long_pass_tells_how_far_it_is(kind, n_threads, slow, capsys):
    rows = blocks(10, history.watch(1), n_threads)
    if kind == "sum":
        rows.sum(len)
    elif kind == "map":
        rows.map(lambda block: block)
    else:
        list(rows.batches(64, np.random.RandomState(0)))
    assert told(capsys) == [(30, 14), (60, 8), (90, 2)]


def test_rows_that_come_of_rows_are_watched_too(slow, capsys):
    rows = blocks(10, history.watch(1))
    which = np.array([True, False])
    for other in [rows.cut(2), rows.centred(np.ones(2)), rows.columns_only(which), rows.map(lambda block: block)]:
        told(capsys)
        other.sum(len)
        assert told(capsys) == [(30, 14), (60, 8), (90, 2)]


def test_who_does_not_ask_is_told_nothing_of_passes(slow, capsys):
    blocks(10, history.watch(0)).sum(len)
    MLERegressor("poisson").fit(X, Y)
    assert capsys.readouterr().out == ""


def test_a_quick_pass_says_nothing(slow, capsys):
    blocks(2, history.watch(1)).sum(len)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("source", ["memory", "map", "integers", "batches"])
def test_a_fit_tells_of_its_long_passes(source, slow, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(table, "PART", 3 * 50)
    data = X, Y
    if source in ("map", "integers"):
        np.save(tmp_path / "X.npy", X if source == "map" else (10 * X).astype(int))
        data = np.load(tmp_path / "X.npy", mmap_mode="r"), Y
    elif source == "batches":
        data = (Batches([(X[i : i + 50], Y[i : i + 50]) for i in range(0, len(X), 50)]),)
    MLERegressor("poisson", verbose=1).fit(*data)
    out = capsys.readouterr().out
    assert re.search(r"^  pass: 38%, about \d+ s to go$", out, re.M)
    if source == "batches":
        assert "  batches: 300 rows in" in out
    else:
        assert source != "integers" or re.search(r"^  copy of X: \d+%, about \d+ s to go$", out, re.M)
        assert re.search(r"^  check of X: \d+%, about \d+ s to go$", out, re.M)


# --- Ctrl-C -------------------------------------------------------------------------------------------------------


def said(program):
    """What a program, run in a process of its own, prints."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_ctrl_c_is_answered_within_a_block():
    program = """
        import itertools, os, signal, time
        import numpy as np
        from sklearn_mle import MLERegressor
        from sklearn_mle.likelihoods import Poisson

        class Slow(Poisson):
            "A Poisson that is interrupted in the first of its long blocks."
            seconds, blocks = 0.0, []

            def derivatives(self, y, eta, order):
                if Slow.seconds and len(y) > 10_000:  # no sample
                    Slow.blocks.append(len(y))
                    if next(Slow.number) == 0:
                        os.kill(os.getpid(), signal.SIGINT)
                    time.sleep(Slow.seconds)
                return super().derivatives(y, eta, order)

        rng = np.random.default_rng(0)
        X = rng.standard_normal(size=(2**18, 40), dtype=np.float32)  # 16 blocks
        y = rng.poisson(np.exp(0.3 * X[:, 0])).astype(float)
        for n_jobs in [1, 2]:
            model = MLERegressor(Slow(), n_jobs=n_jobs, solver="lbfgs", tol=1e-4).fit(X, y)
            before, prediction = dict(vars(model)), model.predict(X[:5])
            Slow.seconds, Slow.blocks, Slow.number = 0.2, [], itertools.count()
            try:
                model.fit(X[:, ::-1], y)
            except KeyboardInterrupt:
                now = vars(model)
            time.sleep(0.5)
            print("no other block", len(Slow.blocks) <= n_jobs)
            print("as it was", now.keys() == before.keys() and all(now[name] is before[name] for name in before))
            Slow.seconds = 0.0
            print("as good as new", np.array_equal(model.fit(X, y).predict(X[:5]), prediction))
    """
    assert said(program) == 2 * ["no other block True", "as it was True", "as good as new True"]


# --- scikit-learn's callbacks -------------------------------------------------------------------------------------

try:
    from sklearn.callback import ProgressBar, ScoringMonitor
except ImportError:
    ProgressBar = ScoringMonitor = None
with_callbacks = pytest.mark.skipif(ProgressBar is None, reason="callbacks come with scikit-learn 1.9")


class Events:
    """A callback that notes what it is told, and asks to stop after so many iterations."""

    def __init__(self, stop_after=np.inf):
        self.events, self.stop_after = [], stop_after

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(("begin", context.task_name))

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.events.append(("end", context.task_name))
        self.last = fitted_estimator
        return context.task_name == "iteration" and self.events.count(("end", "iteration")) >= self.stop_after


class AutoPropagated(Events):
    """The same, handed down by Pipelines and searches."""

    max_propagation_depth = None


@with_callbacks
@pytest.mark.parametrize("solver", ["newton", "quasi_newton", "proximal_newton", "lbfgs", "sgd"])
def test_every_iteration_is_a_task(solver):
    callback = Events()
    model = MLERegressor("negative_binomial", alpha=0.1, solver=solver, random_state=0).set_callbacks(callback)
    model.fit(X, Y)
    n = len(model.history_["loss"])
    assert callback.events.count(("end", "iteration")) == n
    assert callback.events[:3] == ["setup", ("begin", "fit"), ("begin", "iteration")]
    assert callback.events[-2:] == [("end", "fit"), "teardown"]
    np.testing.assert_array_equal(callback.last.predict(X), model.predict(X))
    model.set_callbacks().fit(X, Y)
    assert callback.events[-1] == "teardown" and callback.events.count("setup") == 1


@with_callbacks
@pytest.mark.parametrize("estimator, y", [(MLERegressor("student_t"), Y), (MLEClassifier(), np.minimum(Y, 2))])
def test_the_scoring_monitor_logs_every_iteration(estimator, y):
    weight = RNG.uniform(0.5, 2, len(y))
    monitor = ScoringMonitor(scoring=mean_nll)
    model = estimator.set_callbacks(monitor).fit(X, y, weight)
    nll = [entry["nll"] for entry in monitor.get_logs().data if entry["task_name"] == "iteration"]
    np.testing.assert_allclose(nll, model.history_["loss"], rtol=1e-9)


def mean_nll(model, X, y, sample_weight):
    return {"nll": -np.average(model.log_prob(X, y), weights=sample_weight)}


@with_callbacks
def test_the_progress_bar_is_nested_in_pipelines_and_searches(capsys):
    pytest.importorskip("rich")
    model = make_pipeline(StandardScaler(), MLERegressor("poisson"))
    search = GridSearchCV(model, {"mleregressor__alpha": [0.0, 0.1]}, cv=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    shown = [line for line in capsys.readouterr().out.splitlines() if "MLERegressor - fit" in line]
    assert len(shown) == 5 and all("100%" in line for line in shown)
    model = MLERegressorCV("poisson", alphas=4, cv=3).set_callbacks(ProgressBar()).fit(X, Y)
    shown = capsys.readouterr().out
    assert all(f"MLERegressorCV - {part}" in shown for part in ["fit", "paths #0", "refit #1"])
    plain = MLERegressorCV("poisson", alphas=4, cv=3).fit(X, Y)
    np.testing.assert_array_equal(plain.score_path_, model.score_path_)


@with_callbacks
@pytest.mark.parametrize("callback", [Events(), AutoPropagated()])
def test_callbacks_change_no_bit_in_a_search(callback):
    grid = {"alpha": [0.0, 0.1]}
    plain = GridSearchCV(MLERegressor("poisson"), grid, cv=2).fit(X, Y)
    if isinstance(callback, AutoPropagated):
        search = GridSearchCV(MLERegressor("poisson"), grid, cv=2).set_callbacks(callback).fit(X, Y)
    else:
        search = GridSearchCV(MLERegressor("poisson").set_callbacks(callback), grid, cv=2).fit(X, Y)
    assert callback.events.count(("end", "iteration")) > 5 * 2
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    assert not [name for name in vars(search.best_estimator_) if "callback" in name and name != "_skl_callbacks"]


@with_callbacks
@pytest.mark.parametrize("solver", ["newton", "quasi_newton", "proximal_newton", "lbfgs", "sgd"])
def test_a_callback_may_end_the_search(solver):
    model = MLERegressor("poisson", solver=solver, alpha=0.01, random_state=0).set_callbacks(Events(stop_after=2))
    with pytest.warns(ConvergenceWarning, match="a callback asked to stop"):
        model.fit(X, Y)
    assert model.n_iter_ == len(model.history_["loss"]) == 2 and not model.converged_
    loss = -model.log_likelihood_ / len(Y) + 0.005 * model.coef_ @ model.coef_
    np.testing.assert_allclose(loss, model.history_["loss"][-1], rtol=1e-10)


@with_callbacks
def test_an_error_leaves_the_old_fit_and_ends_the_callbacks():
    callback = Events()
    model = MLERegressor("poisson").set_callbacks(callback).fit(X, Y)
    before = dict(vars(model))
    for wrong in [-Y - 1, Y[1:]]:
        callback.events.clear()
        with pytest.raises(ValueError):
            model.fit(X, wrong)
        assert callback.events[0] == "setup" and callback.events[-1] == "teardown"
    assert vars(model).keys() == before.keys() and all(vars(model)[name] is value for name, value in before.items())


def test_an_older_scikit_learn_has_no_callbacks_and_fits_the_same():
    program = """
        import sys
        import numpy as np
        import sklearn.linear_model, sklearn.model_selection, sklearn.pipeline  # which need it
        its_own = sys.modules.pop("sklearn.callback")
        sys.modules["sklearn.callback"] = None  # no longer to be imported
        from sklearn_mle import MLERegressor
        sys.modules["sklearn.callback"] = its_own
        model = MLERegressor().fit(np.arange(5.0)[:, None], [0.0, 2, 4, 6, 8.5])
        print(hasattr(model, "set_callbacks"), model.coef_)
    """
    assert said(program)[0].startswith("False")
