// The stack switch of goconc/_native/fiber without Python: what a call keeps, a switch keeps; new stacks start as the ABI wants; and the
// stacks themselves, which end in a guard.
#include "check.hpp"
#include "../../goconc/_native/fiber/stack.hpp"
#include "../../goconc/_native/fiber/switch.hpp"

#include <array>
#include <cfenv>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <sys/wait.h>
#include <unwind.h>

using check::Random;
using goconc::StackGuard;
using goconc::StackRegion;

// Fills every register that a callee keeps from `in`, switches, and says in `out` what they hold when the switch returns.
extern "C" void switch_with_registers(void **save, void *load, const uint64_t *in, uint64_t *out);

#if defined(__APPLE__)
#define ASM_NAME(name) "_" #name
#else
#define ASM_NAME(name) #name
#endif

#if defined(__x86_64__)
constexpr int REGISTERS = 6; // rbx, rbp, r12 to r15
__asm__(".text\n.p2align 4\n.globl " ASM_NAME(switch_with_registers) "\n" ASM_NAME(switch_with_registers) ":\n"
        "    pushq %rbx\n    pushq %rbp\n    pushq %r12\n    pushq %r13\n    pushq %r14\n    pushq %r15\n    pushq %rcx\n"
        "    movq 0(%rdx), %rbx\n    movq 8(%rdx), %rbp\n    movq 16(%rdx), %r12\n"
        "    movq 24(%rdx), %r13\n   movq 32(%rdx), %r14\n   movq 40(%rdx), %r15\n"
        "    callq " ASM_NAME(goconc_fiber_switch) "\n"
        "    popq %rcx\n"
        "    movq %rbx, 0(%rcx)\n    movq %rbp, 8(%rcx)\n    movq %r12, 16(%rcx)\n"
        "    movq %r13, 24(%rcx)\n   movq %r14, 32(%rcx)\n   movq %r15, 40(%rcx)\n"
        "    popq %r15\n    popq %r14\n    popq %r13\n    popq %r12\n    popq %rbp\n    popq %rbx\n    ret\n");
#elif defined(__aarch64__)
constexpr int REGISTERS = 19; // x19 to x29, d8 to d15; x30 is where a switch returns to
__asm__(".text\n.p2align 4\n.globl " ASM_NAME(switch_with_registers) "\n" ASM_NAME(switch_with_registers) ":\n"
        "    sub sp, sp, #176\n"
        "    stp x19, x20, [sp, #0]\n   stp x21, x22, [sp, #16]\n   stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n  stp x27, x28, [sp, #64]\n   stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n    stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
        "    str x3, [sp, #160]\n"
        "    ldp x19, x20, [x2, #0]\n   ldp x21, x22, [x2, #16]\n   ldp x23, x24, [x2, #32]\n"
        "    ldp x25, x26, [x2, #48]\n  ldp x27, x28, [x2, #64]\n   ldr x29, [x2, #80]\n"
        "    ldp d8, d9, [x2, #88]\n    ldp d10, d11, [x2, #104]\n  ldp d12, d13, [x2, #120]\n  ldp d14, d15, [x2, #136]\n"
        "    bl " ASM_NAME(goconc_fiber_switch) "\n"
        "    ldr x3, [sp, #160]\n"
        "    stp x19, x20, [x3, #0]\n   stp x21, x22, [x3, #16]\n   stp x23, x24, [x3, #32]\n"
        "    stp x25, x26, [x3, #48]\n  stp x27, x28, [x3, #64]\n   str x29, [x3, #80]\n"
        "    stp d8, d9, [x3, #88]\n    stp d10, d11, [x3, #104]\n  stp d12, d13, [x3, #120]\n  stp d14, d15, [x3, #136]\n"
        "    ldp x19, x20, [sp, #0]\n   ldp x21, x22, [sp, #16]\n   ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n  ldp x27, x28, [sp, #64]\n   ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n    ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #176\n    ret\n");
#endif

namespace {

constexpr size_t STACK = 64 << 10;

struct Fiber {
    void *sp = nullptr;
    StackRegion *region = nullptr; // null: the thread's own stack
    std::function<void()> work;
    bool done = false;
};
Fiber root;
Fiber *current = &root;

void switch_to(Fiber *to) {
    Fiber *from = current;
    current = to;
    goconc_fiber_switch(&from->sp, to->sp);
}

// The body of every fiber: works, and goes back to the thread's own stack for good.
void body(Fiber *f) {
    f->work();
    f->done = true;
    switch_to(&root);
    std::abort();
}

Fiber *start(std::function<void()> work, void (*what)(Fiber *) = body) {
    Fiber *f = new Fiber;
    f->region = goconc::stack_pool.take(STACK);
    CHECK(f->region);
    f->work = std::move(work);
    char *high = reinterpret_cast<char *>(reinterpret_cast<uintptr_t>(f->region) & ~uintptr_t{15});
    f->sp = goconc::goconc_fiber_prepare(high, f, reinterpret_cast<void *>(what));
    return f;
}
void finish(Fiber *f) {
    CHECK(f->done);
    goconc::stack_pool.give(f->region);
    delete f;
}
// On a fiber of its own, at once.
void on_a_fiber(std::function<void()> work) {
    Fiber *f = start(std::move(work));
    switch_to(f);
    finish(f);
}

// Fibers that switch to each other at random, with other values in every register each time and at other depths of the stack.
class Crowd {
    Random random_{check::seed()};
    std::vector<Fiber *> fibers_;
    int left_;

    uint64_t value() { return random_.one_in(8) ? (random_.one_in(2) ? ~uint64_t{0} : 0) : random_.next(); }

