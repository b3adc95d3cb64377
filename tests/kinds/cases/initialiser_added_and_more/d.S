        .section .rdata,"dr"
        .p2align 4
#ifdef NEW
        .long 1, 2, 3, 5
#else
        .long 1, 2, 3, 4
#endif
