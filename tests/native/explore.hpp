// Runs a small concurrent program in every order that needs at most a few preemptions (CHESS: Musuvathi and others, OSDI 2008).
//
// Include it before the headers under test: it then stands in for std::atomic and for the sleeps in the kernel. Tasks are contexts of
// one thread. Before each access to an atomic word, the explorer decides who goes on: a depth-first search over all such decisions, each
// leaf being one run from a fresh state. Going on with another task although the present one could go on is a preemption; a time-out that
// comes while others could run counts as one. The clock stands still but for time-outs, of which the earliest comes first.
// A word that only one task touches, that nobody writes, or that is always touched under the same lock is no point of choice, nor is giving a
// lock back: going on with another task there shows nothing that doing so at the next point does not. Which words are shared is found out on the way; the search starts again when one more is.
// It shows only sequentially consistent behaviour: wrong memory orders are ThreadSanitizer's part.
//
// A model is a class made afresh for every run, always at the same address, so that runs repeat exactly:
//     struct Model { void tasks(explore::Tasks &t) { t.add("name", [this] {...}); ... } void check() {...} };
// A task may call explore::expect(condition, text) and explore::wait_for(condition). A run fails if something expected does not hold, or
// if tasks are left that wait for ever; tasks added with t.add_server may do so.
#pragma once
#define GOCONC_EXPLORE
#include "../../goconc/_native/fiber/switch.hpp"
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <vector>

namespace explore {

struct Result {
    long schedules = 0;
    bool failed = false;
    bool complete = false; // every schedule within the bound was run
    const char *why = "";
    std::vector<int> trace; // of the run that failed: who took each step
};

struct Task {
    enum State { ready, waiting, done };
    const char *name = "";
    bool server = false;
    State state = ready;
    const void *sleeps_on = nullptr; // waiting: until somebody writes there (spin) or rouses it (sleep)
    bool spins = false;
    int64_t deadline = INT64_MAX; // waiting: it may time out
    bool timed_out = false;
    const std::function<bool()> *condition = nullptr;
    const void *last_read = nullptr;
    uint32_t holds = 0; // a bit a lock
    std::function<void()> body;
    void *context = nullptr; // its stack pointer while another runs
    std::vector<char> stack;
};

class Explorer {
    static constexpr size_t most_tasks = 8, stack_size = 64 * 1024;
    static constexpr long longest = 20000; // steps; a run that takes more goes in a circle

    struct Choice {
        int chosen, count;
    };
    struct Touched {
        const void *word = nullptr;
        uint8_t by = 0;                // a bit a task
        uint32_t under = ~uint32_t(0); // a bit a lock that was held whenever it was touched
        bool written = false, shared = false;
    };
    static constexpr size_t most_words = 4096;
    Touched words_[most_words]; // hashed by address
    std::vector<const void *> locks_;
    bool one_more_shared_ = false;
    std::vector<Choice> path_;
    size_t depth_ = 0;
    Task tasks_[most_tasks];
    int count_ = 0, current_ = -1, preemptions_ = 0;
    long steps_ = 0;
    int64_t time_ = 0; // goes by when a task times out
    std::function<void(int64_t)> all_sleep_until_;
    void *main_ = nullptr;
    Result result_;

    static void enter(void *explorer) {
        Explorer &e = *static_cast<Explorer *>(explorer);
        e.tasks_[e.current_].body();
        e.tasks_[e.current_].state = Task::done;
        e.pass_on();
    }

