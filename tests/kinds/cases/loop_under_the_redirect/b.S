	.text
	.globl work
	.p2align 4
work:
	jrcxz 1f
	lea 1(%rcx,%rcx,2), %eax
	add $0x101, %eax
	ret
1:
#ifdef NEW
	mov $6, %eax
#else
	mov $5, %eax
#endif
	ret
