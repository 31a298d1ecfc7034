# select, and the `ctx=` of other calls, which is a select with the context's done channel.


from cpython.long cimport PyLong_FromLong

cdef extern from "Python.h":
    PyTypeObject *Py_TYPE(PyObject *) noexcept
    PyObject *PyTuple_GET_ITEM(tuple, Py_ssize_t) noexcept

selected_setup()
Selected = <object>&selected_type


cdef inline object new_selected(long index, object value, bint ok, object chan):
    return make_selected(<PyObject *>owned(PyLong_FromLong(index)), <PyObject *>owned(value),
                         <PyObject *>owned(True if ok else False), <PyObject *>owned(chan))


cdef int fill_room(SelectRoom *room, tuple cases) except -1:
    """Checks every case before any is entered. Send cases then own a reference to their value."""
    cdef Py_ssize_t n = PyTuple_GET_SIZE(cases), i
    if n > 65536:
        raise ValueError(f"too many cases: {n}, at most 65536")
    if not room.prepare(<uint32_t>n):
        raise MemoryError("no memory for the cases of a select")
    for i in range(n):
        if not fill_case(&room.cases[i], PyTuple_GET_ITEM(cases, i)):
            empty_room(room, -1)
            refuse_case(i, cases[i])
    return 0


cdef inline bint fill_case(SelectCase *c, PyObject *case) noexcept:
    """False if it is no case."""
    cdef PyTypeObject *kind = Py_TYPE(case)
    cdef PyObject *chan = case
    if kind == <PyTypeObject *>tuple:
        if PyTuple_GET_SIZE(<tuple>case) != 2:
            return False
        chan = PyTuple_GET_ITEM(<tuple>case, 0)
        kind = Py_TYPE(chan)
        if kind == <PyTypeObject *>SendChan:
            chan = <PyObject *>(<SendChan>chan).chan
        elif kind != <PyTypeObject *>Chan:
            return chan == Py_None
        if (<Chan>chan).timer != NULL:
            return False
        c.sends = True
        c.waiter.value = owned(<object>PyTuple_GET_ITEM(<tuple>case, 1))
    else:
        if kind == <PyTypeObject *>RecvChan:
            chan = <PyObject *>(<RecvChan>chan).chan
        elif kind != <PyTypeObject *>Chan:
            return chan == Py_None
        if (<Chan>chan).timer != NULL:
            if chan == <PyObject *>never_chan:
                return True
            c.timer = (<Chan>chan).timer
    c.channel = (<Chan>chan).ch
    return True


cdef int refuse_case(Py_ssize_t i, object case) except -1:
    wanted = f"case {i} must be a channel, (channel, value) or None"
    if type(case) is not tuple:
        if type(case) is SendChan:
            raise TypeError(f"case {i} receives from a send-only channel")
        raise TypeError(f"{wanted}, not {type(case).__name__}")
    if len(case) != 2:
        raise TypeError(f"{wanted}, not a tuple of {len(case)}")
    chan = channel_of(case[0])
    if chan is None:
        raise TypeError(f"{wanted}, not ({type(case[0]).__name__}, value)")
    if type(case[0]) is RecvChan and (<Chan>chan).timer == NULL:
        raise TypeError(f"case {i} sends on a receive-only channel")
    raise TypeError(f"case {i} sends on a timer's channel")


cdef void empty_room(SelectRoom *room, int64_t sent) noexcept:
    """Drops the values that were not sent, and the room."""
    cdef uint32_t i
    for i in range(room.count):
        if room.cases[i].sends and i != sent:
            drop(room.cases[i].waiter.value)
    room.clear()


cdef bint watches_timer(SelectRoom *room) noexcept:
    cdef uint32_t i
    for i in range(room.count):
        if room.cases[i].timer != NULL:
            return True
    return False


cdef bint none_ever_ready(SelectRoom *room) noexcept:
    cdef uint32_t i
    for i in range(room.count):
        if room.cases[i].channel != NULL:
            return False
    return True


cdef object selected(SelectRoom *room, tuple cases, uint32_t chosen, bint ok):
    """The result of the case that happened; empties the room."""
    cdef SelectCase *c = &room.cases[chosen]
    case = cases[chosen]
    value = None
    if c.sends:
        if not ok:
            empty_room(room, -1)
            raise ChannelClosed("send on closed channel")
        case = (<tuple>case)[0]
        empty_room(room, chosen)
        return new_selected(chosen, None, True, case)
    if ok:
        value = received(channel_of(case), c.waiter.value)
    empty_room(room, -1)
    return new_selected(chosen, value, ok, case)


