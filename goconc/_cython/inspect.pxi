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
        return summary(go, _sys._current_frames().get(thread))
    if g.fiber == NULL:
        return [] if go.coro is None else coroutine_stack(go.coro)
    if (w != NULL and g.home == w) or not FREE_THREADED or nobody_runs:
        found = fiber_frame(PyThreadState_Get(), g.fiber)
        return [] if found == NULL else summary(go, taken(found))
    return stack_asked_at_home(go)


cdef extern from "Python.h":
    PyObject *PyEval_GetFrame "(PyObject *)PyEval_GetFrame"() noexcept


cdef object innermost_frame():
    cdef PyObject *frame = PyEval_GetFrame()
    return None if frame == NULL else <object>frame


cdef list summary(Goroutine go, object frame):
    """Of a frame and those that called it, down to the call of run()."""
    cdef object base = None if go.scope is None else go.scope.base
    frames = []
    while frame is not None and frame is not base:
        frames.append((frame, frame.f_lineno))
        frame = frame.f_back
    frames.reverse()
    return list(_traceback.StackSummary.extract(frames))


cdef list stack_asked_at_home(Goroutine go):
    """Without a GIL only its own worker knows that it stays suspended: a goroutine that runs there looks."""
    cdef Goroutine asker = new_goroutine(_stack_of, (go,), None)
    asker.g.home = go.g.home
    scope_add(background, &asker.g, False)
    Py_INCREF(asker)
    sched.mail(asker.g.home, &asker.g)
    try:
        wait_for_end(plain_caller(), asker, now_ns() + <int64_t>STACK_PATIENCE)
    except TimeoutError:
        return []
    return asker.outcome()


def _stack_of(go):
    return stack_of(go)


cdef list coroutine_stack(object coro):
    """Of a suspended coroutine, through what it awaits."""
    frames = []
    while type(coro) is _CoroutineType and coro.cr_frame is not None:
        frames.extend(_traceback.extract_stack(coro.cr_frame, limit=1))
        coro = coro.cr_await
    return frames


cdef str describe_goroutine(Goroutine go):
    at = go.created_at()
    name = "" if go.label is None else f" {go.label}"
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
