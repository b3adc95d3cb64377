#ifdef NEW
#define V(old, new) new
#else
#define V(old, new) old
#endif


const int letters[26] __attribute__((used)) = { 31, 28, 33, 30 };
struct table { const int *by_letter; int more; };
const struct table tables[2] = { { letters - 'A', V(1, 2) }, { letters - 'A' + 1, 3 } };
__attribute__((noinline)) int value(unsigned which, int letter) {
    return tables[which].by_letter[letter] + tables[which].more;
}
volatile int one = 1;
int start(void) { return value(one, 'A' + one) * 2 + value(one - 1, 'B'); }
