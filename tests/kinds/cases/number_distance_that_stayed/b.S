	.text
	.globl first
	.p2align 4
first:
Lfirst:
#ifdef NEW
	lea 2(%rcx,%rcx,2), %eax
#else
	lea 1(%rcx,%rcx,2), %eax
#endif
	ret
	.p2align 4
	.globl second
second:
Lsecond:
	lea 7(%rcx), %eax
	ret
#ifdef NEW
	.p2align 4
	.globl place
place:
	lea first(%rip), %rax
	add $(Lsecond - Lfirst), %rax
	ret
#endif
