        // As GNU import libraries have it: an object file with the jump.
#ifdef NEW
        .text
        .globl GetCurrentProcessId
GetCurrentProcessId:
        jmp *__imp_GetCurrentProcessId(%rip)
        nop
        nop
#endif
