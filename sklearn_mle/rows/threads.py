"""One BLAS thread while blocks are added, and the pool of threads over blocks."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock

from threadpoolctl import ThreadpoolController

# Seconds within which Ctrl-C is noticed while threads add.
ANSWER = 0.05


def pool(n_threads):
    """The threads over blocks of this process: threads do not survive a fork."""
    return _pool(n_threads, os.getpid())


@lru_cache(maxsize=4)
def _pool(n_threads, pid):
    return ThreadPoolExecutor(n_threads)


def results(futures):
    """The results of futures, in their order, waited for so that Ctrl-C is noticed, whichever thread receives it."""
    for future in futures:
        while True:
            try:
                yield future.result(timeout=ANSWER)
                break
            except TimeoutError:
                if future.done():  # the error is its own
                    raise


class OneBlasThread:
    """A context in which BLAS has one thread: its pools collide with each other and with threads over blocks.

    The limit belongs to the process, so fits in several threads share it: the first to enter sets it, the last to
    leave lifts it.
    """

    def __init__(self):
        self.lock, self.inside, self.limit = Lock(), 0, None

    def __enter__(self):
        with self.lock:
            if self.inside == 0:
                _release()
                self.limit = _controller(os.getpid()).limit(limits=1, user_api="blas")
            self.inside += 1

    def __exit__(self, *error):
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                _release()
                self.limit.restore_original_limits()
                _release()


def _release():
    """Let the current thread set OpenBLAS's limit: recent threadpoolctl silently ignores all but the first to do so."""
    for pool in _controller(os.getpid()).lib_controllers:
        if hasattr(pool, "clear_controlling_thread"):
            pool.clear_controlling_thread(force=True)


@lru_cache(maxsize=1)
def _controller(pid):
    return ThreadpoolController()


one_blas_thread = OneBlasThread()
