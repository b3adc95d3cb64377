__declspec(selectany) unsigned long long cookie = 5;
__attribute__((noinline)) unsigned long long geta(void) { return cookie; }
unsigned long long getb(void);
int start(void) { return geta() + getb(); }
