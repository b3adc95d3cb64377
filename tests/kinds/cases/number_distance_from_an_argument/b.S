	.text
	.globl first
	.p2align 4
first:
Lfirst:
#ifdef NEW
	lea 1(%rcx,%rcx,2), %eax
	lea 5(%rax,%rcx,4), %eax
	lea 6(%rax,%rcx,8), %eax
	lea 7(%rax,%rcx,2), %eax
	lea 8(%rax,%rcx,2), %eax
#else
	lea 3(%rcx), %eax
#endif
	ret
	.p2align 4
	.globl second
second:
Lsecond:
	lea 7(%rcx), %eax
	ret
	.p2align 4
	.globl place
place:
	mov %rcx, %rax
	add $(Lsecond - Lfirst), %rax
	ret
