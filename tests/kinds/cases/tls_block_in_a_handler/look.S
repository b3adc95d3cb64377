// What handles an exception of the call uses the block that was found before it.
    .text
    .globl look
    .p2align 4
    .seh_proc look
look:
    pushq %rbx
    .seh_pushreg %rbx
    subq $48, %rsp
    .seh_stackalloc 48
    .seh_endprologue
    movl _tls_index(%rip), %eax
    movq %gs:0x58, %rdx
    movq (%rdx,%rax,8), %rbx
    leaq 40(%rsp), %rcx
    call fill
    movl first@SECREL32(%rbx), %eax
    jmp 1f
    movl second@SECREL32(%rbx), %eax
1:
    addq $48, %rsp
    popq %rbx
    ret
    .seh_endproc
