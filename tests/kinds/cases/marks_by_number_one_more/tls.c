__asm__(".section .tls,\"dw\"\n_tls_start: .quad 0\n.section .tls$ZZZ,\"dw\"\n_tls_end: .quad 0\n"
        ".section .rdata,\"dr\"\n.p2align 3\n.globl _tls_used\n"
        "_tls_used: .quad _tls_start, _tls_end, _tls_index, 0\n.long 0, 0\n"
        ".data\n.globl _tls_index\n_tls_index: .long 0\n.text");
