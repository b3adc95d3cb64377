#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
namespace { struct Base { virtual int f(int k) { return k; } }; struct Derived : Base { int n; int f(int k) override { return k + n; } }; Derived d; Base *b = &d; }
extern "C" NOINLINE int work(int k) { return b->f(k) + OLD_NEW(1, 2); }
extern "C" int start() { return work(3); }
extern "C" void *type_info_vtable[4] asm("??_7type_info@@6B@") = {};
extern "C" int _purecall() { return 0; }
