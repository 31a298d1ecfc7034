# Looking inside: stacks, records and the dump. Costs nothing until it is asked for, but for the load and the store of `since`.
#
# A *look* at a goroutine is (state, what it waits on or "", since when, the channel in whose line it stands or None, its calls as frames
# with lines, outermost first), all of one moment. With a GIL no other thread runs meanwhile; without one the world is stopped
# (stopped_world.hpp).

import traceback as _traceback
from types import CoroutineType as _CoroutineType

cdef int64_t MINUTE = 60_000_000_000


cdef list looks_at(list goes):
    cdef Goroutine go
    if FREE_THREADED:
        return looks_at_stopped(goes)
    return [look_at(go) for go in goes]


# ---- with a GIL ----

cdef tuple look_at(Goroutine go):
    cdef G *g = &go.g
    cdef bint parked = g.state.is_parked()
    cdef const char *state = g.state.name()
    cdef const char *reason = words(g.reason if parked else WaitReason.none)
    cdef int64_t since = g.since.load()
    cdef PyObject *channel = channel_waited_on(g) if parked else NULL
    held = None if channel == NULL else <object>channel
    return state.decode(), reason.decode(), since, held, frames_of(go)


cdef list frames_of(Goroutine go):
    cdef G *g = &go.g
    cdef Worker *w
    if g.state.is_done() or not g.started:
        return []
    w = sched.worker_on_stack_of(g)
    if w != NULL:
        return calls_to(go, innermost_frame() if w == this_worker() else _sys._current_frames().get(w.thread))
    if g.fiber == NULL:
        return calls_in(go.coro)
    return calls_to(go, frame_on(g.fiber))


cdef list calls_to(Goroutine go, object frame):
    """The calls that led to a frame, down to the call of run()."""
    cdef object base = None if go.scope is None else base_of(go.scope)
    calls = []
    while frame is not None and frame is not base:
        calls.append((frame, frame.f_lineno))
        frame = frame.f_back
    calls.reverse()
    return calls


cdef list calls_in(object coro):
    """Of a suspended coroutine, through what it awaits."""
    calls = []
    while type(coro) is _CoroutineType and coro.cr_frame is not None:
        calls.append((coro.cr_frame, coro.cr_frame.f_lineno))
        coro = coro.cr_await
    return calls


cdef object base_of(Scope scope):
    with cython.critical_section(scope):
        base = scope.base
    return base


cdef extern from "Python.h":
    PyObject *PyEval_GetFrame "(PyObject *)PyEval_GetFrame"() noexcept


cdef object innermost_frame():
    cdef PyObject *frame = PyEval_GetFrame()
    return None if frame == NULL else <object>frame


# ---- without one ----

@cython.final
cdef class _SeenFrame:
    """What traceback asks of a frame, of one that may be gone by now."""
    cdef readonly object f_code
    cdef readonly object f_globals


cdef list looks_at_stopped(list goes):
    cdef Insides insides
    insides.coroutine = coroutine_of
    insides.channel = channel_waited_on
    insides.base = base_frame_of
    cdef StoppedWorld *world = new StoppedWorld(sched, insides)
    cdef Goroutine go
    cdef list found
    try:
        for go in goes:
            world.expect(&go.g)
        found = taken(world.stop_and_look())
    finally:
        del world
    return [(state, reason, since, channel, [seen_call(code, names, lasti) for code, names, lasti in calls])
            for state, reason, since, channel, calls in found]


cdef tuple seen_call(object code, object names, int lasti):
    cdef _SeenFrame frame = _SeenFrame.__new__(_SeenFrame)
    frame.f_code = code
    frame.f_globals = names
    return frame, line_of(<PyObject *>code, lasti)


cdef PyObject *coroutine_of(G *g) noexcept:
    return <PyObject *>(<Goroutine>g.object).coro


cdef PyObject *base_frame_of(G *g) noexcept:
    cdef PyObject *scope = <PyObject *>(<Goroutine>g.object).scope
    if scope == Py_None:
        return NULL
    return <PyObject *>(<Scope>scope).base


# ---- both ----

cdef PyObject *channel_waited_on(G *g) noexcept:
    """The channel in whose line it stands, borrowed. It is parked and stays so: its frames hold the channel."""
    cdef WaitLine *line = g.waiter.line
    cdef Channel *ch
    if line == NULL:
        return NULL
    if g.reason == WaitReason.chan_send:
        ch = <Channel *>(<char *>line - senders_offset)
    elif g.reason == WaitReason.chan_receive:
        ch = <Channel *>(<char *>line - receivers_offset)
    else:
        return NULL
    if ch.lock == &sched.deadlines.lock:
        return NULL  # a timer's: it lies outside of its Chan
    return <PyObject *>(<char *>ch - own_offset)


cdef Chan _measured = Chan()
cdef Py_ssize_t own_offset = <char *>&_measured.own - <char *><PyObject *>_measured
cdef Py_ssize_t senders_offset = <char *>&_measured.own.senders - <char *>&_measured.own
cdef Py_ssize_t receivers_offset = <char *>&_measured.own.receivers - <char *>&_measured.own


cdef list stack_of(Goroutine go):
    """Its frames, outermost first, as FrameSummary. A snapshot: it may run on meanwhile."""
    return list(_traceback.StackSummary.extract(looks_at([go])[0][4]))


cdef list snapshots(list goes):
    """(goroutine, state, wait reason or None, for how many ns or None, channel or None, stack) of each that is unfinished."""
    found = []
    for go, (state, reason, since, channel, calls) in zip(goes, looks_at(goes)):
        if state == "done":
            continue
        ns = max(0, now_ns() - since) if reason else None
        found.append((go, state, reason or None, ns, channel, list(_traceback.StackSummary.extract(calls))))
    return found


cdef list everybody():
    """Every unfinished goroutine."""
    cdef Scope scope
    goes = []
    for scope in [background, *active_scopes]:
        goes.extend(goroutines_of(scope))
    return goes


def who_is(Goroutine go not None) -> str:
    """Its number, name and where it was created. For goconc's own modules."""
    return go.describe()


cdef str text_of(Goroutine go, str state, object reason, object ns, list stack):
    at = go.created_at()
    label = label_of(go)
    name = "" if label is None else f" {label}"
    status = reason or state
    if ns is not None and ns >= MINUTE:
        status += f", {ns // MINUTE} minutes"
    if go.g.locks:
        status += ", locked to thread"
    lines = [f"goroutine {go.id}{name} [{status}]:\n"]
    lines.extend(_traceback.format_list(stack))
    if at:
        lines.append(f'created by {at[2]}\n  File "{at[0]}", line {at[1]}\n')
    return "".join(lines)


cdef str texts_of(list goes):
    return "\n".join([text_of(go, state, reason, ns, stack) for go, state, reason, ns, channel, stack in snapshots(goes)])


cdef str dump_text():
    """Every unfinished goroutine: what it waits on and for how long, where it stands, where it was started."""
    return texts_of(everybody())


def dump() -> str:
    """For ``goconc.debug``."""
    return dump_text()


def records(make) -> list:
    """For ``goconc.debug``: what ``make`` makes of each unfinished goroutine."""
    cdef Goroutine go
    found = []
    for go, state, reason, ns, channel, stack in snapshots(everybody()):
        kind = "async" if go.g.kind == SleeperKind.coroutine else "plain"
        since = None if ns is None else ns / 1e9
        found.append(make(go.created_at(), go.id, go.name, kind, state, reason, channel, since, tuple(stack)))
    return found
