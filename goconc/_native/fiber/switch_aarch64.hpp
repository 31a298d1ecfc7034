// The stack switch for 64-bit ARM (AAPCS64), and the first instructions that a new stack runs. Included by switch.hpp only.
//
// Invariants:
//   1. goconc_fiber_switch(&save, load) stores what the ABI says a callee keeps (x19 to x30, d8 to d15), leaves the stack pointer in
//      *save, takes `load` for it, loads the same and returns on the other stack. `load` was left by an earlier switch or by
//      goconc_fiber_prepare. x18 belongs to the platform and is never touched.
//   2. It ends in `ret`, which the processor predicts from its stack of return addresses (see switch_x86_64.hpp).
//   3. It signs no return address: each function of the compiler's signs its own with its own stack pointer, which a switch keeps.
//   4. A new stack starts in goconc_fiber_entry with the fiber in x19 and its body in x20; its caller is marked unknown and x29 is 0.
//      It is reached by `ret`, for which no landing pad is asked; the switch itself has one in case somebody takes its address.
//   5. FPCR is the thread's, as mxcsr is (see switch_x86_64.hpp): a switch neither keeps nor changes it.
//
// The code is weak (one copy however many translation units include this) and hidden.
// Guarded control stacks (GCS) are not switched: a process that enforces them cannot use this.
#pragma once

extern "C" {
__attribute__((visibility("hidden"))) void goconc_fiber_switch(void **save_sp, void *load_sp) noexcept;
__attribute__((visibility("hidden"))) void goconc_fiber_entry() noexcept;
}

#if defined(__APPLE__)
#define GOCONC_FIBER_FUNCTION(name)                                                                                                    \
    ".section __TEXT,__text,regular,pure_instructions\n.globl _" name "\n.weak_definition _" name "\n.private_extern _" name           \
    "\n.p2align 4\n_" name ":\n"
#define GOCONC_FIBER_END(name) ""
#define GOCONC_FIBER_BACK ".text\n"
#else
#define GOCONC_FIBER_FUNCTION(name)                                                                                                    \
    ".pushsection .text." name ",\"axG\",%progbits," name ",comdat\n.weak " name "\n.hidden " name "\n.type " name                     \
    ",%function\n.p2align 4\n" name ":\n"
#define GOCONC_FIBER_END(name) ".size " name ", .-" name "\n"
#define GOCONC_FIBER_BACK ".popsection\n"
#endif

// clang-format off
__asm__(
    GOCONC_FIBER_FUNCTION("goconc_fiber_switch")
    "    .cfi_startproc\n"
    "    hint #34\n" // bti c
    "    sub sp, sp, #160\n    .cfi_adjust_cfa_offset 160\n"
    "    stp x29, x30, [sp, #0]\n    .cfi_rel_offset x29, 0\n    .cfi_rel_offset x30, 8\n"
    "    stp x19, x20, [sp, #16]\n   .cfi_rel_offset x19, 16\n   .cfi_rel_offset x20, 24\n"
    "    stp x21, x22, [sp, #32]\n   .cfi_rel_offset x21, 32\n   .cfi_rel_offset x22, 40\n"
    "    stp x23, x24, [sp, #48]\n   .cfi_rel_offset x23, 48\n   .cfi_rel_offset x24, 56\n"
    "    stp x25, x26, [sp, #64]\n   .cfi_rel_offset x25, 64\n   .cfi_rel_offset x26, 72\n"
    "    stp x27, x28, [sp, #80]\n   .cfi_rel_offset x27, 80\n   .cfi_rel_offset x28, 88\n"
    "    stp d8, d9, [sp, #96]\n"
    "    stp d10, d11, [sp, #112]\n"
    "    stp d12, d13, [sp, #128]\n"
    "    stp d14, d15, [sp, #144]\n"
    "    mov x9, sp\n"
    "    str x9, [x0]\n"
    "    mov sp, x1\n"
    "    ldp x29, x30, [sp, #0]\n"
    "    ldp x19, x20, [sp, #16]\n"
    "    ldp x21, x22, [sp, #32]\n"
    "    ldp x23, x24, [sp, #48]\n"
    "    ldp x25, x26, [sp, #64]\n"
    "    ldp x27, x28, [sp, #80]\n"
    "    ldp d8, d9, [sp, #96]\n"
    "    ldp d10, d11, [sp, #112]\n"
    "    ldp d12, d13, [sp, #128]\n"
    "    ldp d14, d15, [sp, #144]\n"
    "    add sp, sp, #160\n    .cfi_adjust_cfa_offset -160\n"
    "    .cfi_restore x29\n    .cfi_restore x30\n    .cfi_restore x19\n    .cfi_restore x20\n    .cfi_restore x21\n    .cfi_restore x22\n"
    "    .cfi_restore x23\n    .cfi_restore x24\n    .cfi_restore x25\n    .cfi_restore x26\n    .cfi_restore x27\n    .cfi_restore x28\n"
    "    ret\n"
    "    .cfi_endproc\n"
    GOCONC_FIBER_END("goconc_fiber_switch")
    GOCONC_FIBER_BACK
    GOCONC_FIBER_FUNCTION("goconc_fiber_entry")
    "    .cfi_startproc\n"
    "    .cfi_undefined x30\n"
    "    mov x0, x19\n"
    "    blr x20\n"
    "    brk #1\n"
    "    .cfi_endproc\n"
    GOCONC_FIBER_END("goconc_fiber_entry")
    GOCONC_FIBER_BACK
);
// clang-format on

#undef GOCONC_FIBER_FUNCTION
#undef GOCONC_FIBER_END
#undef GOCONC_FIBER_BACK

namespace goconc {

// Lays out a stack that has not run, so that the first switch to the result calls body(fiber). `high` is a multiple of 16.
inline void *goconc_fiber_prepare(char *high, void *fiber, void *body) noexcept {
    void **sp = reinterpret_cast<void **>(high) - 2; // a frame record of zeros, for those who walk frames by hand
    sp[0] = sp[1] = nullptr;
    sp -= 20; // the 160 bytes of the switch
    for (int i = 0; i < 20; i++) sp[i] = nullptr;
    sp[1] = reinterpret_cast<void *>(&goconc_fiber_entry); // x30
    sp[2] = fiber;                                         // x19
    sp[3] = body;                                          // x20
    return sp;
}

} // namespace goconc
