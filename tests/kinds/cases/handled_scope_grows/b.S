	.text
	.globl guarded
	.def guarded; .scl 2; .type 32; .endef
	.p2align 4
	.seh_proc guarded
guarded:
	push %rbx
	.seh_pushreg %rbx
	.seh_endprologue
.Lfrom:
	xor %eax, %eax
	test %rcx, %rcx
	mov (%rcx), %eax
	add %eax, %eax
.Lto:
	add $1, %eax
.Lout:
	pop %rbx
	ret
.Lcaught:
	mov $7, %eax
	jmp .Lout
	.seh_handler __C_specific_handler, @except
	.seh_handlerdata
	.long 1
#ifdef NEW
	.rva .Lfrom, .Lout
#else
	.rva .Lfrom, .Lto
#endif
	.long 1
	.rva .Lcaught
	.text
	.seh_endproc
