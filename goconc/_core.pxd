# Every class of the core: its fields and nothing else. Private: other packages build against goconc.h.
from goconc._runtime cimport *
from libc.stdint cimport int64_t, uint32_t, uint64_t
from cpython.object cimport PyObject
cimport cython


@cython.final
cdef class Scope:
    cdef object __weakref__
    cdef G *first              # its unfinished goroutines
    cdef uint64_t count        # of those, without main
    cdef uint64_t added        # how many were ever put in
    cdef bint closed           # none is put in any more
    cdef AttachedLock lock     # guards all of the above and `emptied`
    cdef WaitLine emptied      # run() waits here for the others to end
    # Other threads look at these too: under the scope's critical section, but for who wrote it, in its own thread.
    cdef Goroutine main        # None: the run() is over
    cdef Goroutine root        # stands on the thread's own stack: main itself, or what waits for an async main
    cdef object failure        # the exception that stopped it
    cdef list more_failures    # of goroutines that failed after it: a few described, then only counted
    cdef object generators     # async generators that were begun in it; None: no coroutine has run yet, or it is over
    cdef object outer_hooks    # what the thread of run() had for async generators before
    cdef object base           # the frame that called run(): stacks end above it
    cdef bint ending
    cdef Attached[uint32_t] timed  # 1: after_func() was used in it
    cdef bint background


@cython.final
cdef class Goroutine:
    cdef object __weakref__
    cdef G g
    cdef Scope scope
    cdef readonly uint64_t id
    cdef uint64_t place        # the how-manieth of its scope: unlike `id` in the order of the scope's list
    cdef bint is_main
    cdef object label          # its name; under its critical section
    cdef object fn
    cdef object args
    cdef object kwargs
    cdef object coro
    cdef object ended          # what it returned or, if it has failed, the exception that left it
    cdef object pending        # an exception to raise at its next suspension; under its critical section
    cdef PyObject *context     # its contextvars while it does not run; NULL: empty
    cdef object group          # the WaitGroup that counts it
    cdef PyObject *code        # where `go` was called
    cdef int lasti
    cdef Attached[uint32_t] shields
    cdef int kills             # how often the end of its run() was raised in it
    cdef unsigned char failed
    cdef unsigned char retrieved   # somebody has seen the exception
    cdef unsigned char interrupted  # an exception was sent to the thread it ran on: once
    cdef unsigned char starts_anyway  # even if its run() has ended by then: it has something to clean up
    cdef unsigned char left_alone  # its run() did not wait for its end
    cdef str status(self)
    cdef object created_at(self)
    cdef str describe(self)
    cdef void mark_retrieved(self) noexcept
    cdef object error(self)
    cdef object outcome(self)


@cython.final
cdef class Chan:
    cdef object __weakref__
    cdef Channel own
    cdef Channel *ch           # &own, or the one inside `timer`
    cdef TimerChannel *timer
    cdef object keep           # makes this a collected type; holds what must live as long as the channel


@cython.final
cdef class SendChan:
    cdef Chan chan


@cython.final
cdef class RecvChan:
    cdef Chan chan


@cython.final
cdef class Await:
    cdef Operation op
    cdef object keep           # makes this a collected type


cdef enum End:
    END_CANCELED
    END_EXPIRED
    END_FOREIGN                # `error` is what a context of another kind gave


@cython.final
cdef class CancelContext:      # what can end: with_cancel, with_deadline and the like
    cdef object __weakref__
    cdef ContextNode node
    cdef object parent         # never cleared, like `above`
    cdef CancelContext above   # what it hangs below, if anything
    cdef End how               # these three are set before node.ended, where the end began
    cdef object error          # what err() gives; made when first asked for
    cdef object said_cause
    cdef RecvChan done_view
    cdef int64_t due           # the earliest deadline that applies to it
    cdef object due_time       # the same in seconds, as it was given; None: not yet computed
    cdef CancelContext expirer  # what ends then: None means itself, or a context of another kind
    cdef Deadline timer        # `when` is 0 if it has no deadline of its own
    cdef object timer_cause
    cdef object unwatch        # takes back what a parent of another kind was asked to do


@cython.final
cdef class PassiveContext:     # what adds no end of its own: background, with_value, without_cancel
    cdef object __weakref__
    cdef object parent
    cdef object end            # what ends it: a CancelContext, a context of another kind, or None for nothing
    cdef object key            # of with_value
    cdef object held
    cdef str label


@cython.final
cdef class Mutex:
    cdef object __weakref__
    cdef NativeMutex own


@cython.final
cdef class RWMutex:
    cdef object __weakref__
    cdef NativeRWMutex own


@cython.final
cdef class RLocker:
    cdef RWMutex rw


@cython.final
cdef class WaitGroup:
    cdef object __weakref__
    cdef NativeWaitGroup own


@cython.final
cdef class Notice:
    cdef NativeNotice own


@cython.final
cdef class Ready:
    cdef object value


@cython.final
cdef class AtomicInt:
    cdef object __weakref__
    cdef object value


@cython.final
cdef class AtomicBool:
    cdef object __weakref__
    cdef Attached[bint] value


@cython.final
cdef class AtomicRef:
    cdef object __weakref__
    cdef object value


@cython.final
cdef class AtomicValue:
    cdef object __weakref__
    cdef object value
