volatile int one = 1;
int all(int a) {
    auto x = [](int v) { static int n; n += v; return n; };
    auto y = [](int v) { static int n; n += v; return n; };
    auto z = [](int v) {
#ifdef NEW
        return v * 3;
#else
        return v * 2;
#endif
    };
    return x(a) + y(a * 2) * 3 + z(a);
}
extern "C" int start() { all(one); return all(one); }
extern "C" int _fltused = 0;
