# Go's context package: cancellation, deadlines and values, handed down a tree. What ends, and in which moment, is decided in
# _native/context_tree.hpp; here are the Python objects around its nodes.
#
# There are two kinds of our own: a CancelContext can end, a PassiveContext ends with what it stands on, or never. Any other object with
# done() and err() may be a parent too: it is called foreign here.

cdef extern from "_cpython/context_tree.hpp" namespace "goconc":
    void collect_contexts(PyTypeObject *, ContextNode *(*)(PyObject *) noexcept) noexcept
    object new_pair(PyTypeObject *, PyObject *first, PyObject *second)


cdef object nearest_end = object()  # a key: value() gives the nearest CancelContext for it, also through foreign contexts


# ---- what a context says ----

cdef inline object end_of(object ctx):
    """What ends it: a CancelContext, a foreign context, or None for nothing."""
    return (<PassiveContext>ctx).end if type(ctx) is PassiveContext else ctx


cdef object done_channel(object ctx):
    """None if it never ends."""
    cdef object end = end_of(ctx)
    if type(end) is CancelContext:
        return done_view_of(<CancelContext>end)
    return None if end is None else foreign_done(end)


cdef object error_of(object ctx):
    """None while it has not ended."""
    cdef object end = end_of(ctx)
    if type(end) is CancelContext:
        return shared_error(origin_of(<CancelContext>end)) if context_has_ended(<CancelContext>end) else None
    return None if end is None else foreign_error(end)


cdef object cause_of(object ctx):
    """What it was cancelled for; its error if nobody has said. None while it has not ended."""
    cdef object end = end_of(ctx)
    cdef object cause = None
    cdef object ours = end if type(end) is CancelContext else ours_behind(end)
    if ours is not None and context_has_ended(<CancelContext>ours):
        cause = origin_of(<CancelContext>ours).said_cause
    return error_of(ctx) if cause is None else cause


cdef int raise_error_of(object ctx) except -1:
    """Raises the error of a context that has ended, from its cause. A new exception each time: one that is kept would collect the
    tracebacks of all who meet it, and hold on to their frames."""
    cdef object end = end_of(ctx)
    if type(end) is CancelContext:
        raise new_error(origin_of(<CancelContext>end)) from origin_of(<CancelContext>end).said_cause
    error = foreign_error(end)
    raise error from foreign_cause(end, error)


def raise_if_done(ctx) -> None:
    """Raises the error of a context that has ended. For goconc's own modules."""
    done_of(ctx)


def check_limits(timeout, ctx) -> None:
    """Refuses wrong limits of a wait, and raises the error of a context that has ended. For goconc's own modules."""
    deadline_of(timeout)
    if ctx is not None:
        done_of(ctx)


cdef object foreign_done(object ctx):
    done = ctx.done()
    if done is not None and channel_of(done) is None:
        raise TypeError(f"done() of the context {type(ctx).__name__} must give a channel, not {type(done).__name__}")
    return done


cdef object foreign_error(object ctx):
    error = ctx.err()
    if error is not None and not isinstance(error, BaseException):
        raise TypeError(f"err() of the context {type(ctx).__name__} must give an exception or None, not {type(error).__name__}")
    return error


cdef object value_in(object ctx, object key):
    while ctx is not None:
        if type(ctx) is CancelContext:
            if key is nearest_end:
                return ctx
            ctx = (<CancelContext>ctx).parent
        elif type(ctx) is not PassiveContext:
            return ctx.value(key)
        elif key is nearest_end:
            ctx = (<PassiveContext>ctx).end
        elif (<PassiveContext>ctx).key is not None and ((<PassiveContext>ctx).key is key or (<PassiveContext>ctx).key == key):
            return (<PassiveContext>ctx).held
        else:
            ctx = (<PassiveContext>ctx).parent
    return None


cdef object deadline_of_context(object ctx):
    cdef object end = end_of(ctx)
    cdef CancelContext ours
    if type(end) is not CancelContext:
        deadline = getattr(end, "deadline", None)
        return None if deadline is None else deadline()
    ours = <CancelContext>end
    if ours.due_time is None and ours.due != forever:
        return ours.due * 1e-9
    return ours.due_time


