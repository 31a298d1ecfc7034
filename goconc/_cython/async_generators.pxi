# Async generators that are left before their end (PEP 525). Their clean-up may await, so a goroutine runs it, of the run() in which they
# were begun. When that ends, it does the same for those that are still suspended; as everywhere then, what the clean-up awaits raises
# GoroutineExit.
#
# CPython keeps the hooks in the thread state, and gives each generator the finalizer that is in place when it is begun. So a worker that
# resumes a coroutine puts in those of its scope, unless they are there already (`Worker.hooked`).

from goconc._hooks import close_async_generator as _close_async_generator


@cython.final
cdef class _AsyncGenerators:
    """The two hooks for a scope, and what was begun in it."""
    cdef Scope scope
    cdef object begun

    def begin(self, generator):
        self.begun.add(generator)

    def finalize(self, generator):
        if closing or not start_closing(self.scope, generator):
            close_at_once(generator)


cdef bint start_closing(Scope scope, object generator) except -1:
    """False: its run() is over."""
    cdef Goroutine closer = new_goroutine(_close_async_generator(generator), (), None)
    closer.label = f"aclose of {generator.__qualname__}"
    closer.starts_anyway = True
    if start_in(closer, scope, this_worker()):
        return True
    closer.coro.close()
    return False


cdef void close_at_once(object generator) noexcept:
    """As CPython does without hooks: there is nobody left to wait in its clean-up."""
    try:
        generator.aclose().send(None)
    except StopIteration:
        pass
    except BaseException as error:
        report_exception(error, None)


cdef bint start_closing_all(Scope scope) except -1:
    """The goroutines of a run() that ends have ended: what was begun in it and is suspended is closed now. False: there was nothing."""
    cdef _AsyncGenerators ours
    with cython.critical_section(scope):
        ours = scope.generators
    found = False
    for generator in [] if ours is None else list(ours.begun):
        ours.begun.discard(generator)
        if generator.ag_frame is not None and not generator.ag_running:
            found = start_closing(scope, generator) or found
    return found


cdef void hook_async_generators(Worker *w, Goroutine go) noexcept:
    """A coroutine of another scope than before is resumed here."""
    cdef Scope scope = go.scope
    cdef Scope own = None if w.scope == NULL else <Scope>w.scope
    cdef _AsyncGenerators ours = generators_of(scope)
    if own is not None and own.outer_hooks is None:
        own.outer_hooks = _sys.get_asyncgen_hooks()
    try:
        _sys.set_asyncgen_hooks(ours.begin, ours.finalize)
    except BaseException as error:
        report_exception(error, None)
    w.hooked = go.g.scope  # not used again for another scope meanwhile: the hooks keep it


cdef object generators_of(Scope scope):
    cdef _AsyncGenerators made
    with cython.critical_section(scope):
        made = scope.generators
    if made is None:
        made = _AsyncGenerators.__new__(_AsyncGenerators)
        made.scope = scope
        made.begun = _weakref.WeakSet()
        with cython.critical_section(scope):
            if scope.generators is None:
                scope.generators = made
            else:
                made = scope.generators
    return made


cdef int restore_async_hooks(Worker *w, Scope scope) except -1:
    """The thread is about to be a worker no more."""
    w.hooked = <void *>w
    hooks, scope.outer_hooks = scope.outer_hooks, None
    if hooks is not None and (engine == Engine.native or w.async_fiber == w.root_fiber):  # else they are of a thread that ends
        _sys.set_asyncgen_hooks(*hooks)
    return 0
