"""The benches: ``python -m tests.bench [--only PREFIX]``. None runs in the test suite; see docs/benchmarks.md."""