cdef str words_of_context(object ctx):
    """How it was made."""
    cdef list made = []
    cdef int64_t when
    while ctx is not None:
        if type(ctx) is CancelContext:
            when = (<CancelContext>ctx).timer.when
            made.append("with_cancel" if when == 0 else f"with_deadline({when * 1e-9:.6f} [{(when - now_ns()) * 1e-9:.6f} s])")
            ctx = (<CancelContext>ctx).parent
        elif type(ctx) is PassiveContext:
            made.append((<PassiveContext>ctx).label)
            ctx = (<PassiveContext>ctx).parent
        else:
            made.append(repr(ctx))
            break
    made.reverse()
    return ".".join(made)


cdef str shown(object thing):
    """A string as it is; of anything else its type only: contexts get logged, and their values may be large or secret."""
    return thing if type(thing) is str else type(thing).__name__


# ---- contexts that can end ----

@cython.final
@cython.trashcan(True)
cdef class CancelContext:
    """A context that can end: by its cancel function, at its deadline, or with its parent."""

    def __cinit__(self):
        self.node.owner = <void *>self
        self.due = forever
        self.timer.kind = DeadlineKind.function
        self.timer.owner = <void *>self

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a context")

    def __repr__(self):
        return f"<{words_of_context(self)}>"

    def __str__(self):
        return words_of_context(self)

    def done(self):
        """A channel that is closed when the context ends; the same one each time. (Go: ``ctx.Done()``)"""
        return done_view_of(self)

    def err(self):
        """Why it has ended, a ``Canceled`` or a ``DeadlineExceeded``; None while it has not. (Go: ``ctx.Err()``)"""
        return error_of(self)

    def cause(self):
        """The exception it was cancelled for, or ``err()`` if none was given; None while it has not ended."""
        return cause_of(self)

    def value(self, key):
        """What ``with_value`` has set for ``key``, the nearest one; None if nothing. (Go: ``ctx.Value(key)``)"""
        return value_in(self, key)

    def deadline(self):
        """When it ends at the latest, in seconds on the clock of ``time.monotonic()``; None: no deadline. (Go: ``ctx.Deadline()``)"""
        return deadline_of_context(self)


cdef ContextNode *node_of(PyObject *ctx) noexcept:
    return &(<CancelContext>ctx).node


collect_contexts(<PyTypeObject *>CancelContext, node_of)


cdef inline CancelContext origin_of(CancelContext ctx):
    """Where the end of ``ctx``, which has ended, began."""
    return <CancelContext>ctx.node.origin.owner


cdef bint context_has_ended(CancelContext ctx) noexcept:
    """A deadline that has passed counts at once, even if whoever asks computes and keeps the timers from firing."""
    if ctx.node.has_ended():
        return True
    if ctx.due == forever or now_ns() < ctx.due:
        return False
    if ctx.expirer is not None:
        expire(ctx.expirer)
    elif ctx.timer.when != 0:
        expire(ctx)
    return ctx.node.has_ended()


cdef RecvChan done_view_of(CancelContext ctx):
    cdef RecvChan view
    context_has_ended(ctx)
    if ctx.due != forever and this_worker() == NULL:
        ensure_background()  # somebody has to fire it
    ctx.node.lock.lock()
    view = ctx.done_view
    ctx.node.lock.unlock()
    if view is None:
        view = set_done(ctx, receive_view(Chan.__new__(Chan)))
    return view


cdef RecvChan set_done(CancelContext ctx, RecvChan view):
    """Another thread may have been first: then its channel it is."""
    ctx.node.lock.lock()
    if ctx.done_view is None:
        ctx.done_view = view
        ctx.node.done = view.chan.ch
        view.chan.ch.closed = ctx.node.ended.load()  # nobody else has the channel yet
    view = ctx.done_view
    ctx.node.lock.unlock()
    return view


cdef object shared_error(CancelContext origin):
    """The one error that err() gives of all that ended with ``origin``."""
    cdef object error
    origin.node.lock.lock()
    error = origin.error
    origin.node.lock.unlock()
    return set_error(origin, new_error(origin)) if error is None else error


