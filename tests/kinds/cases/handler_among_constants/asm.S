    .text
    .globl scaled
    .def scaled; .scl 2; .type 32; .endef
    .p2align 4
scaled:
.Lbegin:
    pushq %rbx
.Lbody:
    leaq .Lnumbers(%rip), %rax
    andl $3, %ecx
    movl (%rax,%rcx,4), %eax
    popq %rbx
.Lepilogue:
    ret
.Lend:
    .globl restored
    .def restored; .scl 2; .type 32; .endef
    .p2align 4
restored:
    leal 1(%rcx), %eax
    ret
    .section .rodata
    .p2align 6
.Lnumbers:
    .long 3, 5, 7, 9
    .def handler; .scl 3; .type 32; .endef
    .p2align 4
handler:
    subq $40, %rsp
    leaq .Lnumbers(%rip), %rdx
    call restored
    leaq scaled(%rip), %r8
    movl $1, %eax
    addq $40, %rsp
    ret
    .section .pdata,"dr"
    .p2align 2
    .rva .Lbegin, .Lend, .Linfo
    .section .xdata,"dr"
    .p2align 3
.Linfo:
    .byte 9, 0, 0, 0
    .rva handler
    .rva .Lbody, .Lepilogue
