int give(int), take(int), work(int);
int _fltused = 1;
int __CxxFrameHandler3(void *a, void *b, void *c, void *d) { return 1; }
void _CxxThrowException(void *object, void *info) {}
void __std_terminate(void) {}
__asm__(".section .rdata,\"dr\"\n.globl \"??_7type_info@@6B@\"\n"
        "\"??_7type_info@@6B@\": .quad __std_terminate\n.text");
volatile int two = 2;
int start(void) { return give(two) + take(two) + work(two); }
