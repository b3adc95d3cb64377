	.text
	.globl before, work, behind
	.p2align 4
before:
	mov %ecx, %eax
	.rept 60
	add $3, %eax
	.endr
	ret
work:
#ifdef NEW
	lea 2(%rcx), %eax
#else
	lea 1(%rcx), %eax
#endif
	ret
behind:
	mov %ecx, %eax
	.rept 60
	add $5, %eax
	.endr
	ret
