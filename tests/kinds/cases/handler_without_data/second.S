    .text
    .globl second
    .def second; .scl 2; .type 32; .endef
    .p2align 4
second:
.Lbegin:
    pushq %rbx
    leal 5(%rcx,%rcx), %eax
    popq %rbx
    ret
.Lend:
    .def handler; .scl 3; .type 32; .endef
    .p2align 4
handler:
    movl $1, %eax
    ret
    .section .pdata,"dr"
    .p2align 2
    .rva .Lbegin, .Lend, .Linfo
    .section .xdata,"dr"
    .p2align 2
.Linfo:
    .byte 9, 5, 0, 0
    .rva handler
