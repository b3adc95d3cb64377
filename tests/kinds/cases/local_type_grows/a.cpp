#ifdef NEW
#define OLD_NEW(a, b) b
#else
#define OLD_NEW(a, b) a
#endif
#define NOINLINE __attribute__((noinline))
static void *kept;
extern "C" void keep(void *p) { kept = p; }
extern "C" NOINLINE int use(int k) {
  struct Local { OLD_NEW(short, int) n; int total; };
  Local *l = (Local *)kept;
  if (!l) return k;
  l->total += k;
  return l->total + l->n;
}
extern "C" int start() { keep(0); return use(3); }
