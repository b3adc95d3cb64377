// Static variables of blocks, several of one name; blocks change places, variables come and go.
%fn NOINLINE int @choose(int n)
{
    if (n & 1) {
        [[@odd: static int ?count = 10]]
        count += {{const:1 ~~ 2}};
        return count;
    } else {
        [[@even: static int ?count = 500]]
        count -= {{const:3 ~~ 4}};
        return count {{op:+ ~~ ^}} 1;
    }
}
%fn NOINLINE int @swap(int n)
{
    int result = 0;
    {{blocks#sw:{ [[@s1: static int ?seen]] seen += 3; result += seen; } ~~ { [[@s2: static int ?seen]] seen += 50; result += seen * 2; } }}
    {{blocks#sw:{ [[@s2: static int ?seen]] seen += 50; result += seen * 2; } ~~ { [[@s1: static int ?seen]] seen += 3; result += seen; } }}
    return result + n;
}
%fn NOINLINE int @fresh(int n)
{
    [[@f1: static int ?first = 1]]
    {{static: ~~ [[@f2: static int ?second]] second += n; first += second;}}
    {{static:[[@f3: static int ?third = 3]] third++; first += third; ~~ }}
    return first += n;
}
%fn EXPORT int @run(int round)
{
    emit(@choose(hidden(round)));
    emit(@swap(hidden(round)));
    return @fresh(hidden(round));
}
