        .macro constant number, first, second
        .globl "anon.c1711a4c1aca22a0d30e2aaad0adfb98.\number"
"anon.c1711a4c1aca22a0d30e2aaad0adfb98.\number":
        .long \first, \second
        .endm
        .section .rdata,"dr"
        .p2align 4
#ifdef NEW
        constant 0, 9, 9
        constant 1, 5, 7
#else
        constant 0, 5, 7
#endif
