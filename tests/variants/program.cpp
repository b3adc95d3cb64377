// What every variant is built of. With FIX three functions differ: `parse`, `Derived::get`
// (and the thunk that has its code inlined) and `local_reader`. With FIX_SAME it is one of
// two dozen identical functions, `same_13`.
extern "C" {
__declspec(dllimport) unsigned long GetTickCount(void);
__declspec(dllimport) unsigned long GetCurrentProcessId(void);
extern volatile int sink;
int through_thunk(int value);
void *opaque(void *place);
int start(void);
}

#ifdef FIX
#define LIMIT 64
#else
#define LIMIT 65
#endif

// With INLINED `local_reader` is inlined into `dispatch` and `start`; it also stays a function.
#ifdef INLINED
#define LOCAL inline __forceinline
#else
#define LOCAL __declspec(noinline)
#endif

#define KEEP extern "C" __declspec(noinline)

thread_local int depth = 3;
int table[8] = {1, 1, 2, 3, 5, 8, 13, 21};

static LOCAL int local_reader(int at);

KEEP int parse(const char *text, int length) {
    int sum = 0;
    for (int i = 0; i < length && i < LIMIT; i++)
        sum += text[i] * table[i & 7];
    return sum + depth;
}

KEEP const char *name_of(int kind) {
    switch (kind) {
    case 0: sink = 1; return "zero";
    case 1: sink = 7; return "one";
    case 2: sink = 9; return "two";
    case 3: sink = 4; return "three";
    case 4: sink = 2; return "four";
    case 5: sink = 3; return "five";
    default: return "many";
    }
}

KEEP int dispatch(int kind, int value) {
    switch (kind) {
    case 10: return parse("ten", value);
    case 11: sink = value; return (int)GetTickCount();
    case 12: return (int)GetCurrentProcessId() + value;
    case 13: return through_thunk(value) + 1;
    case 14: depth += value; return depth;
    case 15: return name_of(value)[0];
    case 16: return local_reader(value);
    default: return -1;
    }
}

// A virtual base that is overridden and has a constructor: calls on it adjust `this` by a
// displacement that is stored in the object (vtordisp).
struct Base {
    int value;
    Base();
    __declspec(noinline) virtual int get(int by);
    __declspec(noinline) virtual int put(int by);
};
struct Derived : virtual Base {
    int own;
    Derived();
    __declspec(noinline) int get(int by) override;
    __declspec(noinline) int put(int by) override;
};
Base::Base() : value(sink) { get(1); }
Derived::Derived() : own(2) { put(2); }
int Base::get(int by) { return value + by; }
int Base::put(int by) { return value = by; }
int Derived::get(int by) { return own * by + LIMIT; }
int Derived::put(int by) { return own += by; }

// Identical functions, which /opt:icf folds.
#ifdef FIX_SAME
#define FACTOR(n) (n == 13 ? 19 : 17)
#else
#define FACTOR(n) 17
#endif
#define SAME(n) KEEP int same_##n(int a) { return a * FACTOR(n) + (a ^ 5); }
#define SAMES(n) SAME(n##0) SAME(n##1) SAME(n##2) SAME(n##3) SAME(n##4) SAME(n##5) SAME(n##6) SAME(n##7)
SAMES(1) SAMES(2) SAMES(3)
#define CALL(n) sink += same_##n(sink);
#define CALLS(n) CALL(n##0) CALL(n##1) CALL(n##2) CALL(n##3) CALL(n##4) CALL(n##5) CALL(n##6) CALL(n##7)

typedef int (*Handler)(int);
static int twice(int value) { return value * 2 + sink; }
static int thrice(int value) { return value * 3 - sink; }
Handler handlers[3] = {twice, thrice, local_reader};

int start(void) {
    CALLS(1) CALLS(2) CALLS(3)
    Derived derived;
    Base *base = (Base *)opaque((Base *)&derived);
    sink += dispatch(sink, base->get(1) + base->put(2)) + handlers[sink % 3](sink);
    return local_reader(sink);
}

static LOCAL int local_reader(int at) {
    static int seen = 40;
    seen += LIMIT;
    return table[at & 7] + seen;
}
