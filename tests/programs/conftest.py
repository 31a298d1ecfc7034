"""Programs run to their very end: main's return does not end the goroutines that are left, they have to end by themselves."""

import pytest

import goconc


@pytest.fixture
def run_whole():
    """`goconc.run`; and when main has returned nobody may be left behind."""

    def run(main, *args, **options):
        def whole():
            before = goconc.num_goroutine()
            result = goconc.go(main, *args).join()
            for _ in range(10_000):
                if goconc.num_goroutine() == before:
                    return result
                goconc.sleep(0.001)
            raise AssertionError(f"{goconc.num_goroutine() - before} goroutines are left behind")

        return goconc.run(whole, **options)

    return run
