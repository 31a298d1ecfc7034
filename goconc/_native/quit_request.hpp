// SIGQUIT, on its way from the C signal handler to whoever prints the dump. Any thread; the first step in a signal handler, too.
//
//     none --ask--> asked --take--> answered --done--> none
#pragma once
#include "atomic.hpp"

namespace goconc {

enum class QuitRequest : uint32_t { none, asked, answered };

inline Atomic<QuitRequest> quit_request;

// False: one is under way already.
inline bool quit_ask() noexcept {
    QuitRequest expected = QuitRequest::none;
    return quit_request.compare_exchange(expected, QuitRequest::asked);
}
// True for one caller, who has to answer it.
inline bool quit_take() noexcept {
    QuitRequest expected = QuitRequest::asked;
    return quit_request.load_relaxed() == QuitRequest::asked && quit_request.compare_exchange(expected, QuitRequest::answered);
}
inline void quit_done() noexcept { quit_request.store(QuitRequest::none); }

} // namespace goconc
