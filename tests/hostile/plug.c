/* A library that is loaded and unloaded while it is patched. Compiled with FIX 0 and 1. */
static volatile int factor = 10;

__declspec(dllexport) __attribute__((noinline)) int plug(int number)
{
    return number * factor + FIX;
}