    bool enabled(Task &t) {
        if (t.state == Task::waiting && t.condition && holds(*t.condition)) t.state = Task::ready;
        return t.state == Task::ready;
    }
    bool holds(const std::function<bool()> &condition) { // looked at by nobody: no point of choice
        int me = current_;
        current_ = -1;
        bool is = condition();
        current_ = me;
        return is;
    }
    int choose(int count) {
        if (count == 1) return 0;
        if (depth_ == path_.size()) path_.push_back({0, count});
        if (path_[depth_].count != count) {
            std::fprintf(stderr, "explore: the model does not repeat itself\n");
            std::abort();
        }
        return path_[depth_++].chosen;
    }
    // Who goes on; -1: nobody can.
    int next() {
        int options[most_tasks * 2], n = 0, free = 0;
        bool mine = current_ >= 0 && enabled(tasks_[current_]);
        if (mine) options[n++] = current_;
        if (!mine || preemptions_ > 0)
            for (int i = 0; i < count_; i++)
                if (i != current_ && enabled(tasks_[i])) options[n++] = i;
        free = n;
        int64_t due = INT64_MAX; // the earliest comes first
        for (int i = 0; i < count_; i++)
            if (tasks_[i].state == Task::waiting && tasks_[i].deadline < due) due = tasks_[i].deadline;
        if (due != INT64_MAX && (n == 0 || preemptions_ > 0))
            for (int i = 0; i < count_; i++)
                if (tasks_[i].state == Task::waiting && tasks_[i].deadline == due) options[n++] = i;
        if (n == 0) return -1;
        int which = choose(n), task = options[which];
        if ((mine && task != current_) || (which >= free && free > 0)) preemptions_--;
        if (which >= free) {
            tasks_[task].state = Task::ready;
            tasks_[task].timed_out = true;
            if (due > time_) time_ = due;
            if (free == 0 && all_sleep_until_) all_sleep_until_(due);
        }
        return task;
    }
    void go(int task, void **from) {
        current_ = task;
        goconc_fiber_switch(from, task < 0 ? main_ : tasks_[task].context);
    }
    Touched &place_of(const void *word) {
        size_t at = (reinterpret_cast<uintptr_t>(word) >> 2) * 0x9e3779b97f4a7c15u >> 52;
        for (size_t tries = 0; tries < most_words; tries++, at = (at + 1) % most_words) {
            if (!words_[at].word) words_[at].word = word;
            if (words_[at].word == word) return words_[at];
        }
        std::fprintf(stderr, "explore: too many words\n");
        std::abort();
    }
    bool is_shared(const void *word, bool writes) {
        if (!word) return true;
        Touched &t = place_of(word);
        if (t.shared) return true;
        t.by |= uint8_t(1u << current_);
        t.under &= tasks_[current_].holds;
        t.written = t.written || writes;
        if (!t.written || t.under || (t.by & (t.by - 1)) == 0) return false;
        return t.shared = one_more_shared_ = true;
    }
    // The running task cannot go on, or need not.
    void pass_on() {
        int from = current_, to = next();
        if (to < 0) {
            for (int i = 0; i < count_; i++)
                if (tasks_[i].state != Task::done && !tasks_[i].server) fail("somebody waits for ever");
            go(-1, &tasks_[from].context);
        } else if (to != from) {
            go(to, &tasks_[from].context);
        }
    }

  public:
    static Explorer *&now() {
        static Explorer *explorer = nullptr;
        return explorer;
    }
    bool inside() const { return current_ >= 0; }
    int64_t time() const { return time_; }
    void when_all_sleep(std::function<void(int64_t)> body) { all_sleep_until_ = std::move(body); }

    void add(const char *name, std::function<void()> body, bool server) {
        Task &t = tasks_[count_++];
        std::vector<char> stack = std::move(t.stack);
        t = Task();
        t.stack = std::move(stack);
        t.stack.resize(stack_size);
        t.name = name;
        t.server = server;
        t.body = std::move(body);
        char *high = t.stack.data() + stack_size;
        t.context = goconc::goconc_fiber_prepare(high - reinterpret_cast<uintptr_t>(high) % 16, this, reinterpret_cast<void *>(&Explorer::enter));
    }

    void point(const void *word, bool writes = false) {
        if (current_ < 0) return;
        if (++steps_ > longest) fail("it goes on in a circle");
        if (is_shared(word, writes)) pass_on();
        tasks_[current_].last_read = word;
        result_.trace.push_back(current_);
    }
    void lock(bool *held) {
        point(nullptr);
        if (current_ >= 0) {
            while (*held) wait(held, true, INT64_MAX, nullptr);
            tasks_[current_].holds |= bit_of(held);
        }
        *held = true;
    }
    void unlock(bool *held) {
        *held = false;
        if (current_ < 0) return;
        tasks_[current_].holds &= ~bit_of(held);
        written(held);
    }
    uint32_t bit_of(const void *lock) {
        size_t n = 0;
        while (n < locks_.size() && locks_[n] != lock) n++;
        if (n == locks_.size()) locks_.push_back(lock);
        return n < 32 ? uint32_t(1) << n : 0;
    }
    void written(const void *word) {
        for (int i = 0; i < count_; i++)
            if (tasks_[i].state == Task::waiting && tasks_[i].spins && tasks_[i].sleeps_on == word) tasks_[i].state = Task::ready;
    }
    void rouse(const void *word) {
        point(word, true);
        for (int i = 0; i < count_; i++)
            if (tasks_[i].state == Task::waiting && !tasks_[i].spins && tasks_[i].sleeps_on == word) {
                tasks_[i].state = Task::ready;
                return;
            }
    }
    bool wait(const void *word, bool spins, int64_t deadline, const std::function<bool()> *condition) {
        Task &t = tasks_[current_];
        t.sleeps_on = word;
        t.spins = spins;
        t.deadline = deadline;
        t.timed_out = false;
        t.condition = condition;
        t.state = Task::waiting;
        pass_on();
        t.condition = nullptr;
        t.deadline = INT64_MAX;
        return !t.timed_out;
    }
    void wait_for(const std::function<bool()> &condition) {
        point(nullptr);
        if (!holds(condition)) wait(nullptr, false, INT64_MAX, &condition);
    }
    void spin() {
        if (current_ >= 0) wait(tasks_[current_].last_read, true, INT64_MAX, nullptr);
    }
    [[noreturn]] void fail(const char *why) {
        result_.failed = true;
        result_.why = why;
        int from = current_;
        current_ = -1;
        if (from < 0) std::abort();
        goconc_fiber_switch(&tasks_[from].context, main_); // its stack is given up as it stands
        std::abort();
    }
    void fail_at_end(const char *why) {
        result_.failed = true;
        result_.why = why;
    }
    const char *name_of(int task) const { return tasks_[task].name; }

