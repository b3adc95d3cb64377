	.text
	.globl thunk
thunk:
	jmp __C_specific_handler
	.globl guarded
	.def guarded; .scl 2; .type 32; .endef
	.p2align 4
	.seh_proc guarded
guarded:
	push %rbx
	.seh_pushreg %rbx
	.seh_endprologue
	mov (%rcx), %eax
.Lfrom:
	add %eax, %eax
.Lto:
#ifdef NEW
	add $2, %eax
#else
	add $1, %eax
#endif
.Lout:
	pop %rbx
	ret
.Lcaught:
	mov $7, %eax
	jmp .Lout
	.seh_handler thunk, @except
	.seh_handlerdata
	.long 1
	.rva .Lfrom, .Lto
	.long 1
	.rva .Lcaught
	.text
	.seh_endproc
