typedef decltype(sizeof 0) size_t;
static char heap[4096];
static size_t used;
__attribute__((noinline)) void *operator new(size_t size) { used += size; return heap + used - size; }
struct box {
  int kind, more[8];
#ifdef NEW
  int limit;
#endif
  __attribute__((noinline)) box(int kind) : kind(kind) {}
  __attribute__((noinline)) int look() const { return kind; }
};
__attribute__((noinline)) box *make(int kind) { return new box(kind); }
__attribute__((noinline)) box **list() { return new box *[4]; }
void *operator new[](size_t size) { return operator new(size); }
extern "C" int start() {
  box **boxes = list();
  boxes[0] = make(3);
  return boxes[0]->look();
}
