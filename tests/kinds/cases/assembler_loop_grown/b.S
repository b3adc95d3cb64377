	.text
	.globl sum
	.p2align 4
sum:
	xor %eax, %eax
.Lagain:
	add %ecx, %eax
#ifdef NEW
	lea 1(%rax,%rcx,2), %eax
	lea 2(%rax,%rcx,4), %eax
	lea 3(%rax,%rcx,8), %eax
	lea 4(%rax,%rcx,2), %eax
#endif
	dec %ecx
	jnz .Lagain
	ret
	.p2align 4
	.globl second
second:
	lea 7(%rcx), %eax
	ret
