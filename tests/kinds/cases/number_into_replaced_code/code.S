        .section .rdata,"dr"
        .p2align 2
        .long 0
        .globl landing
landing:
        .long 1f - landing, 2f - landing
        .text
        .globl twice
        .def twice; .scl 2; .type 32; .endef
        .p2align 4
        .seh_proc twice
twice:
        .seh_endprologue
        testl %ecx, %ecx
        js 2f
1:      leal (%rcx,%rcx), %eax
        nopl 8(%rax)
        ret
#ifdef NEW
2:      movl $41, %eax
#else
2:      movl $40, %eax
#endif
        ret
        .seh_endproc
        .globl enter
        .def enter; .scl 2; .type 32; .endef
        .p2align 4
        .seh_proc enter
enter:
        .seh_endprologue
        leaq landing(%rip), %rax
        movslq 4(%rax), %rdx
        addq %rdx, %rax
        jmpq *%rax
        nopl 8(%rax)
        .seh_endproc
