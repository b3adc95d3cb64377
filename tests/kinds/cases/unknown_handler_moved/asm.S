    .text
    .globl mix
    .def mix; .scl 2; .type 32; .endef
    .p2align 4
mix:
.Lbegin:
    pushq %rbx
.Lbody:
    leal 3(%rcx,%rcx), %eax
    movl %eax, %ebx
    popq %rbx
.Lepilogue:
    ret
.Lend:
    .def handler; .scl 3; .type 32; .endef
    .p2align 4
handler:
    movl $1, %eax
    ret
.Lhandler_end:
    .section .pdata,"dr"
    .p2align 2
    .rva .Lbegin, .Lend, .Linfo
    .section .xdata,"dr"
    .p2align 3
.Linfo:
    .byte 9, 0, 0, 0
    .rva handler
    .rva .Lbody, .Lepilogue
    .long 7
