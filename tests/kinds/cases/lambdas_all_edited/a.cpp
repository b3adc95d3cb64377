#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif
volatile int one = 1;
int all(int a) {
#ifdef NEW
    auto w = [](int v) { return v * 7; };
    a += w(a);
#endif
    auto x = [](int v) { return v * V(2, 5); };
    auto y = [](int v) { return v * V(3, 6); };
    return x(a) + y(a * 2) * 3;
}
extern "C" int start() { return all(one); }
extern "C" int _fltused = 0;
