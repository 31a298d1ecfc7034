"""On a free-threaded build the GIL stays off, and goroutines of several threads run at once."""

import sysconfig

import pytest

import goconc

pytestmark = pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this build has a GIL")


def test_importing_goconc_leaves_the_gil_off(output_of, monkeypatch):
    # rule PY-11
    monkeypatch.delenv("PYTHON_GIL", raising=False)
    program = "import sys, goconc; goconc.run(goconc.gosched); goconc.go(int).join(); print(sys._is_gil_enabled())"
    assert output_of(program) == "False\n"


def test_with_the_gil_put_back_it_works_too(output_of):
    # rule PY-11
    program = "import sys, goconc; print(goconc.run(lambda: goconc.go(lambda: 5).join()), sys._is_gil_enabled())"
    assert output_of(program, options=["-X", "gil=1"]) == "5 True\n"


def test_channels_between_runs_of_several_threads(kind, thread):
    # rule PY-11, CH-19
    ch = goconc.Chan(7)

    async def produce(n):
        async def body(i):
            for k in range(100):
                await kind.send(ch, (n, i, k))

        for handle in [kind.go(body, i) for i in range(4)]:
            await kind.join(handle)

    async def consume():
        found = []
        while True:
            value, ok = await kind.recv_ok(ch)
            if not ok:
                return found
            found.append(value)

    consumers = [thread(kind.run, consume) for _ in range(2)]
    producers = [thread(kind.run, produce, n) for n in range(3)]
    for producer in producers:
        producer.join()
    ch.close()
    found = [value for consumer in consumers for value in consumer.join()]
    assert sorted(found) == [(n, i, k) for n in range(3) for i in range(4) for k in range(100)]
