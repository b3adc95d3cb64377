extern volatile int seed;
struct Price {
    long long value;
    Price() : value(seed * 11) {}
};
thread_local Price low;
thread_local Price high;
extern "C" __attribute__((noinline)) int prices() { 
#ifdef NEW
    return low.value++ * 3 + high.value;
#else
    return low.value++ + high.value;
#endif
 }
