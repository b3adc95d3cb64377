	.text
	.globl first
	.p2align 4
first:
Lfirst:
	lea 1(%rcx,%rcx,2), %eax
#ifdef NEW
	lea 5(%rax,%rcx,4), %eax
	lea 6(%rax,%rcx,8), %eax
	lea 7(%rax,%rcx,2), %eax
	lea 8(%rax,%rcx,2), %eax
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
