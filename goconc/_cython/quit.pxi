# SIGQUIT while a run() is under way on Python's main thread: the dump goes to standard error, and the process ends, as in Go.
#
# A thread of its own prints it: the signal may have come in the middle of anything, and on a stack with little room left. Python's main
# thread starts it. If that sits in a call, sysmon sends a helper to do so.

cdef str quit_setting = "exit"     # or "dump": go on; "off": the signal is left alone


cdef int take_sigquit() except -1:
    if quit_setting != "off" and on_main_thread() and quit_is_default():
        _signal.signal(_signal.SIGQUIT, _on_quit)
        quit_done()  # one that came as an earlier run() ended is not waited for
        quit_install(quit_setting == "exit")
    return 0


cdef int give_sigquit() except -1:
    """Also in a child of a fork, which has none of the goroutines."""
    if quit_is_ours():
        _signal.signal(_signal.SIGQUIT, _signal.SIG_DFL)
    return 0


def _on_quit(signum, frame):
    answer_quit()


cdef void answer_quit() noexcept:
    if not quit_take():
        return
    if quit_setting != "exit":
        quit_done()  # the next one gets a dump of its own
    try:
        _threading.Thread(target=_print_dump, name="goconc-dump", daemon=True).start()
    except BaseException:
        _print_dump()  # no thread can be had


def _print_dump():
    try:
        write_all(2, f"SIGQUIT: quit\n\n{dump_text()}\n".encode("utf-8", "backslashreplace"))
    except BaseException as error:
        report_exception(error, None)
    finally:
        if quit_setting == "exit":
            _os._exit(2)


cdef int write_all(int descriptor, bytes text) except -1:
    """Not through sys.stderr: whom the signal interrupted may be writing there."""
    while text:
        text = text[_os.write(descriptor, text):]
    return 0
