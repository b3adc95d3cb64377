#ifdef NEW
#define SECOND u"grEen"
#else
#define SECOND u"green"
#endif
static const unsigned short *const names[] = { u"red", SECOND, u"blue", u"black" };
__attribute__((noinline)) int letter(int name, int at) { return names[name][at]; }
volatile int one = 1;
int start(void) { return letter(one, 2) ^ letter(2, one) ^ letter(3, 0); }
