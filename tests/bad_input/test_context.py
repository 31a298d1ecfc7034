"""Bad input to `goconc.context`."""

import pytest

import goconc
from goconc import context

TABLE = """
context.background(1)                              | TypeError  | argument
context.todo(1)                                    | TypeError  | argument
context.with_cancel(None)                          | TypeError  | ^parent must be a context, not None: cannot create
context.with_cancel(queue)                         | TypeError  | ^parent must be a goconc context, not Queue$
context.with_cancel(Foreign(5, None))              | TypeError  | ^done\\(\\) of the context Foreign must give a channel, not int$
context.with_cancel(Foreign(ch, 5))                | TypeError  | ^err\\(\\) of the context Foreign must give an exception or None, not int$
context.with_cancel()                              | TypeError  | argument
context.with_cancel_cause(1)                       | TypeError  | ^parent must be a goconc context, not int$
context.with_deadline(None, 1)                     | TypeError  | ^parent must be a context, not None
context.with_deadline(BACKGROUND, None)            | TypeError  | ^when must be a number of seconds, not NoneType$
context.with_deadline(BACKGROUND, "1")             | TypeError  | ^when must be a number of seconds, not str$
context.with_deadline(BACKGROUND, nan)             | ValueError | ^when must be a number of seconds, not nan$
context.with_deadline(BACKGROUND, lies)            | Lie        |
context.with_deadline_cause(BACKGROUND, nan, None) | ValueError | ^when must be a number of seconds, not nan$
context.with_deadline_cause(BACKGROUND, 1, "late") | TypeError  | ^cause must be an exception, not str$
context.with_timeout(BACKGROUND, "1")              | TypeError  | ^seconds must be a number of seconds, not str$
context.with_timeout(BACKGROUND, nan)              | ValueError | ^seconds must be a number of seconds, not nan$
context.with_timeout(1, 1)                         | TypeError  | ^parent must be a goconc context, not int$
context.with_timeout_cause(BACKGROUND, None, None) | TypeError  | ^seconds must be a number of seconds, not NoneType$
context.with_timeout_cause(BACKGROUND, 1, OSError) | TypeError | ^cause must be an exception, not type$
context.with_value(None, "key", 1)                 | TypeError  | ^parent must be a context, not None
context.with_value(BACKGROUND, None, 1)            | TypeError  | ^key must not be None$
context.with_value(BACKGROUND, [], 1)              | TypeError  | unhashable
context.with_value(BACKGROUND, lies, 1)            | Lie        |
context.with_value(BACKGROUND, wrong, 1)           | TypeError  | __hash__
context.with_value(BACKGROUND, "key")              | TypeError  | argument
context.without_cancel(1)                          | TypeError  | ^parent must be a goconc context, not int$
context.after_func(1, print)                       | TypeError  | ^ctx must be a goconc context, not int$
context.after_func(None, print)                    | TypeError  | ^ctx must be a context, not None
context.after_func(BACKGROUND, None)               | TypeError  | ^after_func\\(\\) argument 'fn' must be callable, not NoneType$
context.after_func(BACKGROUND, coroutine)          | TypeError  | ^after_func\\(\\) argument 'fn' must be callable, not coroutine$
context.after_func(BACKGROUND, async_generator)    | TypeError  | ^after_func\\(\\) argument 'fn' must not be an async generator function
context.after_func(Foreign(5, None), print)        | TypeError  | ^done\\(\\) of the context Foreign must give a channel, not int$
context.cause("ctx")                               | TypeError  | ^ctx must be a goconc context, not str$
context.cause(Foreign(None, 5))                    | TypeError  | ^err\\(\\) of the context Foreign must give an exception or None, not int$
context.Cancelable()                               | TypeError  | ^made by goconc.context.with_cancel\\(\\) and its like$
context.CancelFunc()                               | TypeError  | ^made by goconc.context.with_cancel\\(\\) and its like$
context.CancelFunc(pair[0])                        | TypeError  | ^made by goconc.context.with_cancel\\(\\) and its like$
context.CancelCauseFunc()                          | TypeError  | ^made by goconc.context.with_cancel_cause\\(\\)$
context.DoneFunc()                                 | TypeError  | ^made by goconc.context.after_func\\(\\)$
pair[1](1)                                         | TypeError  | argument
pair[1](cause=ValueError())                        | TypeError  | argument
cause_pair[1](1)                                   | TypeError  | ^cause must be an exception, not int$
cause_pair[1](ValueError)                          | TypeError  | ^cause must be an exception, not type$
watch(1)                                           | TypeError  | argument
"""

# Of the classes that are not public by name.
CONTEXTS = """
type(pair[0])()                                    | TypeError  | ^contexts are made by goconc.context.with_cancel\\(\\) and its like$
type(BACKGROUND)()                                 | TypeError  | ^contexts are made by goconc.context.background\\(\\) and its like$
pair[0].done(1)                                    | TypeError  | argument
pair[0].err(1)                                     | TypeError  | argument
pair[0].cause(1)                                   | TypeError  | argument
pair[0].deadline(1)                                | TypeError  | argument
pair[0].value()                                    | TypeError  | argument
context.with_value(pair[0], "key", 1).value(lies)  | Lie        |
BACKGROUND.done(1)                                 | TypeError  | argument
BACKGROUND.err(1)                                  | TypeError  | argument
BACKGROUND.value()                                 | TypeError  | argument
"""


@pytest.mark.parametrize("row", (TABLE + CONTEXTS.lstrip()).strip().splitlines())
def test_refused(row, refused):
    refused(row)


def test_the_table_is_complete(covers_all):
    covers_all(context, TABLE.strip().splitlines())


def test_a_parent_whose_error_is_none():
    """It ends with a wrong error only later: whoever waits below it is told."""
    ended = goconc.Chan()

    class Parent:
        error = None

        def done(self):
            return ended.receiver

        def err(self):
            return self.error

    def main():
        parent = Parent()
        ctx, _ = context.with_cancel(parent)
        parent.error = "wrong"
        ended.close()
        with pytest.raises(TypeError, match=r"err\(\) of the context Parent must give an exception or None, not str"):
            goconc.Chan().recv(ctx=ctx)

    goconc.run(main)
