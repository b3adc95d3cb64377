	.section .rdata,"dr"
	.globl table
	.p2align 3
table:	.quad second
#ifdef NEW
	.quad 6
#else
	.quad 5
#endif
