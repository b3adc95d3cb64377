	.text
	.globl before, work, behind
	.p2align 4
before:
	lea 3(%rcx), %eax
	ret
	.p2align 4
work:
	cld
1:
	dec %ecx
	jnz 1b
#ifdef NEW
	mov $6, %eax
#else
	mov $5, %eax
#endif
	ret
	.p2align 4
behind:
	lea 5(%rcx), %eax
	ret
