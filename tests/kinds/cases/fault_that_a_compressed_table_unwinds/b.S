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
	.seh_handler __CxxFrameHandler4, @except, @unwind
	.seh_handlerdata
	.rva .Linfo
	.text
	.seh_endproc
	.section .xdata$x, "dr"
	.p2align 2
.Linfo:
	.byte 0x08
	.rva .Lunwind
	.rva .Lstates
.Lunwind:
	.byte 2, 8
.Lstates:
	.byte 2, 0, 2
