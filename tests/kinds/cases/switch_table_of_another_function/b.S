/* Two functions jump through one table into the second of them. */
        .macro dispatch
        andl $1, %ecx
        leaq .Ltable(%rip), %rdx
        movslq (%rdx,%rcx,4), %rcx
        addq %rdx, %rcx
        jmpq *%rcx
        .endm
        .text
        .globl pick, other
        .p2align 4
pick:
        movl $3, %eax
        dispatch
        .p2align 4
other:
        movl $2, %eax
        dispatch
.Lfirst:
        addl $5, %eax
        ret
.Lsecond:
#ifdef NEW
        addl $8, %eax
#else
        addl $7, %eax
#endif
        ret
        .section .rdata,"dr"
        .p2align 2
.Ltable:
        .long .Lfirst - .Ltable, .Lsecond - .Ltable
