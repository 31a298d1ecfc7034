// Contexts that end, and what waits for their end, as a tree: ending a node ends all below it at one moment (CTX-05).
//
// A tree has one lock, its root's. It guards the links, who has ended, and the making and closing of done channels. Holders run no Python
// and allocate nothing, so ending works from finalizers and signal handlers, and cannot fail.
//
// Invariants:
//   1. A node that hangs below another holds a reference to that one's owner: what `above`, `lock` and `origin` point to lives on.
//   2. The tree holds a reference to the owner of each linked node. Who unlinks a node drops it, after releasing the lock.
//   3. `ended` never goes back. It is set before the done channel is closed, and both happen under the lock: who finds it set and then
//      takes the lock once finds the channel closed, and the ends of all that ended with it (CTX-14).
//   4. A node that has ended has no links but `next`, which then belongs to whoever ended it.
#pragma once
#include "channel.hpp"

namespace goconc {

struct ContextNode {
    ContextNode *above = nullptr;                    // set once, before it is linked
    ContextNode *previous = nullptr, *next = nullptr; // its siblings, oldest first
    ContextNode *first = nullptr, *last = nullptr;    // below it
    AttachedLock own_lock;
    AttachedLock *lock = &own_lock;
    ContextNode *origin = nullptr; // where the end began: itself, or a node above it
    Channel *done = nullptr;       // made when somebody first asks for it
    void *owner = nullptr;         // the Python object it is part of
    Attached<uint32_t> ended;
    bool linked = false;

    ContextNode() noexcept = default;
    ContextNode(const ContextNode &) = delete;
    ContextNode &operator=(const ContextNode &) = delete;

    // Hangs this new node below `parent`. False: that has ended, and so has this one now.
    bool link(ContextNode *parent) noexcept {
        above = parent;
        lock = parent->lock;
        Held<AttachedLock> hold(*lock);
        if (parent->ended.load_relaxed()) {
            origin = parent->origin;
            ended.store(1);
            return false;
        }
        previous = parent->last;
        if (previous) previous->next = this;
        else parent->first = this;
        parent->last = this;
        return linked = true;
    }

    // Takes it out of the tree before it has ended; it counts as ended from then on. False: it had ended.
    bool detach() noexcept {
        Held<AttachedLock> hold(*lock);
        if (ended.load_relaxed()) return false;
        ended.store(1);
        if (linked) unlink();
        return true;
    }

    // Under the lock, for a node that has not ended: ends it and all below it. They are chained by `next`, this one first.
    void end(WakeList &wakes) noexcept {
        if (linked) unlink();
        next = nullptr;
        ContextNode *tail = this;
        for (ContextNode *n = this; n; n = n->next) {
            n->origin = this;
            n->linked = false;
            n->ended.store(1);
            if (n->done) n->done->close(wakes);
            if (!n->first) continue;
            tail->next = n->first;
            tail = n->last;
            n->first = n->last = nullptr;
        }
    }

    // Whether it has ended, and all that ended with it.
    bool has_ended() noexcept {
        if (!ended.load()) return false;
        lock->lock();
        lock->unlock();
        return true;
    }

    // For the collector's clear: the oldest node below it, unlinked; nullptr if there is none.
    ContextNode *take_first() noexcept {
        Held<AttachedLock> hold(*lock);
        ContextNode *n = first;
        if (n) n->unlink();
        return n;
    }

  private:
    void unlink() noexcept {
        if (previous) previous->next = next;
        else above->first = next;
        if (next) next->previous = previous;
        else above->last = previous;
        linked = false;
    }
};

} // namespace goconc
