extern "C" {
int __CxxFrameHandler3(void *, void *, void *, void *) { return 1; }
void __std_terminate() {}
}
extern "C" int work(int);
extern "C" volatile int caught;
extern "C" __attribute__((noinline)) int guarded(int a) {
  int before = work(a);
  try {
    return work(before) + 1;
  } catch (...) {
    caught = caught + 1;
    return -1;
  }
}
