static int calls;
int second(int);
__attribute__((noinline)) int first(int n) {
    calls += n;
    return second(calls);
}
int start(void) { return first(3); }
