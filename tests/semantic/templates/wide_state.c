// 64-bit state, shifts, and division.
%var static unsigned long long @wide = {{init:0x123456789abcull ~~ 7ull}};
%fn NOINLINE unsigned long long @spin(unsigned long long x)
{
    x ^= x << {{const:13 ~~ 11}};
    x ^= x >> 7;
    {{stmt:x ^= x << 17; ~~ }}
    return x {{op:+ ~~ -}} 0x9e3779b97f4a7c15ull;
}
%fn NOINLINE int @parts(unsigned long long x, int n)
{
    return (int)(x / (unsigned)(n + {{const:3 ~~ 4}})) ^ (int)(x % 1000);
}
%fn EXPORT int @run(int round)
{
    @wide = @spin(@wide);
    emit((int)(@wide >> 33));
    return @parts(@wide, hidden(round));
}
