volatile int left;
struct part {
    int value;
#ifndef NEW
    ~part() { left = left + value; }
#endif
};
struct row { part first, second; };
__attribute__((noinline)) int sum(row *rows) { return rows->first.value + rows->second.value; }
volatile int two = 2;
__attribute__((noinline)) int work() {
    row one{{two}, {3}};
    return sum(&one);
}
extern "C" int start() { return work() + 1; }
