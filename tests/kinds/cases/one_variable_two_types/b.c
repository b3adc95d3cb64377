typedef union { unsigned long long v; char pad[64]; } U;
__declspec(selectany) U cookie = { 5 };
__attribute__((noinline)) unsigned long long getb(void) { return cookie.v; }
