// Arrays walked backwards, or by their end address only, with neighbours before and behind.
%let N = 3..9
%let A = 2..30
%const static const int @before[4] = { 1, 2, {{init:3 ~~ 30}}, 4 };
%const static const int @table[$N] = { $A, {{init:7 ~~ 8}}, 5 };
%const static const int @behind[3] = { 9, {{init:8 ~~ 88}}, 7 };
%var static int @sum;
%fn NOINLINE int @last(int count)
{
    const int *at = @table + $N;
    int sum = 0;
    while (count-- > 0) {
        sum = sum * 3 + *--at;
    }
    return sum {{op:+ ~~ -}} {{const:1 ~~ 2}};
}
%fn NOINLINE int @back(const int *at, const int *start)
{
    int sum = 0;
    while (at != start) {
        sum = sum {{const:* 5 ~~ * 7}} + *--at;
    }
    return sum;
}
%fn NOINLINE int @both(void)
{
    return @back(@before + 4, @before) {{op:^ ~~ +}} @back(@behind + 3, @behind);
}
%fn EXPORT int @run(int round)
{
    @sum += @last(hidden($N));
    emit(@sum);
    return @both() + @last(hidden(round)) + @table[hidden(1)];
}
