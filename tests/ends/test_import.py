"""An import that fails half-way: the program goes on, and may import goconc again."""

PROGRAM = """
import gc, sys
sys.modules["goconc._hooks"] = None
try:
    import goconc
except ImportError:
    print("failed")
for name in [name for name in sys.modules if name.startswith("goconc")]:
    del sys.modules[name]
gc.collect()
import goconc
from goconc import context

async def main():
    ch = goconc.Chan(2)
    await ch.asend(ch)
    with context.with_timeout(context.background(), 20) as ctx:
        operation = ch.arecv(ctx=ctx)
        gc.collect()
        return await operation is ch

print(goconc.run(main))
gc.collect()
"""


def test_it_is_imported_again(output_of):
    assert output_of(PROGRAM) == "failed\nTrue\n"
