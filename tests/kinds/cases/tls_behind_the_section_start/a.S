# A template that begins in the middle of its section, with records and code that count as
# LLVM has it: records from the section, code from the template.
    .macro TLS_BASE register
    movl _tls_index(%rip), %eax
    movq %gs:88, %\register
    movq (%\register,%rax,8), %\register
    .endm

    .text
    .globl take, give, start
    .p2align 4
take:
    TLS_BASE rdx
    addl %ecx, second-template(%rdx)
    movl second-template(%rdx), %eax
#ifdef NEW
    imull $5, %eax, %eax
#endif
    retq
.Ltake_end:
    .p2align 4
give:
    TLS_BASE rdx
    subl %ecx, first-template(%rdx)
    movl first-template(%rdx), %eax
    leal (%rax,%rax,2), %eax
    retq
.Lgive_end:
    .p2align 4
start:
    .seh_proc start
    subq $40, %rsp
    .seh_stackalloc 40
    .seh_endprologue
    movl $3, %ecx
    callq take
    movl $1, %ecx
    callq take
    movl %eax, 32(%rsp)
    movl $2, %ecx
    callq give
    addl 32(%rsp), %eax
    addq $40, %rsp
    retq
    .seh_endproc
.Lstart_end:

    .section .rdata,"dr"
    .zero 64
    .p2align 4
template:
    .zero 96
#ifdef NEW
second:
    .long 7
    .long 0
first:
    .long 5
#else
first:
    .long 5
second:
    .long 7
    .long 0
#endif
    .zero 96
template_end:
    .section .rdata,"dr"
    .p2align 3
    .globl _tls_used
_tls_used:
    .quad template, template_end, _tls_index, 0
    .long 0, 0

    .bss
    .globl _tls_index
    .p2align 2
_tls_index:
    .long 0

    .macro PROCEDURE name, end, kind=4423
    .short 2f-1f
1:  .short \kind
    .long 0, 0, 0, \end-\name, 0, 0, 0
    .secrel32 \name
    .secidx \name
    .byte 128
    .asciz "\name"
    .p2align 2
2:  .short 2, 4431
    .endm
    .macro THREAD name
    .short 2f-1f
1:  .short 4371
    .long 116
    .secrel32 \name
    .secidx \name
    .asciz "\name"
    .p2align 2
2:
    .endm

    .section .debug$S,"dr"
    .p2align 2
    .long 4, 241, 4f-3f
3:
    PROCEDURE take, .Ltake_end
    PROCEDURE give, .Lgive_end
    PROCEDURE start, .Lstart_end
    THREAD first
    THREAD second
4:
