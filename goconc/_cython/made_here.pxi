# Classes whose instances goconc alone makes: calling one, or its __new__, says where to get them instead. (Here they are made by their C
# functions, which this leaves alone. An instance that nobody has filled would point nowhere.)

cdef dict where_made = {
    Goroutine: "goroutines are started with goconc.go()",
    SendChan: "a SendChan is the .sender of a Chan",
    RecvChan: "a RecvChan is the .receiver of a Chan",
    AfterFunc: "made by goconc.after_func()",
    RLocker: "made by RWMutex.rlocker()",
    Ready: "made by what needs no waiting in an `async with`",
    Await: "made by the awaitable twins of blocking calls",
    CancelContext: "contexts are made by goconc.context.with_cancel() and its like",
    PassiveContext: "contexts are made by goconc.context.background() and its like",
    CancelFunc: "made by goconc.context.with_cancel() and its like",
    CancelCauseFunc: "made by goconc.context.with_cancel_cause()",
    DoneFunc: "made by goconc.context.after_func()",
    TokenWait: "made by goconc.semaphore.Weighted",
    Scope: "made by goconc.run()",
    _AsyncGenerators: "made for the async generators of a scope",
    _LoopBell: "made for an event loop",
}


cdef PyObject *refuse_new(PyTypeObject *cls, PyObject *args, PyObject *kwargs) except NULL:
    raise TypeError(where_made[<object>cls])


for _made in where_made:
    make_by(<PyTypeObject *>_made, refuse_new)
del _made
