    .text
    .globl mixed
    .def mixed; .scl 2; .type 32; .endef
    .p2align 4
mixed:
    leaq .Ltable(%rip), %rax
    andl $7, %ecx
    movl (%rax,%rcx,4), %eax
    ret
    .p2align 5
.Ltable:
    .long 0xe8117401, 0x0f747872, 0x12345678, 0xeb00ff15, 0x3d8d4848, 0x74657874, 0x7fe27aea, 0x44332211
    .asciz "mixed for x86-64, by nobody, so that texts lie between code"
    .p2align 4
    .globl about
    .def about; .scl 2; .type 32; .endef
about:
    leaq .Ltext(%rip), %rax
    ret
.Ltext:
    .asciz "tests try things that people write, just once"
