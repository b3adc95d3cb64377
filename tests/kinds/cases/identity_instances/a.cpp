namespace {
template <typename T> __attribute__((noinline)) int add(T a) {
    static int n = 3;
#ifdef NEW
    n += (int)a + (int)sizeof(T);
#else
    n += (int)a;
#endif
    return n;
}
}
volatile int one = 1;
#ifdef NEW
__attribute__((noinline)) int second() { return add((char)one) + add((long long)one * 3); }
__attribute__((noinline)) int first() { return add(one) * 2; }
#else
__attribute__((noinline)) int first() { return add(one) * 2; }
__attribute__((noinline)) int second() { return add((char)one) + add((long long)one * 3); }
#endif
extern "C" int start() { first(); second(); return first() + second(); }
extern "C" int _fltused = 0;