cdef object set_error(CancelContext origin, object error):
    """Another thread may have been first: then its error it is."""
    origin.node.lock.lock()
    if origin.error is None:
        origin.error = error
    error = origin.error
    origin.node.lock.unlock()
    return error


cdef object new_error(CancelContext origin):
    if origin.how == END_FOREIGN:
        return origin.error
    return Canceled("context canceled") if origin.how == END_CANCELED else DeadlineExceeded("context deadline exceeded")


# ---- ending ----

cdef bint end_context(CancelContext ctx, End how, object error, object cause) noexcept:
    """Ends it and all below it, and wakes whoever waits for that. False: it had ended."""
    cdef WakeList wakes
    ctx.node.lock.lock()
    if ctx.node.ended.load():
        ctx.node.lock.unlock()
        return False
    if not ctx.node.linked:
        Py_INCREF(ctx)  # let_go_of_ended drops the tree's reference, which it then does not have
    ctx.how = how
    ctx.error = error
    ctx.said_cause = cause
    ctx.node.end(wakes)
    ctx.node.lock.unlock()
    make_all_ready(this_worker(), wakes)
    let_go_of_ended(&ctx.node)
    return True


cdef void let_go_of_ended(ContextNode *node) noexcept:
    """The rest of what there is to do for each node that has ended. Any Python code may run here."""
    cdef ContextNode *following
    while node != NULL:
        following = node.next
        owner = taken(node.owner)  # the tree's reference
        if type(owner) is CancelContext:
            if sched.disarm(&(<CancelContext>owner).timer):
                Py_DECREF(owner)  # the heap's
            stop_watching(<CancelContext>owner)
        else:
            start_done_func(<DoneFunc>owner)
        node = following


cdef void expire(CancelContext ctx) noexcept:
    end_context(ctx, END_EXPIRED, None, ctx.timer_cause)


cdef void fire_context(CancelContext ctx) noexcept:
    """Its timer has fired."""
    expire(ctx)
    Py_DECREF(ctx)  # the heap's


# ---- making ----

cpdef int check_context(str name, object ctx) except -1:
    """Refuses what is no context. For goconc's own modules too."""
    if type(ctx) is CancelContext or type(ctx) is PassiveContext:
        return 0
    if ctx is None:
        raise TypeError(f"{name} must be a context, not None: cannot create context from nil parent")
    if not callable(getattr(ctx, "done", None)) or not callable(getattr(ctx, "err", None)):
        raise TypeError(f"{name} must be a goconc context, not {type(ctx).__name__}")
    return 0


cdef int check_cause(object cause) except -1:
    if cause is not None and not isinstance(cause, BaseException):
        raise TypeError(f"cause must be an exception, not {type(cause).__name__}")
    return 0


cdef CancelContext new_context(object parent, int64_t due=forever, object due_time=None, object cause=None):
    """A child of ``parent`` that ends with it and when ``due``. It may have ended already."""
    cdef CancelContext ctx = CancelContext.__new__(CancelContext)
    cdef object end
    check_context("parent", parent)
    check_cause(cause)
    if due != forever and this_worker() == NULL:
        ensure_background()  # somebody has to fire it
    ctx.parent = parent
    end = end_of(parent)
    inherit_deadline(ctx, end)
    if due != forever and due <= ctx.due:
        ctx.timer.when = ctx.due = max(due, 1)
        ctx.due_time = due_time
        ctx.expirer = None
        ctx.timer_cause = cause
    if type(end) is CancelContext:
        hang_below(ctx, <CancelContext>end)
    elif end is not None:
        follow_foreign(ctx, end)
    if ctx.timer.when != 0 and not context_has_ended(ctx):
        arm_context(ctx)
    return ctx


cdef int inherit_deadline(CancelContext ctx, object end) except -1:
    cdef CancelContext above
    if type(end) is CancelContext:
        above = <CancelContext>end
        ctx.due = above.due
        ctx.due_time = above.due_time
        ctx.expirer = above if above.timer.when != 0 else above.expirer
    elif end is not None:
        due_time = deadline_of_context(end)
        if due_time is not None:
            ctx.due = nanoseconds(due_time, "the parent's deadline")
            ctx.due_time = due_time
    return 0


