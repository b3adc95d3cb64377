struct Device {
  Device(int port);
#ifdef NEW
  int port;
#endif
  int status, errors;
};
Device *devices[2];
__attribute__((noinline)) int errors(Device *device) { return device->errors; }
__attribute__((noinline)) int count() {
  int all = 1;
  for (Device *device : devices)
    if (device) all += errors(device);
  return all;
}
extern "C" int start() { return count(); }
