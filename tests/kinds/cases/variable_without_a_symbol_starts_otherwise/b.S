	.data
	.p2align 4
Lstate:
#ifdef NEW
	.long 9, 0, 0, 0
#else
	.long 7, 0, 0, 0
#endif
	.text
	.globl next
	.p2align 4
next:
	mov Lstate(%rip), %eax
	incl Lstate(%rip)
	ret
