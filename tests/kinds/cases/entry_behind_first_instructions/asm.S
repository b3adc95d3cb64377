    .text
    .globl first
    .def first; .scl 2; .type 32; .endef
    .p2align 4
first:
    movq %rdi, 8(%rsp)
    movq %rsi, 16(%rsp)
    movq %rsp, %rax
.Lfirst_begin:
    movq %rcx, %rdi
    subq $24, %rsp
.Lfirst_body:
    leal 1(%rdi,%rdi), %eax
    addq $24, %rsp
.Lfirst_epilogue:
    movq 8(%rsp), %rdi
    movq 16(%rsp), %rsi
    ret
.Lfirst_end:
    .globl second
    .def second; .scl 2; .type 32; .endef
    .p2align 4
second:
    movq %rdi, 8(%rsp)
    movq %rsi, 16(%rsp)
    movq %rsp, %rax
.Lsecond_begin:
    movq %rcx, %rdi
    subq $24, %rsp
.Lsecond_body:
    leal 1(%rdi,%rdi), %eax
    addq $24, %rsp
.Lsecond_epilogue:
    movq 8(%rsp), %rdi
    movq 16(%rsp), %rsi
    ret
.Lsecond_end:
    .globl third
    .def third; .scl 2; .type 32; .endef
    .p2align 4
third:
    movq %rdi, 8(%rsp)
    movq %rsi, 16(%rsp)
    movq %rsp, %rax
.Lthird_begin:
    movq %rcx, %rdi
    subq $24, %rsp
.Lthird_body:
#ifdef NEW
    leal 2(%rdi,%rdi), %eax
#else
    leal 1(%rdi,%rdi), %eax
#endif
    addq $24, %rsp
.Lthird_epilogue:
    movq 8(%rsp), %rdi
    movq 16(%rsp), %rsi
    ret
.Lthird_end:
    .def handler; .scl 3; .type 32; .endef
    .p2align 4
handler:
    movl $1, %eax
    ret
    .section .pdata,"dr"
    .p2align 2
    .rva .Lfirst_begin, .Lfirst_end, .Lfirst_info
    .rva .Lsecond_begin, .Lsecond_end, .Lsecond_info
    .rva .Lthird_begin, .Lthird_end, .Lthird_info
    .section .xdata,"dr"
    .p2align 3
.Lfirst_info:
    .byte 9, 0, 0, 0
    .rva handler
    .rva .Lfirst_body, .Lfirst_epilogue
.Lsecond_info:
    .byte 9, 0, 0, 0
    .rva handler
    .rva .Lsecond_body, .Lsecond_epilogue
.Lthird_info:
    .byte 9, 0, 0, 0
    .rva handler
    .rva .Lthird_body, .Lthird_epilogue
