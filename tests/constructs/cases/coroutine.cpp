// abi: gnu
// old: 1 2 3
// new: 10 20 30
// back: 1 2 3
// start: 10 20 30
#include "harness.h"
#include <coroutine>

struct Numbers {
    struct promise_type {
        int value = 0;
        Numbers get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int v) {
            value = v;
            return {};
        }
        void return_void() {}
        void unhandled_exception() {}
    };
    std::coroutine_handle<promise_type> handle;
};

NOINLINE static Numbers count() {
    for (int i = 1;; i++) {
        co_yield hidden(i) * (FIX ? 10 : 1);
    }
}

extern "C" void answer(int request) {
    Numbers numbers = count();
    for (int i = 0; i < 3; i++) {
        if (i) {
            put(" ");
        }
        numbers.handle.resume();
        put_number(numbers.handle.promise().value);
    }
    numbers.handle.destroy();
    (void)request;
}
