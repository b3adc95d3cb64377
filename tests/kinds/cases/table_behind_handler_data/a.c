int __CxxFrameHandler3(void *record, void *frame, void *context, void *dispatch) { return 1; }
/* A function with a handler, and its tables in front of those of this file. */
__asm__(
        ".text\n"
        ".globl guarded\n"
        ".def guarded; .scl 2; .type 32; .endef\n"
        ".p2align 4\n"
        ".seh_proc guarded\n"
        "guarded:\n"
        "push %rbx\n"
        ".seh_pushreg %rbx\n"
        ".seh_endprologue\n"
        "mov (%rcx), %eax\n"
        "add %eax, %eax\n"
        "add $1, %eax\n"
        "pop %rbx\n"
        "ret\n"
        ".seh_handler __CxxFrameHandler3, @except, @unwind\n"
        ".seh_handlerdata\n"
        ".rva .Linfo\n"
        ".text\n"
        ".seh_endproc\n"
        ".section .rdata, \"dr\"\n"
        ".p2align 2\n"
        ".Lunwind:\n"
        ".long -1\n"
        ".long 0\n"
        ".Lstates:\n"
        ".rva guarded\n"
        ".long 0\n"
        ".p2align 4\n"
        ".Linfo:\n"
        ".long 0x19930522\n"
        ".long 1\n"
        ".rva .Lunwind\n"
        ".long 0\n"
        ".long 0\n"
        ".long 1\n"
        ".rva .Lstates\n"
        ".long 0\n"
        ".long 0\n"
        ".long 1\n");
struct name { long long number, other; };
const struct name table[3] = {{1, 2}, {3, 4}, {5, 6}};
int value = 3;
int guarded(int *), changed(int);
const struct name *volatile current;
__attribute__((noinline)) void user(void) { current = table; }
__attribute__((noinline)) void other(int n) {
  if (n > 1)
    current = table;
}
int start(void) {
  user();
  other(value);
  return guarded(&value) + changed(2) + (int)current->other;
}
