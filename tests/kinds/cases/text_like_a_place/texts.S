    .section .rdata,"dr"
    .balign 4
    .byte 0
table:
    .asciz "NaN"
digit:
    .asciz "0"
empty:
    .asciz ""
    .balign 16

    .text
    .globl text_of
    .def text_of; .scl 2; .type 32; .endef
text_of:
    leaq table(%rip), %rax
    leaq digit(%rip), %rdx
    leaq empty(%rip), %r8
    cmpl $1, %ecx
    cmoveq %rdx, %rax
    cmovgq %r8, %rax
    retq
