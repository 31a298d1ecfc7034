# Looking inside: stacks and the dump. Costs nothing until it is asked for.

import traceback as _traceback
from types import CoroutineType as _CoroutineType

cdef bint nobody_runs = False   # while a deadlock is described: what is suspended stays so

cdef enum:
    STACK_PATIENCE = 1_000_000_000  # ns to wait for another worker's answer


cdef list stack_of(Goroutine go):
    """Its frames, outermost first, as FrameSummary. A snapshot: it may run on meanwhile."""
    cdef Worker *w = this_worker()
    cdef G *g = &go.g
    cdef PyObject *found
    cdef unsigned long thread
    if g.state.is_done() or not g.started:
        return []
    if w != NULL and (w.current == g or g.fiber != NULL and g.fiber == w.fiber):
        return summary(go, innermost_frame())  # a worker looks for work on the stack of whoever parked last
    thread = sched.thread_under(g)
    if thread != 0:
        frame = _sys._current_frames().get(thread)
        return summary(go, frame) if sched.thread_under(g) == thread else []  # without a GIL it may have gone on
    if g.kind == SleeperKind.coroutine and g.home == NULL:
        return coroutine_stack(go)
    if (w != NULL and g.home == w) or not FREE_THREADED or nobody_runs:
        found = <PyObject *>NULL if g.fiber == NULL else fiber_frame(PyThreadState_Get(), g.fiber)
        return [] if found == NULL else summary(go, taken(found))
    return stack_asked_at_home(go)


cdef extern from "Python.h":
    PyObject *PyEval_GetFrame "(PyObject *)PyEval_GetFrame"() noexcept


cdef object innermost_frame():
    cdef PyObject *frame = PyEval_GetFrame()
    return None if frame == NULL else <object>frame


cdef list summary(Goroutine go, object frame):
    """Of a frame and those that called it, down to the call of run()."""
    cdef object base = None if go.scope is None else base_of(go.scope)
    frames = []
    while frame is not None and frame is not base:
        frames.append((frame, frame.f_lineno))
        frame = frame.f_back
    frames.reverse()
    return list(_traceback.StackSummary.extract(frames))


cdef object base_of(Scope scope):
    with cython.critical_section(scope):
        base = scope.base
    return base


cdef list stack_asked_at_home(Goroutine go):
    """Without a GIL only its own worker knows that it stays suspended: a goroutine that runs there looks."""
    cdef Worker *w = plain_caller()
    cdef Goroutine asker
    if w == NULL and this_worker() != NULL:
        return []  # a coroutine, or a finalizer that the scheduler runs, cannot wait for the answer
    asker = new_goroutine(_stack_of, (go,), None)
    asker.g.home = go.g.home
    scope_add(background, &asker.g, False)
    Py_INCREF(asker)
    sched.mail(asker.g.home, &asker.g)
    try:
        wait_for_end(w, asker, now_ns() + <int64_t>STACK_PATIENCE)
    except TimeoutError:
        return []
    return asker.outcome()


def _stack_of(go):
    return stack_of(go)


cdef list coroutine_stack(Goroutine go):
    """Of a suspended coroutine, through what it awaits. Nobody resumes it while it is looked at."""
    cdef G *g = &go.g
    cdef bint borrowed = g.state.borrow()
    frames = []
    if FREE_THREADED and not borrowed:
        return []  # in a queue, or running again
    coro = go.coro
    while type(coro) is _CoroutineType and coro.cr_frame is not None:
        frames.append((coro.cr_frame, coro.cr_frame.f_lineno))
        coro = coro.cr_await
    if borrowed and not g.state.park():  # what it waits for has happened meanwhile
        g.state.give_way()
        sched.queue(holder(this_worker()), g)
    return list(_traceback.StackSummary.extract(frames))


def who_is(Goroutine go) -> str:
    """Its number, name and where it was created. For goconc's own modules."""
    return go.describe()


cdef str describe_goroutine(Goroutine go):
    at = go.created_at()
    label = label_of(go)
    name = "" if label is None else f" {label}"
    lines = [f"goroutine {go.id}{name} [{go.status()}]:\n"]
    lines.extend(_traceback.format_list(stack_of(go)))
    if at:
        lines.append(f'created at File "{at[0]}", line {at[1]}, in {at[2]}\n')
    return "".join(lines)


cdef str dump_text():
    """Every unfinished goroutine: what it waits on, where it stands, where it was started."""
    cdef Scope scope
    texts = []
    for scope in [background, *active_scopes]:
        for go in goroutines_of(scope):
            texts.append(describe_goroutine(go))
    return "\n".join(texts)


def dump() -> str:
    """A description of every goroutine: state, stack, where it was started. (Go: ``runtime.Stack`` of all)"""
    return dump_text()
