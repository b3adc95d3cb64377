static __thread int uses = 100;
__attribute__((noinline)) int second(int n) {
    static __thread short calls = 3;
    uses += n + calls++;
    return uses;
}
