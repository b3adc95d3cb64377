	.section .tls$,"dw"
	.p2align 2
Lhidden:
#ifdef NEW
	.long 9, 0
#else
	.long 7, 0
#endif
	.text
	.globl hidden
	.p2align 4
hidden:
	movl _tls_index(%rip), %eax
	movq %gs:0x58, %rcx
	movq (%rcx,%rax,8), %rcx
	movl Lhidden@SECREL32(%rcx), %eax
	ret
