/* Test only: the one function of bcryptprimitives.dll that Rust's standard library
 * imports. Wine 8 does not have this DLL; newer versions do, and run.sh then leaves
 * theirs alone. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom, advapi32 */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return SystemFunction036(data, (ULONG)length);
}
