/* What a compiler with a profile writes: what a __finally block rarely does lies elsewhere, and
   a record says whose it is. */
  .text
  .globl guarded
  .def guarded; .scl 2; .type 32; .endef
  .p2align 4
guarded:
  .seh_proc guarded
  subq $40, %rsp
  .seh_stackalloc 40
  .seh_endprologue
.Lfrom:
  movl (%rcx), %eax
  nop
.Lto:
  addq $40, %rsp
  ret
  .seh_handler __C_specific_handler, @unwind, @except
  .seh_handlerdata
  .long 1
  .rva .Lfrom, .Lto, "?fin$0@0@guarded@@"
  .long 0
  .text
  .seh_endproc
.Lguarded_end:
  int3

  .globl "?fin$0@0@guarded@@"
  .def "?fin$0@0@guarded@@"; .scl 2; .type 32; .endef
  .p2align 4
"?fin$0@0@guarded@@":
  .seh_proc "?fin$0@0@guarded@@"
  subq $40, %rsp
  .seh_stackalloc 40
  .seh_endprologue
  testl %ecx, %ecx
  jne .Lcold
.Lback:
  addq $40, %rsp
  ret
  .seh_endproc
.Lfin_end:
  int3
  .p2align 4
.Lcold:
  .seh_proc .Lcold
  .seh_stackalloc 40
  .seh_endprologue
#ifdef NEW
  movl $9, undone(%rip)
#else
  movl $7, undone(%rip)
#endif
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
  .long 0, 0, 0, .Lguarded_end - guarded, 0, .Lguarded_end - guarded, 0
  .secrel32 guarded
  .secidx guarded
  .byte 0
  .asciz "guarded"
.Lproc_end:
  .short 2, 6 /* S_END */
  .short .Lproc2_end - .Lproc2
.Lproc2:
  .short 0x1110
  .long 0, 0, 0, .Lfin_end - "?fin$0@0@guarded@@", 0, .Lfin_end - "?fin$0@0@guarded@@", 0
  .secrel32 "?fin$0@0@guarded@@"
  .secidx "?fin$0@0@guarded@@"
  .byte 0
  .asciz "guarded$fin$0"
.Lproc2_end:
  .short 2, 6
  .short 30, 0x1132 /* S_SEPCODE; LLVM's linker leaves it empty, case.toml says the rest */
  .fill 28, 1, 0
  .short 2, 6
.Lsymbols_end:
  .p2align 2
