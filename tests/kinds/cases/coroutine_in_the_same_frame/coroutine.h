// As much of the standard library's coroutines as is needed.
namespace std {
template <class R, class... A> struct coroutine_traits {
  using promise_type = typename R::promise_type;
};
template <class P = void> struct coroutine_handle {
  void *at;
  static coroutine_handle from_address(void *p) { return {p}; }
  static coroutine_handle from_promise(P &p) {
    return {__builtin_coro_promise(&p, alignof(P), true)};
  }
  void resume() const { __builtin_coro_resume(at); }
  P &promise() const { return *(P *)__builtin_coro_promise(at, alignof(P), false); }
};
template <> struct coroutine_handle<void> {
  void *at;
  static coroutine_handle from_address(void *p) { return {p}; }
  template <class P> coroutine_handle(coroutine_handle<P> other) : at(other.at) {}
  coroutine_handle(void *p) : at(p) {}
};
} // namespace std
struct Wait {
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) noexcept {}
  void await_resume() noexcept {}
};
struct Numbers {
  struct promise_type {
    int value;
    Numbers get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    Wait initial_suspend() { return {}; }
    Wait final_suspend() noexcept { return {}; }
    Wait yield_value(int v) {
      value = v;
      return {};
    }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};
alignas(16) static char heap[1024];
static unsigned used;
void *operator new(decltype(sizeof 0) size) {
  void *p = heap + used;
  used += size;
  return p;
}
void operator delete(void *) noexcept {}
void operator delete(void *, decltype(sizeof 0)) noexcept {}
extern "C" __attribute__((noinline)) int next(Numbers *numbers) {
  numbers->handle.resume();
  return numbers->handle.promise().value;
}
