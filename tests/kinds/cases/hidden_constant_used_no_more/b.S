        .text
        .globl look
        .p2align 4
look:
#ifdef NEW
        movl $3, %eax
        nop
#else
        movl .Ltable+8(%rip), %eax
#endif
        ret
        .section .rdata,"dr"
        .p2align 4
        .long 71, 72, 73, 74
.Ltable:
        .long 1001, 1002, 1003, 1004