    // Stops at the first run that fails.
    template <class Model> Result run(int bound, long most) {
        alignas(64) static unsigned char room[sizeof(Model)];
        now() = this;
        path_.clear();
        for (Touched &t : words_) t = Touched();
        locks_.clear();
        result_ = Result();
        for (;;) {
            Model *model = new (room) Model;
            depth_ = 0;
            count_ = 0;
            steps_ = 0;
            time_ = 0;
            all_sleep_until_ = nullptr;
            preemptions_ = bound;
            result_.trace.clear();
            one_more_shared_ = false;
            model->tasks(*this);
            int first = next();
            if (first >= 0) go(first, &main_);
            current_ = -1;
            if (!result_.failed) model->check();
            result_.schedules++;
            if (result_.failed) break; // what the model holds stays where it is: tasks still stand in it
            model->~Model();
            if (one_more_shared_) {
                path_.clear();
                continue;
            }
            while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
            if (path_.empty()) {
                result_.complete = true;
                break;
            }
            path_.back().chosen++;
            if (result_.schedules >= most) break;
        }
        now() = nullptr;
        return result_;
    }
};

class Tasks {
    Explorer &explorer_;

  public:
    Tasks(Explorer &explorer) : explorer_(explorer) {}
    void add(const char *name, std::function<void()> body) { explorer_.add(name, std::move(body), false); }
    void add_server(const char *name, std::function<void()> body) { explorer_.add(name, std::move(body), true); }
    // Called when nobody can go on until a task's time-out: with the earliest.
    void when_all_sleep(std::function<void(int64_t)> body) { explorer_.when_all_sleep(std::move(body)); }
};

inline void expect(bool condition, const char *text) {
    if (condition) return;
    Explorer &e = *Explorer::now();
    if (e.inside()) e.fail(text);
    e.fail_at_end(text);
}
inline void wait_for(std::function<bool()> condition) { Explorer::now()->wait_for(condition); }
// A point of choice for words of a model that are not atomic.
inline void step() {
    if (Explorer::now()) Explorer::now()->point(nullptr);
}
inline void spin() {
    if (Explorer::now()) Explorer::now()->spin();
}

inline void lock(bool *held) {
    if (Explorer::now()) Explorer::now()->lock(held);
    else *held = true;
}
inline void unlock(bool *held) {
    if (Explorer::now()) Explorer::now()->unlock(held);
    else *held = false;
}

template <class T> class Word {
    T value_{};

    void touch(bool writes) const {
        if (Explorer::now()) Explorer::now()->point(this, writes);
    }
    T change(T value) {
        T old = value_;
        value_ = value;
        if (Explorer::now()) Explorer::now()->written(this);
        return old;
    }

  public:
    constexpr Word() noexcept = default;
    constexpr explicit Word(T value) noexcept : value_(value) {}
    T peek() const { return value_; } // no point of choice

    T load(std::memory_order) const { return touch(false), value_; }
    void store(T value, std::memory_order) { touch(true), change(value); }
    T exchange(T value, std::memory_order) { return touch(true), change(value); }
    T fetch_add(T value, std::memory_order) { return touch(true), change(T(value_ + value)); }
    T fetch_sub(T value, std::memory_order) { return touch(true), change(T(value_ - value)); }
    T fetch_or(T value, std::memory_order) { return touch(true), change(T(value_ | value)); }
    T fetch_and(T value, std::memory_order) { return touch(true), change(T(value_ & value)); }
    bool compare_exchange_strong(T &expected, T desired) {
        touch(true);
        if (value_ == expected) return change(desired), true;
        expected = value_;
        return false;
    }
};

inline int64_t time() { return Explorer::now() ? Explorer::now()->time() : 0; }

// The kernel's: sleeps if the word still holds `value`. False: the time was over.
inline bool sleep(void *word, int32_t value, int64_t deadline) {
    Explorer &e = *Explorer::now();
    e.point(word);
    if (static_cast<Word<int32_t> *>(word)->peek() != value) return true;
    return e.wait(word, false, deadline, nullptr);
}
inline void rouse(void *word) { Explorer::now()->rouse(word); }

} // namespace explore
