// A variable keeps its name and size, but is another type, or asks for more alignment.
%type union @bits { int i; float f; };
%var static {{retype#r:int ~~ float ~~ unsigned}} @value = 5;
%var static {{retype: ~~ const}} char *@text = (char *)"abcdef";
%var static {{align: ~~ __attribute__((aligned(16))) ~~ __attribute__((aligned(64)))}} int @four[4] = { 1, 2, 3, 4 };
%var static {{align:__attribute__((aligned(32))) ~~ }} short @eight[8] = { 8, 7, 6, 5, 4, 3, 2, 1 };
%const static const {{align: ~~ __attribute__((aligned(32)))}} int @lookup[5] = { 5, {{init:4 ~~ 14}}, 3, 2, 1 };
%fn NOINLINE int @sum(int n)
{
    int sum = 0;
    for (int i = 0; i < 4; i++) { @four[i] += {{const:1 ~~ 2}}; sum += @four[i] * n; }
    for (int i = 0; i < 8; i++) { @eight[i] {{op:+= ~~ ^=}} 3; sum += @eight[i]; }
    return sum;
}
%fn EXPORT int @run(int round)
{
    @value = @value + 1;
    @text += 1;
    emit((int)@value);
    emit(*@text + @lookup[hidden(round)]);
    return @sum(hidden(round));
}
