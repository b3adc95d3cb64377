#ifdef NEW
#define PART 12
#define TEXT "2.5.12"
#define RATE 7
#else
#define PART 11
#define TEXT "2.5.11"
#define RATE 5
#endif
#define STRING_(x) #x
#define STRING(x) STRING_(x)
const char about[] = "lib " TEXT "\0rate " STRING(RATE);
__attribute__((noinline)) int last(const char *text) {
    __asm__("" : "+r"(text));
    return text[sizeof about - 2] - '0';
}
__attribute__((noinline)) int show(void) { return last(about); }
int start(void) { return show(); }