    void switch_at_random() {
        std::array<uint64_t, REGISTERS> in, out;
        for (auto &v : in) v = value();
        Fiber *from = current, *to = fibers_[random_.below(uint32_t(fibers_.size()))];
        if (to == from) to = &root;
        current = to;
        switch_with_registers(&from->sp, to->sp, in.data(), out.data());
        CHECK(current == from);
        for (int i = 0; i < REGISTERS; i++) CHECK(out[i] == in[i]);
    }
    void wander(int depth) {
        uint64_t kept[8];
        for (auto &v : kept) v = value();
        uint64_t before[8];
        std::memcpy(before, kept, sizeof kept);
        while (left_ > 0 && !random_.one_in(6)) {
            if (depth < 40 && random_.one_in(3)) wander(depth + 1);
            else switch_at_random();
        }
        CHECK(std::memcmp(before, kept, sizeof kept) == 0);
    }

  public:
    explicit Crowd(int switches) : left_(switches) {}
    void run(int size) {
        for (int i = 0; i < size; i++) fibers_.push_back(start([this] {
            while (left_ > 0) wander(0);
        }));
        for (; left_ > 0; left_--) switch_at_random();
        for (Fiber *f : fibers_)
            while (!f->done) switch_to(f);
        for (Fiber *f : fibers_) finish(f);
    }
};

void registers_are_kept() { Crowd(check::scaled(20000)).run(40); }

Fiber *entered_with = nullptr;
uintptr_t frame_at_entry = 1;
void *frame_before = &root;
__attribute__((noinline)) void looks_at_its_frame(Fiber *f) {
    entered_with = f;
    void **frame = static_cast<void **>(__builtin_frame_address(0));
    frame_at_entry = reinterpret_cast<uintptr_t>(frame);
    frame_before = *frame;
    body(f);
}
void a_new_stack_is_aligned_and_has_no_caller() {
    Fiber *f = start([] {}, looks_at_its_frame);
    switch_to(f);
    CHECK(entered_with == f);
    CHECK(frame_at_entry % 16 == 0);
    CHECK(frame_before == nullptr);
    uintptr_t region = reinterpret_cast<uintptr_t>(f->region);
    CHECK(frame_at_entry < region && region - frame_at_entry < 256);
    finish(f);
}

void an_exception_is_caught_on_its_stack() {
    auto thrower = [](int n) {
        if (n > 3) throw std::runtime_error("thrown");
    };
    int caught = 0;
    Fiber *f = start([&] {
        for (int i = 0; i < 5; i++) {
            try {
                switch_to(&root);
                thrower(i);
            } catch (const std::runtime_error &) {
                caught++;
            }
        }
    });
    while (!f->done) {
        try {
            switch_to(f);
            throw 42; // while the other stack is inside its try
        } catch (int n) {
            CHECK(n == 42);
        }
    }
    CHECK(caught == 1);
    finish(f);
}

void unwinding_ends_at_the_entry() {
    on_a_fiber([] {
        int frames = 0;
        _Unwind_Reason_Code end = _Unwind_Backtrace(
            [](_Unwind_Context *, void *count) {
                return ++*static_cast<int *>(count) > 100 ? _URC_NORMAL_STOP : _URC_NO_REASON;
            },
            &frames);
        CHECK(end == _URC_END_OF_STACK);
        CHECK(frames >= 3); // this, body, the entry
    });
}

void the_rounding_mode_is_the_threads() {
    int before = std::fegetround();
    std::fesetround(FE_TOWARDZERO);
    on_a_fiber([] {
        CHECK(std::fegetround() == FE_TOWARDZERO);
        std::fesetround(FE_UPWARD);
    });
    CHECK(std::fegetround() == FE_UPWARD);
    std::fesetround(before);
}

// How a child process ends that does this.
template <class Work> int end_of_a_child(Work work) {
    std::fflush(nullptr);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        std::signal(SIGSEGV, SIG_DFL);
        std::signal(SIGBUS, SIG_DFL);
        work();
        std::_Exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}
void below_a_stack_is_a_guard() {
    for (StackGuard guard : {StackGuard::marker, StackGuard::protect}) {
        auto touch = [guard](ptrdiff_t at) {
            return end_of_a_child([guard, at] {
                goconc::StackPool pool;
                pool.begin_with(guard);
                StackRegion *region = pool.take(STACK);
                if (!region || region->canary) std::_Exit(2);
                *static_cast<volatile char *>(region->low + at) = 1;
            });
        };
        CHECK(touch(0) == 0);
        int status = touch(-1);
        CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS));
    }
}
void a_canary_stands_where_no_guard_can() {
    auto overflow = [](bool spoil) {
        return end_of_a_child([spoil] {
            goconc::StackPool pool;
            pool.begin_with(StackGuard::canary);
            StackRegion *region = pool.take(STACK);
            if (!region || !region->canary) std::_Exit(2);
            if (!std::freopen("/dev/null", "w", stderr)) std::_Exit(3);
            if (spoil) *reinterpret_cast<volatile uint64_t *>(region->low) = 1;
            goconc::StackPool::check_canary(region);
        });
    };
    CHECK(overflow(false) == 0);
    int status = overflow(true);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

} // namespace

int main() {
    check::test("registers are kept", registers_are_kept);
    check::test("a new stack is aligned and has no caller", a_new_stack_is_aligned_and_has_no_caller);
    check::test("an exception is caught on its stack", an_exception_is_caught_on_its_stack);
    check::test("unwinding ends at the entry", unwinding_ends_at_the_entry);
    check::test("the rounding mode is the thread's", the_rounding_mode_is_the_threads);
    check::test("below a stack is a guard", below_a_stack_is_a_guard);
    check::test("a canary stands where no guard can", a_canary_stands_where_no_guard_can);
    return check::summary("fiber_switch_test");
}
