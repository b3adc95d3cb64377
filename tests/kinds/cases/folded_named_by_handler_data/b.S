	.text
	.globl user
	.def user; .scl 2; .type 32; .endef
	.p2align 4
	.seh_proc user
user:
	sub $40, %rsp
	.seh_stackalloc 40
	.seh_endprologue
	call first
	add $1, %eax
	add $40, %rsp
	ret
	.seh_handler __CxxFrameHandler4, @except, @unwind
	.seh_handlerdata
	.rva .Linfo
	.text
	.seh_endproc
	.section .xdata$x, "dr"
.Linfo:
	.byte 0x28
	.rva .Lunwind
	.rva .Lstates
.Lunwind:
	.byte 2, 10
	.rva second
	.byte 64
.Lstates:
	.byte 2, 0, 2
