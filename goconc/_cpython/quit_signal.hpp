// SIGQUIT's handler in C. It passes the signal on to Python's handler, and leaves word for sysmon, should Python's main thread not come
// to it. Installed only over the system's default: a handler of the program's own, in Python or C (faulthandler), stays.
#pragma once
#include "build.hpp"
#include "../_native/quit_request.hpp"
#if !defined(_WIN32)
#include <cerrno>
#include <csignal>

namespace goconc {

inline volatile sig_atomic_t quit_ends_process = 1;

// A second signal, before the first is answered, ends the process as if nobody had installed anything: nothing may be left that could
// answer.
inline void on_quit(int number) {
    int interrupted = errno;
    if (quit_ask()) {
        PyErr_SetInterruptEx(number);
    } else if (quit_ends_process) {
        signal(number, SIG_DFL);
        raise(number); // comes as soon as this handler has returned
    }
    errno = interrupted;
}

inline bool quit_handled_by(void (*handler)(int)) noexcept {
    struct sigaction there;
    return sigaction(SIGQUIT, nullptr, &there) == 0 && !(there.sa_flags & SA_SIGINFO) && there.sa_handler == handler;
}
inline bool quit_is_default() noexcept { return quit_handled_by(SIG_DFL); }
inline bool quit_is_ours() noexcept { return quit_handled_by(on_quit); }

// Over Python's own C handler, once Python knows what to call.
inline void quit_install(bool ends_process) noexcept {
    struct sigaction ours {};
    ours.sa_handler = on_quit;
    ours.sa_flags = SA_ONSTACK;
    sigemptyset(&ours.sa_mask);
    quit_ends_process = ends_process;
    sigaction(SIGQUIT, &ours, nullptr);
}

} // namespace goconc

#else

namespace goconc {

inline bool quit_is_default() noexcept { return false; }
inline bool quit_is_ours() noexcept { return false; }
inline void quit_install(bool) noexcept {}

} // namespace goconc

#endif
