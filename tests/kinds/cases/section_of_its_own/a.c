#define SHARED __attribute__((section(".shared")))
SHARED volatile int users = 3;
#ifdef NEW
SHARED volatile int guests = 4;
#endif
__attribute__((noinline)) int count(void) {
#ifdef NEW
    return users + guests;
#else
    return users;
#endif
}
int start(void) { return count(); }
