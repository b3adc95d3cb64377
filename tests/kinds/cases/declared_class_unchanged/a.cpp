struct Device {
  Device(int port);
  int status, errors;
};
struct Log { int lines, warnings, faults; };
Device *device;
Log log = {1, 2, 3};
Log *volatile current = &log;
__attribute__((noinline)) int errors(Device *d) { return d->errors; }
__attribute__((noinline)) int either(Device *d, Log *l) {
#ifdef NEW
  return d ? d->errors : l->faults;
#else
  return d ? d->status : l->warnings;
#endif
}
extern "C" int start() {
  return either(device, current) + (device ? errors(device) : 0);
}
