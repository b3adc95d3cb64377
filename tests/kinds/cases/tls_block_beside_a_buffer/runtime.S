# What a C runtime has for thread-local variables.
    .section .tls,"dw"
    .p2align 4
    .globl _tls_start
_tls_start:
    .quad 0, 0
    .section .tls$ZZZ,"dw"
    .globl _tls_end
_tls_end:
    .quad 0
    .bss
    .globl _tls_index
    .p2align 2
_tls_index:
    .long 0
    .section .rdata,"dr"
    .p2align 3
    .globl _tls_used
_tls_used:
    .quad _tls_start, _tls_end, _tls_index, 0
    .long 0, 0