cdef inline void hang_below(CancelContext ctx, CancelContext above) noexcept:
    ctx.above = above
    Py_INCREF(ctx)  # the tree's
    if not ctx.node.link(&above.node):
        Py_DECREF(ctx)


cdef int arm_context(CancelContext ctx) except -1:
    cdef cppbool ok = True
    Py_INCREF(ctx)  # the heap's
    sched.rearm(this_worker(), &ctx.timer, ctx.timer.when, &ok)
    if not ok:
        Py_DECREF(ctx)
        end_context(ctx, END_CANCELED, None, None)
        raise MemoryError("no memory for a timer")
    # Whoever ends it disarms the timer, and may have done so just before it was armed.
    if ctx.node.ended.load() and sched.disarm(&ctx.timer):
        Py_DECREF(ctx)
    return 0


cdef object new_cancelable(CancelContext ctx, type kind):
    cdef object cancel
    if kind is CancelFunc:
        cancel = CancelFunc.__new__(CancelFunc)
        (<CancelFunc>cancel).ctx = ctx
    else:
        cancel = CancelCauseFunc.__new__(CancelCauseFunc)
        (<CancelCauseFunc>cancel).ctx = ctx
    return new_pair(pair_type, <PyObject *>owned(ctx), <PyObject *>owned(cancel))


@cython.final
cdef class CancelFunc:
    """``cancel()`` ends the context it was made with. Not the first time: nothing happens. (Go: ``context.CancelFunc``)"""
    cdef CancelContext ctx

    def __call__(self) -> None:
        end_context(self.ctx, END_CANCELED, None, None)


@cython.final
cdef class CancelCauseFunc:
    """``cancel(cause)`` ends the context it was made with; ``context.cause(ctx)`` is then ``cause``. (Go: ``context.CancelCauseFunc``)"""
    cdef CancelContext ctx

    def __call__(self, cause=None, /) -> None:
        check_cause(cause)
        end_context(self.ctx, END_CANCELED, None, cause)


class Cancelable(tuple):
    """A new context and the function that cancels it: ``ctx, cancel = with_cancel(parent)``, or ``with with_cancel(parent) as ctx:``.

    Leaving the block cancels the context. If an exception leaves a block of ``with_cancel_cause``, that is the cause.
    """

    __slots__ = ()
    __class_getitem__ = classmethod(_GenericAlias)

    def __init__(self, *args, **kwargs):
        raise TypeError("made by goconc.context.with_cancel() and its like")

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a context")

    def __enter__(self):
        return self[0]

    def __exit__(self, kind, error, traceback):
        cause = error if type(self[1]) is CancelCauseFunc else None
        end_context(<CancelContext?>self[0], END_CANCELED, None, cause)


Cancelable.__module__ = "goconc.context"
cdef PyTypeObject *pair_type = <PyTypeObject *>Cancelable


def with_cancel(parent):
    """A context that ends when it is cancelled, or with ``parent``. (Go: ``context.WithCancel``)

    Returns ``(ctx, cancel)``, to be unpacked or used by ``with``.
    """
    return new_cancelable(new_context(parent), CancelFunc)


def with_cancel_cause(parent):
    """As ``with_cancel``; ``cancel(cause)`` says why. (Go: ``context.WithCancelCause``)"""
    return new_cancelable(new_context(parent), CancelCauseFunc)


def with_deadline(parent, when):
    """As ``with_cancel``, and it ends at ``when`` at the latest, with ``DeadlineExceeded``. (Go: ``context.WithDeadline``)

    ``when`` is in seconds on the clock of ``time.monotonic()``. If the parent's deadline is earlier, that one stays.
    """
    return with_deadline_cause(parent, when, None)


def with_deadline_cause(parent, when, cause):
    """As ``with_deadline``; ``cause`` is the cause if the deadline passes. (Go: ``context.WithDeadlineCause``)"""
    cdef int64_t due = nanoseconds(when, "when")
    return new_cancelable(new_context(parent, due, when if due != forever else None, cause), CancelFunc)


