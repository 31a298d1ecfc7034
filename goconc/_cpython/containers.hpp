// What the collector must see inside a channel, and breaking cycles through its buffer. Slots are changed only by attached threads
// under the channel's lock, in sections that run no Python; a collector runs on an attached thread with all others stopped outside such
// sections. So it may walk the ring without the lock. (invariant 7)
#pragma once
#include "../_native/timer_channel.hpp"
#include "build.hpp"

namespace goconc {

inline int visit_ring(const Channel *channel, visitproc visit, void *arg) noexcept {
    if (channel->lock != &channel->own_lock) return 0; // a timer's: holds no references
    for (size_t i = 0; i < channel->ring.count(); i++)
        Py_VISIT(static_cast<PyObject *>(channel->ring.peek(i)));
    return 0;
}

inline void drop_ring(Channel *channel) noexcept {
    for (;;) {
        PyObject *value = nullptr;
        channel->lock->lock();
        if (channel->ring.count()) value = static_cast<PyObject *>(channel->ring.pop());
        channel->lock->unlock();
        if (!value) return;
        Py_DECREF(value); // outside the lock: may run anything
    }
}

// Puts our traverse and clear before those that Cython made for Chan. `channel_of` finds the native channel in the object.
using ChannelOf = Channel *(*)(PyObject *);
inline ChannelOf ring_channel_of = nullptr;
inline traverseproc ring_inner_traverse = nullptr;
inline inquiry ring_inner_clear = nullptr;

inline int ring_traverse(PyObject *self, visitproc visit, void *arg) noexcept {
    int stop = visit_ring(ring_channel_of(self), visit, arg);
    return stop ? stop : ring_inner_traverse(self, visit, arg);
}
inline int ring_clear(PyObject *self) noexcept {
    drop_ring(ring_channel_of(self));
    return ring_inner_clear(self);
}
inline void collect_ring(PyTypeObject *type, ChannelOf channel_of) noexcept {
    ring_channel_of = channel_of;
    put_before<traverseproc>(type->tp_traverse, ring_traverse, ring_inner_traverse);
    put_before<inquiry>(type->tp_clear, ring_clear, ring_inner_clear);
}

} // namespace goconc
