#ifdef NEW
#define ODD lambda_7
#define EVEN lambda_8
#else
#define ODD lambda_3
#define EVEN lambda_4
#endif
int ODD(int, int);
__attribute__((noinline)) int EVEN(int x, int d) { return x == 0 ? d : ODD(x - 1, d * 3) + 1; }
__attribute__((noinline)) int ODD(int x, int d) { return x == 0 ? -d : EVEN(x - 1, d + 5) - 2; }
__attribute__((noinline)) int work(int x) { return EVEN(x, 1) * 5; }
volatile int nine = 9;
int start(void) { return work(nine); }
