// Computed goto over a table of labels.
%const static const unsigned char @code[8] = { 0, 1, 2, {{init:1 ~~ 2}}, 0, 2, 1, 3 };
%fn NOINLINE int @run_code(const unsigned char *code, int value)
{
    static const void *const labels[] = { &&add, &&mul, &&sub, &&end };
    goto *labels[*code++];
add:
    value += {{const:5 ~~ 6}};
    goto *labels[*code++];
mul:
    value {{op:*= ~~ ^=}} 3;
    goto *labels[*code++];
sub:
    value -= 7;
    {{stmt:value ^= 1; ~~ }}
    goto *labels[*code++];
end:
    return value;
}
%fn EXPORT int @run(int round)
{
    return @run_code(@code, hidden(round));
}
