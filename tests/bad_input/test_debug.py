"""Bad input to `goconc.debug`."""

import pytest

from goconc import debug

TABLE = """
debug.dump(1)            | TypeError | ^file must be a text file or None, not int$
debug.dump(b"file")      | TypeError | ^file must be a text file or None, not bytes$
debug.dump(None, 1)      | TypeError | positional argument
debug.goroutines(1)      | TypeError | positional argument
debug.CreatedAt("file")  | TypeError | 'lineno'
debug.GoroutineInfo()    | TypeError | missing
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_refused(row, refused):
    refused(row)


def test_the_table_is_complete(covers_all):
    covers_all(debug, TABLE.strip().splitlines())
