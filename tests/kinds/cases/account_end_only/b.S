        .globl sum_back
        .text
sum_back:
        leaq .Lend(%rip), %rdx
        xorl %eax, %eax
1:      addl -4(%rdx), %eax
        subq $4, %rdx
        subl $1, %ecx
        jnz 1b
        ret
        .section .rdata,"dr"
        .p2align 2
#ifdef NEW
        .long 1, 2, 4
#else
        .long 1, 2, 3
#endif
.Lend:
        .long 9
