"""Side by side with the peers, at equal objective: ``python -m benchmarks [NAME ...]``."""
