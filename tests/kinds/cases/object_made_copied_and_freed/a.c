typedef unsigned long long size_t;
static char heap[4096];
static size_t used;
__attribute__((noinline)) void *malloc(size_t size) { used += size; return heap + used - size; }
__attribute__((noinline)) void free(void *memory) { used -= memory == heap; }
__attribute__((noinline)) void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i < size; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}
struct names { int first, second; };
struct session {
  int kind;
#ifdef NEW
  short limit;
  const struct session *before;
  struct names names;
#else
  int obsolete;
#endif
  char text[60];
  int count;
};
__attribute__((noinline)) struct session *make(void) {
  struct session *made = malloc(sizeof *made);
  made->count = 1;
#ifdef NEW
  made->limit = 5;
#else
  made->obsolete = 3;
#endif
  return made;
}
__attribute__((noinline)) void copy(struct session *to, const struct session *from) {
  memcpy(to, from, sizeof *to);
}
__attribute__((noinline)) void drop(struct session *session) { free(session); }
__attribute__((noinline)) int look(const struct session *session) { return session->kind; }
int start(void) {
  struct session *one = make(), *two = make();
  copy(one, two);
  int kind = look(one);
  drop(two);
  return kind;
}
