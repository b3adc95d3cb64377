// One-past-the-end pointers in initialisers and in state.
%let N = 2..7
%const static const int @words[$N] = { 11, {{init:12 ~~ 13}} };
%const static const int @more[3] = { {{init:5 ~~ 50}}, 6, 7 };
%const static const int *const @limits[2] = { @words + $N, @more + 3 };
%var static int @room[4];
%var static int *@at = @room;
%var static int *@end = @room + 4;
%var static int @tail = 3;
%fn NOINLINE int @push(int value)
{
    if (@at == @end) {
        @at = @room;
    }
    *@at++ = value {{op:+ ~~ -}} {{const:1 ~~ 2}};
    return @end - @at;
}
%fn NOINLINE int @all(const int *from, const int *to)
{
    int sum = 0;
    while (from != to) sum = sum * {{const:2 ~~ 3}} + *from++;
    return sum;
}
%fn EXPORT int @run(int round)
{
    emit(@push(round));
    emit(@push(@tail++));
    emit(@all(@more, @limits[1]));
    return @all(@words, @limits[0]) + @room[1] {{op:+ ~~ ^}} @room[2];
}