def with_timeout(parent, seconds):
    """As ``with_cancel``, and it ends after ``seconds`` at the latest, with ``DeadlineExceeded``. (Go: ``context.WithTimeout``)"""
    return with_timeout_cause(parent, seconds, None)


def with_timeout_cause(parent, seconds, cause):
    """As ``with_timeout``; ``cause`` is the cause if the time runs out. (Go: ``context.WithTimeoutCause``)"""
    cdef int64_t delay = nanoseconds(seconds, "seconds")
    return new_cancelable(new_context(parent, deadline_after(now_ns(), delay), None, cause), CancelFunc)


# ---- contexts that do not end by themselves ----

@cython.final
@cython.trashcan(True)
@cython.no_gc_clear  # see _cpython/context_tree.hpp
cdef class PassiveContext:
    """A context that adds no end of its own: ``background()``, ``with_value``, ``without_cancel``."""

    def __reduce__(self):
        raise TypeError("cannot pickle or copy a context")

    def __repr__(self):
        return f"<{words_of_context(self)}>"

    def __str__(self):
        return words_of_context(self)

    def done(self):
        """A channel that is closed when the context ends; never ready if it cannot end. (Go: ``ctx.Done()``)"""
        done = done_channel(self)
        return never if done is None else done

    def err(self):
        """Why it has ended, a ``Canceled`` or a ``DeadlineExceeded``; None while it has not. (Go: ``ctx.Err()``)"""
        return error_of(self)

    def cause(self):
        """The exception it was cancelled for, or ``err()`` if none was given; None while it has not ended."""
        return cause_of(self)

    def value(self, key):
        """What ``with_value`` has set for ``key``, the nearest one; None if nothing. (Go: ``ctx.Value(key)``)"""
        return value_in(self, key)

    def deadline(self):
        """When it ends at the latest, in seconds on the clock of ``time.monotonic()``; None: no deadline. (Go: ``ctx.Deadline()``)"""
        return deadline_of_context(self)


cdef PassiveContext new_passive(object parent, object end, str label):
    cdef PassiveContext ctx = PassiveContext.__new__(PassiveContext)
    ctx.parent = parent
    ctx.end = end
    ctx.label = label
    return ctx


cdef PassiveContext the_background = new_passive(None, None, "context.background")
cdef PassiveContext the_todo = new_passive(None, None, "context.todo")


def context_background():
    """The root of all contexts: it never ends, has no deadline and no values. (Go: ``context.Background``)"""
    return the_background


def context_todo():
    """As ``background()``, for where it is not yet clear which context to use. (Go: ``context.TODO``)"""
    return the_todo


def with_value(parent, key, value):
    """A context in which ``value(key)`` gives ``value``; all else is as in ``parent``. (Go: ``context.WithValue``)

    ``key`` is anything hashable but None; keys are found by equality. For what belongs to a request and crosses many functions, not for
    optional arguments. A key of a class of your own meets nobody else's.
    """
    check_context("parent", parent)
    if key is None:
        raise TypeError("key must not be None")
    hash(key)
    cdef PassiveContext ctx = new_passive(parent, end_of(parent), f"with_value({shown(key)}, {shown(value)})")
    ctx.key = key
    ctx.held = value
    return ctx


def without_cancel(parent):
    """A context with the values of ``parent`` that does not end with it, and has no deadline. (Go: ``context.WithoutCancel``)"""
    check_context("parent", parent)
    return new_passive(parent, None, "without_cancel")


def context_cause(ctx):
    """Why ``ctx`` has ended: the exception it, or what it ended with, was cancelled for; else ``ctx.err()``. (Go: ``context.Cause``)"""
    check_context("ctx", ctx)
    return cause_of(ctx)


# ---- after_func ----

