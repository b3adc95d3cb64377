	.text
	.globl work
	.p2align 4
work:
	lea buffer(%rip), %rcx
	mov $16, %eax
	add (%rcx), %eax
#ifdef NEW
	add $2, %eax
#else
	add $1, %eax
#endif
	ret
	.data
	.globl buffer
	.p2align 4
buffer:
	.long 1, 2, 3, 4
