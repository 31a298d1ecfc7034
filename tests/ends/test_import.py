"""An import that fails half-way: the program goes on, and may import goconc again."""

import os
import subprocess
import sys

import goconc

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


def test_it_is_imported_again():
    package = os.path.dirname(os.path.dirname(goconc._core.__file__))
    command = [sys.executable, "-X", "faulthandler", "-c", PROGRAM]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": package}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "failed\nTrue\n", "")
