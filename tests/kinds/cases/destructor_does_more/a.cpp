volatile int left;
struct row {
    int value;
    ~row() {
#ifdef NEW
        left = left + value;
#endif
        left = left + 1;
    }
};
__attribute__((noinline)) void use(row *one) { one->~row(); }
volatile int two = 2;
__attribute__((noinline)) int work() {
    row one{two};
    use(&one);
    return left;
}
extern "C" int start() { return work() + 1; }
