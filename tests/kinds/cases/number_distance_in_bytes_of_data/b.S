	.section .rdata,"dr"
	.globl ways
ways:
	.byte 0, Lsecond - Lfirst, Lthird - Lfirst, 0
	.text
	.globl first, second, third, run
	.p2align 4
first:
Lfirst:
	mov $1, %eax
#ifdef NEW
	lea 1(%rax,%rax), %eax
	lea 2(%rax,%rax), %eax
	lea 3(%rax,%rax), %eax
	lea 4(%rax,%rax), %eax
#endif
	ret
	.p2align 4
second:
Lsecond:
	mov $5, %eax
	ret
	.p2align 4
third:
Lthird:
	mov $7, %eax
	ret
	.p2align 4
run:
	lea first(%rip), %rax
	add %rcx, %rax
	jmp *%rax
