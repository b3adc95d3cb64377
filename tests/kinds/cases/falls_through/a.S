    .text
    .globl checked
    .def checked; .scl 2; .type 32; .endef
    .p2align 4
checked:
    testl %ecx, %ecx
#ifdef NEW
    js 1f
    addl $2, %ecx
#else
    js 1f
    addl $1, %ecx
#endif
    leal (%rcx,%rcx), %ecx
    nop
1:
    .p2align 4
    .globl work
    .def work; .scl 2; .type 32; .endef
work:
    leal 1(%rcx,%rcx), %eax
    ret
