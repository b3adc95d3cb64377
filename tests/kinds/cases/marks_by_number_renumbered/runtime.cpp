extern "C" thread_local int _Init_thread_epoch = -0x7fffffff;
extern "C" void _Init_thread_header(int *mark) {
  if (!*mark) *mark = -1;
}
extern "C" void _Init_thread_footer(int *mark) { *mark = -0x7fffffff; }
extern "C" void _Init_thread_abort(int *) {}
