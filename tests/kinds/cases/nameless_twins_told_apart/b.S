        .macro enter name
        .seh_proc \name
        subq $40, %rsp
        .seh_stackalloc 40
        .seh_endprologue
        .endm
        .macro leave
        addq $40, %rsp
        ret
        .seh_endproc
        .p2align 4
        .endm
        .text
        .globl more, less
        .p2align 4
more:
        enter more
        callq .Lone
        movl %eax, %ecx
#ifdef NEW
        callq .Ltwo
#else
        callq .Lone
#endif
        leave
less:
        enter less
        callq .Ltwo
        leave
.Lone:
        enter .Lone
        leal 1(%rcx), %eax
        addl $3, %eax
        leave
.Ltwo:
        enter .Ltwo
        leal 1(%rcx), %eax
        addl $3, %eax
        leave
        .globl last
last:
        ret
