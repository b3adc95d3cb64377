.section .rdata,"dr"
.globl table
.p2align 2
table: .byte 1
.long first@IMGREL
.long second@IMGREL
