// The block is kept in the frame, beside a variable whose address is handed out.
    .text
    .globl look
    .p2align 4
    .seh_proc look
look:
    subq $56, %rsp
    .seh_stackalloc 56
    .seh_endprologue
    movl _tls_index(%rip), %eax
    movq %gs:0x58, %rdx
    movq (%rdx,%rax,8), %rax
    movq %rax, 32(%rsp)
    leaq 40(%rsp), %rcx
    call fill
    movq 32(%rsp), %rax
    movl first@SECREL32(%rax), %eax
    addq $56, %rsp
    ret
    .seh_endproc
