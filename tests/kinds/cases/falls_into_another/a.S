    .text
    .macro first
    .globl one
    .def one; .scl 2; .type 32; .endef
one:
    leal 1(%rcx,%rcx), %eax
    ret
    .endm
    .macro second
    .globl two
    .def two; .scl 2; .type 32; .endef
two:
    leal 2(%rcx,%rcx), %eax
    ret
    .endm
#ifdef NEW
    first
#else
    second
#endif
    .globl checked
    .def checked; .scl 2; .type 32; .endef
checked:
    addl $1, %ecx
    addl $2, %ecx
    nop
#ifdef NEW
    second
#else
    first
#endif
