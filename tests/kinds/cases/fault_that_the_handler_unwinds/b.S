	.text
	.globl guarded
	.def guarded; .scl 2; .type 32; .endef
	.p2align 4
	.seh_proc guarded
guarded:
	push %rbx
	.seh_pushreg %rbx
	.seh_endprologue
	mov (%rcx), %eax
	add %eax, %eax
#ifdef NEW
	add $2, %eax
#else
	add $1, %eax
#endif
	pop %rbx
	ret
	.seh_handler __CxxFrameHandler3, @except, @unwind
	.seh_handlerdata
	.rva .Linfo
	.text
	.seh_endproc
	.section .xdata$x, "dr"
	.p2align 2
.Linfo:
	.long 0x19930522
	.long 1
	.rva .Lunwind
	.long 0
	.long 0
	.long 1
	.rva .Lstates
	.long 0
	.long 0
	.long 0
.Lunwind:
	.long -1
	.long 0
.Lstates:
	.rva guarded
	.long 0
