struct Left { virtual int left(int); int l = 1; };
struct Right { virtual int right(int); int r = 2; };
struct Both : Left, Right { int left(int) override; int right(int) override; int b = 3; };
int Left::left(int x) { return x; }
int Right::right(int x) { return x; }
int Both::left(int x) { return x * 3 + b; }
int Both::right(int x) { return x * 5 + b; }
void *operator new(decltype(sizeof 0), void *p) { return p; }
alignas(16) static char room[128];
__attribute__((noinline)) Both *make(int x) {
    Both *both = new (room) Both;
#ifdef NEW
    both->b = x + 1;
#else
    both->b = x;
#endif
    return both;
}
__attribute__((noinline)) int ask(Left *l, Right *r) { return l->left(2) + r->right(3); }
volatile int one = 1;
extern "C" int start() { Both *b = make(one); return ask(b, b); }
extern "C" int _fltused = 0;
