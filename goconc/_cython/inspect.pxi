# Looking inside: stacks and the dump. Costs nothing until it is asked for.

import traceback as _traceback
from types import CoroutineType as _CoroutineType


cdef list stack_of(Goroutine go):
    """Its frames, outermost first, as FrameSummary. Of another thread's running goroutine: what that thread does now."""
    cdef Worker *w = this_worker()
    cdef PyObject *found
    frame = None
    if go.g.state.is_done() or not go.g.started:
        return []
    if w != NULL and (w.current == &go.g or go.g.fiber == w.fiber):  # a worker looks for work on the stack of whoever parked last
        frame = _sys._getframe()
    elif go.g.fiber != NULL and w != NULL and go.g.home == w:
        found = fiber_frame(<PyThreadState *>w.thread_state, go.g.fiber)
        if found != NULL:
            frame = taken(found)
    elif go.coro is not None:
        return coroutine_stack(go.coro)
    if frame is None:
        return []
    return list(_traceback.extract_stack(frame))


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
