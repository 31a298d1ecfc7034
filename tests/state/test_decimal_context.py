"""The decimal context is a goroutine's own: it lives in a context variable, behind a cache that must not be fooled."""

import decimal
from decimal import Decimal

import goconc


def test_precision_is_per_goroutine(kind):
    # rule PY-01
    async def body(precision):
        decimal.getcontext().prec = precision
        found = set()
        for _ in range(10):
            await kind.gosched()
            assert decimal.getcontext().prec == precision
            found.add(len(str(Decimal(1) / Decimal(3))) - 2)
        return found

    async def main():
        before = decimal.getcontext().prec
        handles = [kind.go(_localized, body, n) for n in range(1, 20)]
        for n, handle in enumerate(handles, 1):
            assert await kind.join(handle) == {n}
        assert decimal.getcontext().prec == before

    async def _localized(body, n):
        decimal.setcontext(decimal.Context())
        return await body(n)

    before = decimal.getcontext().prec
    kind.run(main)
    assert decimal.getcontext().prec == before


def test_localcontext_across_parks(kind):
    # rule PY-01
    async def body(precision):
        with decimal.localcontext() as context:
            context.prec = precision
            await kind.gosched()
            with decimal.localcontext() as inner:
                inner.prec = precision + 1
                await kind.gosched()
                assert len(str(Decimal(1) / 3)) - 2 == precision + 1
            await kind.gosched()
            assert len(str(Decimal(1) / 3)) - 2 == precision
        await kind.gosched()
        return decimal.getcontext().prec

    async def main():
        before = decimal.getcontext().prec
        handles = [kind.go(body, n) for n in range(1, 20)]
        for handle in handles:
            assert await kind.join(handle) == before

    kind.run(main)


def test_flags_and_traps(kind):
    # rule PY-01
    async def trapping():
        with decimal.localcontext() as context:
            context.traps[decimal.DivisionByZero] = True
            await kind.gosched()
            try:
                Decimal(1) / 0
            except decimal.DivisionByZero:
                return "trapped"

    async def lenient():
        with decimal.localcontext() as context:
            context.traps[decimal.DivisionByZero] = False
            await kind.gosched()
            return Decimal(1) / 0

    async def main():
        handles = [kind.go(trapping if n % 2 else lenient) for n in range(10)]
        for n, handle in enumerate(handles):
            assert await kind.join(handle) == ("trapped" if n % 2 else Decimal("Infinity"))

    kind.run(main)


def test_two_goroutines_of_different_kinds_in_turn(make_kind):
    # rule PY-01
    async def body(kind, precision):
        with decimal.localcontext(decimal.Context(prec=precision)):
            for _ in range(50):
                assert decimal.getcontext().prec == precision
                await kind.gosched()
        return True

    def main():
        kinds = [make_kind("plain"), make_kind("async")]
        handles = [kinds[n % 2].go(body, kinds[n % 2], n + 1) for n in range(6)]
        assert all(handle.join() for handle in handles)

    goconc.run(main)
