	.text
	.globl block, look
	.p2align 4
block:
	movl _tls_index(%rip), %eax
	movq %gs:0x58, %rdx
	movq (%rdx,%rax,8), %rax
	ret
	.p2align 4
	.def look; .scl 2; .type 32; .endef
	.seh_proc look
look:
	subq $40, %rsp
	.seh_stackalloc 40
	.seh_endprologue
	call block
	movl first@SECREL32(%rax), %eax
	addq $40, %rsp
	ret
	.seh_endproc
