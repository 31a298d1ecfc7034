// The buffer of a channel: a FIFO of owned values, guarded by the channel's lock. Slots come into being as they are needed, so a huge
// capacity costs nothing until it is used (CH-06); a slot is cleared as soon as its value leaves (CH-09).
#pragma once
#include <cstddef>
#include <cstdlib>

namespace goconc {

class ValueRing {
    void **slots_ = nullptr;
    size_t mask_ = 0; // slots - 1; slots is a power of two, or 0
    size_t head_ = 0, count_ = 0;

    bool grow() noexcept {
        size_t old = slots_ ? mask_ + 1 : 0;
        size_t wanted = old ? old * 2 : 4;
        if (wanted > SIZE_MAX / sizeof(void *)) return false;
        void **slots = static_cast<void **>(std::malloc(wanted * sizeof(void *)));
        if (!slots) return false;
        for (size_t i = 0; i < count_; i++) slots[i] = slots_[(head_ + i) & mask_];
        for (size_t i = count_; i < wanted; i++) slots[i] = nullptr;
        std::free(slots_);
        slots_ = slots;
        mask_ = wanted - 1;
        head_ = 0;
        return true;
    }

  public:
    ValueRing() noexcept = default;
    ~ValueRing() { std::free(slots_); }
    ValueRing(const ValueRing &) = delete;
    ValueRing &operator=(const ValueRing &) = delete;

    size_t count() const noexcept { return count_; }
    void *peek(size_t i) const noexcept { return slots_[(head_ + i) & mask_]; }

    // False when memory has run out; then nothing has changed.
    bool push(void *value) noexcept {
        if ((!slots_ || count_ > mask_) && !grow()) return false;
        slots_[(head_ + count_) & mask_] = value;
        count_++;
        return true;
    }
    void *pop() noexcept {
        void *value = slots_[head_];
        slots_[head_] = nullptr;
        head_ = (head_ + 1) & mask_;
        count_--;
        return value;
    }
};

} // namespace goconc
