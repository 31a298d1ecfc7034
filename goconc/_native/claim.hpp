// One word that exactly one of many wakers wins: channels, a timeout, a cancellation (SEL-14, SEL-22).
//
// The word counts waits: (wait number << 1) | taken. The owner opens a wait and gets its ticket (the open word); whoever moves
// ticket -> ticket|1 has the only right and duty to make the owner ready. A ticket of an earlier wait can never win, so a late timer or
// a stale select entry is harmless. Between waits the word is taken.
// Orderings: take() is sequentially consistent. A canceller stores its request and then takes; the owner opens and then reads
// the requests: both orders need the store before the load, so one of the two always sees the other (invariant 3).
#pragma once
#include "atomic.hpp"

namespace goconc {

using Ticket = uint64_t;

class Claim {
    Attached<uint64_t> word_{1};

  public:
    Ticket open() noexcept { // owner only
        uint64_t next = word_.load_relaxed() + 1;
        word_.store(next);
        return next;
    }
    Ticket ticket() const noexcept { return word_.load_relaxed() & ~uint64_t(1); } // owner only: of the wait that was opened last
    bool take(Ticket ticket) noexcept { return word_.compare_exchange(ticket, ticket | 1); }
    bool is_open(Ticket ticket) const noexcept { return word_.load() == ticket; }
    // Takes whatever wait is open now; false if none is.
    bool take_any() noexcept {
        uint64_t word = word_.load();
        return !(word & 1) && word_.compare_exchange(word, word | 1);
    }
};

} // namespace goconc
