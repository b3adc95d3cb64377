        .section .rdata,"dr"
        .globl sizes
        .p2align 2
sizes:
        .rva price + 1
        .long 12