@cython.final
@cython.trashcan(True)
@cython.no_gc_clear
cdef class DoneFunc:
    """Takes an ``after_func`` back when it is called: True if that has prevented the call of its function."""
    cdef object __weakref__
    cdef ContextNode node
    cdef CancelContext above
    cdef object fn
    cdef Scope scope
    cdef bint watches  # `above` was made for it alone

    def __reduce__(self):
        raise TypeError("cannot pickle or copy an after_func")

    def __call__(self) -> bool:
        if not self.node.detach():
            return False
        if self.above is not None:
            Py_DECREF(self)  # the tree's
        if self.watches:
            end_context(self.above, END_CANCELED, None, None)
        return True


def context_after_func(ctx, fn, /):
    """Calls ``fn()`` in a goroutine of its own once ``ctx`` has ended, at once if it has. (Go: ``context.AfterFunc``)

    Returns ``stop``: ``stop()`` is True if it has prevented the call; it does not wait for one that was started.
    """
    cdef DoneFunc func
    cdef object end
    check_context("ctx", ctx)
    check_after_func(fn)
    func = DoneFunc.__new__(DoneFunc)
    func.node.owner = <void *>func
    func.fn = fn
    func.scope = scope_for_new()
    end = end_of(ctx)
    if end is None:
        return func
    func.watches = type(end) is not CancelContext
    func.above = new_context(end) if func.watches else <CancelContext>end
    context_has_ended(func.above)
    Py_INCREF(func)  # the tree's
    if not func.node.link(&func.above.node):
        Py_DECREF(func)
        start_done_func(func)
    return func


cdef void start_done_func(DoneFunc func) noexcept:
    try:
        if not func.scope.ending:
            start_in(new_goroutine(func.fn, (), None), func.scope, this_worker())
    except BaseException as error:
        report_exception(error, None)


# ---- foreign parents ----

cdef CancelContext ours_behind(object foreign):
    """The context of ours that ``foreign`` asks for values it has not got itself; None if there is none."""
    value = getattr(foreign, "value", None)
    found = None if value is None else value(nearest_end)
    return <CancelContext>found if type(found) is CancelContext else None


cdef object foreign_cause(object foreign, object error):
    """Its cause if there is one besides its error."""
    cdef object cause = cause_of(foreign)
    if cause is error:
        ask = getattr(foreign, "cause", None)
        cause = ask() if callable(ask) else None
    return cause if isinstance(cause, BaseException) and cause is not error else None


cdef int follow_foreign(CancelContext ctx, object parent) except -1:
    """Makes ``ctx`` end when ``parent`` does."""
    cdef CancelContext above
    done = foreign_done(parent)
    if done is None or done == never:
        return 0
    if foreign_error(parent) is not None:
        end_with_foreign(ctx, parent)
        return 0
    above = ours_behind(parent)
    if above is not None and done_view_of(above) == done:
        hang_below(ctx, above)  # it wraps one of ours, and ends with it
        return 0
    after = getattr(parent, "after_func", None)
    if after is None:
        go(_watch, ctx, parent, done)
        return 0
    ctx.unwatch = after(_partial(_end_with_foreign, ctx, parent))
    if ctx.node.has_ended():
        stop_watching(ctx)
    return 0


def _watch(CancelContext ctx not None, parent, done):
    """The goroutine that ends ``ctx`` with a parent that cannot do it itself."""
    if select(done, done_view_of(ctx))[0] == 0:
        end_with_foreign(ctx, parent)


def _end_with_foreign(CancelContext ctx not None, parent):
    end_with_foreign(ctx, parent)


cdef int end_with_foreign(CancelContext ctx, object parent) except -1:
    error, cause = foreign_end(parent)
    end_context(ctx, END_FOREIGN, error, cause)
    return 0


cdef tuple foreign_end(object parent):
    """The error and the cause of one that has ended."""
    try:
        error = foreign_error(parent)
    except TypeError as wrong:
        return wrong, None  # what it says is no error: whoever waits is told so
    if error is None:
        error = Canceled("context canceled")
    return error, foreign_cause(parent, error)


cdef void stop_watching(CancelContext ctx) noexcept:
    with cython.critical_section(ctx):
        unwatch = ctx.unwatch
        ctx.unwatch = None
    if unwatch is not None:
        try:
            unwatch()
        except BaseException as error:
            report_exception(error, None)
