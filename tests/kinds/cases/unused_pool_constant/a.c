#ifdef NEW
#define FROM 77
#else
#define FROM 33
#endif
__attribute__((noinline)) int mixed(const unsigned char *text, int count) {
    int sum = FROM;
    for (int i = 0; i < count; i++) sum ^= text[i] * 3;
    for (int i = 0; i < count; i++) sum += text[i];
    return sum;
}
volatile int count = 21;
int start(void) { return mixed((const unsigned char *)"what is to be counted up", count); }