cdef object select_until(Worker *w, ThreadSleeper *thread, Dice &dice, tuple cases, bint default, int64_t deadline):
    cdef SelectRoom here
    cdef SelectRoom *room
    if w == NULL or engine == Engine.native:
        return select_in(&here, w, thread, dice, cases, default, deadline)
    # Others unlink and claim what stands in the room while this stack may be gone (after a fork), or another one in its place.
    room = new_room()
    if room == NULL:
        raise MemoryError("no memory for a select")
    try:
        return select_in(room, w, thread, dice, cases, default, deadline)
    finally:
        delete_room(room)


cdef object select_in(SelectRoom *room, Worker *w, ThreadSleeper *thread, Dice &dice, tuple cases, bint default, int64_t deadline):
    cdef Sleeper *sleeper = <Sleeper *>thread if w == NULL else <Sleeper *>w.current
    cdef Sleeper *wake
    cdef uint32_t chosen = 0
    cdef cppbool look_again
    cdef Outcome outcome
    cdef Op op
    fill_room(room, cases)
    if w == NULL and watches_timer(room):
        ensure_background()
    while True:
        wake = NULL
        look_again = False
        op = room.enter(<Sleeper *>NULL if default else sleeper, dice, chosen, wake, look_again)
        if wake != NULL:
            make_ready(this_worker(), wake)
        if op == Op.done or op == Op.closed:
            return selected(room, cases, chosen, op == Op.done)
        if op == Op.no_memory:
            empty_room(room, -1)
            raise MemoryError("no memory for the channel's buffer")
        if op == Op.would_block:
            empty_room(room, -1)
            return new_selected(-1, None, False, None)
        if look_again:
            sched.wake_keeper(this_worker())
        outcome = Outcome.canceled
        try:
            outcome = wait_in_select(w, thread, room, deadline)
        except BaseException:
            room.leave()
            empty_room(room, -1)
            raise
        room.leave()
        if outcome == Outcome.handed:
            return selected(room, cases, sleeper.winner.index, sleeper.winner.ok)
        if outcome == Outcome.timed_out:
            empty_room(room, -1)
            raise TimeoutError("select timed out")


cdef Outcome wait_in_select(Worker *w, ThreadSleeper *thread, SelectRoom *room, int64_t deadline) except *:
    cdef WaitReason reason = WaitReason.select
    if none_ever_ready(room):
        reason = WaitReason.select_no_cases
    if thread != NULL:
        thread.room = room
    return wait_here(w, thread, reason, deadline)


cdef object select_in_thread(tuple cases, bint default, int64_t deadline):
    cdef ThreadSleeper thread
    cdef Dice dice
    dice.seed(<uint64_t>now_ns() ^ <uint64_t><size_t>&thread)
    return select_until(NULL, &thread, dice, cases, default, deadline)


def select(*cases, default=False, timeout=None, ctx=None):
    """Does exactly one of several sends and receives; waits until one can be done. (Go: ``select``)

    A case is a channel (receive), ``(channel, value)`` (send) or None (never ready). Of several that are ready one is chosen at random.
    Returns ``Selected(index, value, ok)``. With ``default=True`` and nothing ready: index -1 at once. ``timeout`` in seconds raises
    ``TimeoutError``, ``ctx`` its ``err()``. A chosen send on a closed channel raises ``ChannelClosed``.
    """
    cdef Worker *w = blocking_caller("aselect()")
    cdef int64_t deadline = forever if timeout is None else deadline_of(timeout)
    if ctx is not None:
        return select_with_context(w, cases, default, deadline, ctx)
    if w != NULL:
        return select_until(w, NULL, w.dice, cases, default, deadline)
    return select_in_thread(cases, default, deadline)


cdef object done_of(object ctx):
    """The done channel of a context, or None if it never ends; raises its error if it has ended already."""
    check_context("ctx", ctx)
    if error_of(ctx) is not None:
        raise_error_of(ctx)
    return done_channel(ctx)


cdef object select_with_context(Worker *w, tuple cases, bint default, int64_t deadline, object ctx):
    cdef tuple all_cases = cases + (done_of(ctx),)
    if w != NULL:
        s = select_until(w, NULL, w.dice, all_cases, default, deadline)
    else:
        s = select_in_thread(all_cases, default, deadline)
    if s[0] == len(cases):
        raise_error_of(ctx)
    return s


cdef object with_context(Worker *w, Chan chan, bint sends, object value, int64_t deadline, object ctx):
    cdef tuple cases = ((chan, value),) if sends else (chan,)
    return select_with_context(w, cases, False, deadline, ctx)


cdef object receive_with_context(Worker *w, Chan chan, Wants wants, int64_t deadline, object ctx):
    s = with_context(w, chan, False, None, deadline, ctx)
    if wants == Wants.recv_ok:
        return s[1], s[2]
    if not s[2]:
        raise ChannelClosed("receive from closed channel")
    return s[1]
