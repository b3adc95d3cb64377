struct line { int length; };
void *current;
static long long memory[2];
__attribute__((noinline)) void *room(void) { return memory; }
void set(void);
int only_y(void);
int length(struct line *);
volatile int two_more = 2;
int start(void) {
    struct line line = { two_more };
    set();
    return only_y() + length(&line);
}
