/* What a compiler with a profile writes: what is rarely done lies elsewhere, and a record says
   whose it is. The part has two entries in the function table. */
  .text
  .globl classify
  .def classify; .scl 2; .type 32; .endef
  .p2align 4
classify:
  .seh_proc classify
  subq $40, %rsp
  .seh_stackalloc 40
  .seh_endprologue
  testl %ecx, %ecx
  js .Lcold
  leal 5(%rcx), %eax
.Lback:
  addq $40, %rsp
  ret
  .seh_endproc
.Lclassify_end:
  int3
  .p2align 4
.Lcold:
  .seh_proc .Lcold
  .seh_stackalloc 40
  .seh_endprologue
#ifdef NEW
  movl $9, %eax
#else
  movl $7, %eax
#endif
  cmpl $-3, %ecx
  jne .Lback
  .seh_endproc
.Lcolder:
  .seh_proc .Lcolder
  .seh_stackalloc 40
  .seh_endprologue
  addl $30, %eax
  jmp .Lback
  .seh_endproc
.Lcold_end:
  int3

  .section .debug$S, "dr"
  .p2align 2
  .long 4
  .long 0xf1, .Lsymbols_end - .Lsymbols
.Lsymbols:
  .short .Lproc_end - .Lproc
.Lproc:
  .short 0x1110 /* S_GPROC32 */
  .long 0, 0, 0, .Lclassify_end - classify, 0, .Lclassify_end - classify, 0
  .secrel32 classify
  .secidx classify
  .byte 0
  .asciz "classify"
.Lproc_end:
  .short 2, 6 /* S_END */
  .short 30, 0x1132 /* S_SEPCODE; LLVM's linker leaves it empty, case.toml says the rest */
  .fill 28, 1, 0
  .short 2, 6
.Lsymbols_end:
  .p2align 2
