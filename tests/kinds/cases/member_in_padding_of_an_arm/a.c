struct call {
  char kind;
  union {
    struct {
      char *name;
      short family;
#ifdef NEW
      short flags;
#endif
      int port;
    } open;
    struct {
      long long length;
      long long offset;
    } send;
  } is;
};
struct call calls[2] = {{1, {.open = {.name = "x", .family = 2, .port = 30}}}, {2, {.send = {3, 4}}}};
int volatile which = 0;
__attribute__((noinline)) int run(struct call *call) {
  if (call->kind == 1) {
#ifdef NEW
    if (call->is.open.flags) return 0;
#endif
    return call->is.open.port;
  }
  return call->is.send.length;
}
int start(void) { return run(&calls[which]); }
