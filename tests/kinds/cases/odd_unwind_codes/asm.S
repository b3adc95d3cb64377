    .text
    .globl doubled
    .def doubled; .scl 2; .type 32; .endef
    .p2align 4
doubled:
.Lbegin:
    pushq %rbx
.Lpushed:
    leal 3(%rcx,%rcx), %eax
    popq %rbx
    ret
.Lend:
    .section .pdata,"dr"
    .p2align 2
    .rva .Lbegin, .Lend, .Linfo
    .section .xdata,"dr"
    .p2align 2
.Linfo:
    .byte 1, .Lpushed - .Lbegin, 1, 0
    .byte .Lpushed - .Lbegin, 0x30
