struct Meter {
    int tick(int a);
};
int Meter::tick(int a) {
#ifdef NEW
    if (a > 5) { static long seen; seen += a * 3; return (int)seen; }
    else { static long seen; seen -= a; return (int)seen; }
#else
    if (a <= 5) { static long seen; seen -= a; return (int)seen; }
    else { static long seen; seen += a; return (int)seen; }
#endif
}
volatile int one = 1;
extern "C" int start() { Meter m; return m.tick(one) + m.tick(one * 7) + 20; }
extern "C" int _fltused = 0;
