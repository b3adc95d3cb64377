        .globl base_of
        .text
base_of:
        leaq __ImageBase(%rip), %rax
        pushq %rax
        popq %rcx
        movq %rcx, %rax
        ret
        .section .rdata,"dr"
        .globl distance
        .p2align 2
distance:
        .rva rates
