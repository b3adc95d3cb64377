    .text
    .globl mix
    .def mix; .scl 2; .type 32; .endef
    .p2align 4
mix:
    leaq .Ltable(%rip), %rax
    andl $7, %ecx
    movl (%rax,%rcx,4), %eax
    ret
    .p2align 4
.Ltable:
#ifdef NEW
    .long 1, 2, 3, 44, 5, 6, 7, 8
#else
    .long 1, 2, 3, 4, 5, 6, 7, 8
#endif
    .globl other
    .def other; .scl 2; .type 32; .endef
    .p2align 4
other:
    leal 1(%rcx), %eax
    ret
