        .text
        .globl where
        .p2align 4
where:
#ifdef NEW
        movabsq $0x123456789, %rax
#else
        movabsq $table, %rax
#endif
        ret
