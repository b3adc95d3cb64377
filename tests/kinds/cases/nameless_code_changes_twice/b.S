#ifdef NEW
#define BY(old, new) $new
#else
#define BY(old, new) $old
#endif
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
        callq .Lmore
        leave
less:
        enter less
        callq .Lless
        leave
.Lmore:
        enter .Lmore
        leal 1(%rcx), %eax
        addl BY(1, 2), %eax
        leave
.Lless:
        enter .Lless
        leal 1(%rcx), %eax
        addl BY(3, 4), %eax
        leave
