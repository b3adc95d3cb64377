	.text
	.globl "`changed'::`1'::dtor$2"
	.p2align 4
"`changed'::`1'::dtor$2":
#ifdef NEW
	mov 0xb0(%rdx), %rcx
#else
	mov 0xa8(%rdx), %rcx
#endif
	jmp changed
