	.text
	.globl before, first, second, behind
	.p2align 4
before:
	mov %ecx, %eax
	.rept 60
	add $3, %eax
	.endr
	ret
	nopw %cs:0(%rax,%rax)
	nopw %cs:0(%rax,%rax)
first:
	xor %eax, %eax
1:
	add %ecx, %eax
#ifdef NEW
	add $2, %eax
#else
	add $1, %eax
#endif
	dec %ecx
	jnz 1b
	ret
second:
	xor %eax, %eax
1:
	add %ecx, %eax
#ifdef NEW
	add $6, %eax
#else
	add $4, %eax
#endif
	dec %ecx
	jnz 1b
	ret
behind:
	mov %ecx, %eax
	.rept 60
	add $5, %eax
	.endr
	ret
