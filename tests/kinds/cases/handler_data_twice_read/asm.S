#ifdef NEW
#define LENGTH 6
#else
#define LENGTH 5
#endif
    .section .text$work,"xr"
    .globl work
    .def work; .scl 2; .type 32; .endef
    .p2align 4
work:
    leal LENGTH(%rcx), %eax
    ret
    nop
.Lend:
    .text
    .globl __gxx_personality_seh0
    .def __gxx_personality_seh0; .scl 2; .type 32; .endef
__gxx_personality_seh0:
    movl $1, %eax
    ret
    .macro information
    .byte 0x19, 0, 0, 0
    .rva __gxx_personality_seh0
    .byte 0xff, 0xff, 1, 4, 0, LENGTH, 0, 0
    .endm
    .section .pdata,"dr"
    .p2align 2
    .rva work, .Lend, .Linfo
    .section .xdata,"dr"
    .p2align 2
.Linfo:
    information
    .section .rdata$copy,"dr"
    .globl copy
    .p2align 2
copy:
    information
