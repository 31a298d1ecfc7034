// The stack switch for x86-64 (System V), and the first instructions that a new stack runs. Included by switch.hpp only.
//
// Invariants:
//   1. goconc_fiber_switch(&save, load) pushes what the ABI says a callee keeps (rbp, rbx, r12 to r15), leaves the stack pointer in
//      *save, takes `load` for it, pops the same six and returns on the other stack. `load` was left by an earlier switch or by
//      goconc_fiber_prepare.
//   2. It ends in `ret`. An indirect jump looks faster in a loop of nothing but switches, and unbalances the processor's stack of
//      return addresses, so that every return up through the interpreter is then mispredicted (25 ns become 50).
//   3. mxcsr and the x87 control word are the thread's: nothing in CPython leaves them changed across a call.
//   4. A new stack starts in goconc_fiber_entry with the fiber in rbx and its body in r12. Its caller is marked unknown and rbp is 0:
//      debuggers and C++ unwinding stop there.
//
// The code is weak (one copy however many translation units include this) and hidden (no jump through the linkage table).
// Shadow stacks (CET) are not switched: a process that enforces them cannot use this.
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
    ".pushsection .text." name ",\"axG\",@progbits," name ",comdat\n.weak " name "\n.hidden " name "\n.type " name                     \
    ",@function\n.p2align 4\n" name ":\n"
#define GOCONC_FIBER_END(name) ".size " name ", .-" name "\n"
#define GOCONC_FIBER_BACK ".popsection\n"
#endif

// clang-format off
__asm__(
    GOCONC_FIBER_FUNCTION("goconc_fiber_switch")
    "    .cfi_startproc\n"
    "    pushq %rbp\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset %rbp, 0\n"
    "    pushq %rbx\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset %rbx, 0\n"
    "    pushq %r12\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset %r12, 0\n"
    "    pushq %r13\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset %r13, 0\n"
    "    pushq %r14\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset %r14, 0\n"
    "    pushq %r15\n    .cfi_adjust_cfa_offset 8\n    .cfi_rel_offset %r15, 0\n"
    "    movq %rsp, (%rdi)\n"
    "    movq %rsi, %rsp\n"
    "    popq %r15\n     .cfi_adjust_cfa_offset -8\n   .cfi_restore %r15\n"
    "    popq %r14\n     .cfi_adjust_cfa_offset -8\n   .cfi_restore %r14\n"
    "    popq %r13\n     .cfi_adjust_cfa_offset -8\n   .cfi_restore %r13\n"
    "    popq %r12\n     .cfi_adjust_cfa_offset -8\n   .cfi_restore %r12\n"
    "    popq %rbx\n     .cfi_adjust_cfa_offset -8\n   .cfi_restore %rbx\n"
    "    popq %rbp\n     .cfi_adjust_cfa_offset -8\n   .cfi_restore %rbp\n"
    "    ret\n"
    "    .cfi_endproc\n"
    GOCONC_FIBER_END("goconc_fiber_switch")
    GOCONC_FIBER_BACK
    GOCONC_FIBER_FUNCTION("goconc_fiber_entry")
    "    .cfi_startproc\n"
    "    .cfi_undefined %rip\n"
    "    movq %rbx, %rdi\n"
    "    callq *%r12\n"
    "    ud2\n"
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
    void **sp = reinterpret_cast<void **>(high);
    *--sp = nullptr; // where a return address would be, for those who walk frames by hand
    *--sp = nullptr; // keeps the call in the entry on a 16-byte boundary
    *--sp = reinterpret_cast<void *>(&goconc_fiber_entry);
    *--sp = nullptr; // rbp: the end of the chain of frame pointers
    *--sp = fiber;   // rbx
    *--sp = body;    // r12
    *--sp = nullptr; // r13
    *--sp = nullptr; // r14
    *--sp = nullptr; // r15
    return sp;
}

} // namespace goconc
