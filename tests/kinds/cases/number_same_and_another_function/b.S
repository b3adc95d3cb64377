	.section .rdata,"dr"
	.globl table
	.p2align 2
#ifdef NEW
table:	.long first@IMGREL
#else
table:	.long second@IMGREL
#endif
	.text
	.p2align 4
#ifdef NEW
	.globl second
second:	lea 7(%rcx), %eax
	ret
	.p2align 4
	.globl first
first:	lea 3(%rcx), %eax
	ret
#else
	.globl first
first:	lea 3(%rcx), %eax
	ret
	.p2align 4
	.globl second
second:	lea 7(%rcx), %eax
	ret
#endif
