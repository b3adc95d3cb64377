	.text
	.globl work
	.p2align 4
work:
	xor %eax, %eax
	lea 1f(%rip), %r8
	lea (%r8,%rcx,4), %r8
	jmp *%r8
	.p2align 4
1:
	lea 1(%rax,%rax), %eax
	lea 2(%rax,%rax), %eax
	lea 3(%rax,%rax), %eax
	lea 4(%rax,%rax), %eax
#ifdef NEW
	add $5, %eax
#endif
	ret
