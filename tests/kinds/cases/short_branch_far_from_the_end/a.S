    .text
    .globl other
    .def other; .scl 2; .type 32; .endef
other:
9:
    leal 7(%rcx), %eax
    ret
    .balign 16
    .globl long_one
    .def long_one; .scl 2; .type 32; .endef
long_one:
    testl %ecx, %ecx
#ifdef NEW
    jle 9b
#else
    jl 9b
#endif
    nopl 8(%rax)
    cmpl $100, %ecx
    ja 1f
    jmp 2f
    .balign 32
1:
    subl $100, %ecx
    .rept 40
    addl $3, %ecx
    nopl 8(%rax)
    .endr
2:
    movl %ecx, %eax
    ret
    .globl behind
    .def behind; .scl 2; .type 32; .endef
behind:
    xorl %eax, %eax
    ret
