#ifdef NEW
#define PART 12
#define TEXT "2.5.12"
#define RATE 7
#else
#define PART 11
#define TEXT "2.5.11"
#define RATE 5
#endif
const char *volatile shown;
__attribute__((noinline)) void address(void) { shown = "10.1" TEXT; }
__attribute__((noinline)) void name(void) { shown = TEXT "0"; }
__attribute__((noinline)) void file(void) { shown = "lib" TEXT; }
__attribute__((noinline)) void agent(void) { shown = "v" TEXT "."; }
int start(void) {
    address();
    name();
    file();
    agent();
    return shown[5];
}
