-- Exercises the language and its libraries; everything printed is the same on every run.
local lines = 0
local function say(...)
  lines = lines + 1
  print(...)
end

-- Numbers, strings and their conversions.
say(7 // 2, -7 // 2, 7 % -3, 7.5 // 2, 2 ^ 10, 10 / 4, 1e15, 2^53)
say(5 & 3, 5 | 3, 5 ~ 3, ~5, 1 << 62, -1 >> 60, 0x7fffffffffffffff + 1)
say(math.maxinteger, math.mininteger, math.tointeger(3.0), math.type(1), math.type(1.0), math.type("1"))
say("10" + 5, "0x10" * 2, 10 .. 20, tostring(1e100), tonumber("z", 36), tonumber("8", 8))
say(string.format("%5d|%-5d|%05d|%x|%X|%o|%e|%g|%a|%q|%s|%c|%%", 42, 42, 42, 255, 255, 8, 12345.678, 0.1, 1.0, "a\nb", "s", 65))
say(("hello world"):gsub("o", "0"), ("abc"):rep(3, "-"), ("abc"):reverse(), ("abc"):byte(1, -1))
say(("key = value"):match("^(%w+)%s*=%s*(%w+)$"), ("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):find("%((%a+)%)"))
for k, v in ("a=1, b=2, c=3"):gmatch("(%w+)=(%w+)") do say(k, v) end
say(("x"):rep(10):gsub("x", { x = "y" }), ("abc"):gsub("%w", "%0%0"), ("hello"):gsub("", "-"))
say(#string.pack("<i4 i8 d s4", 1, 2, 3.5, "four"), string.unpack("<i4 i8 d s4", string.pack("<i4 i8 d s4", 1, 2, 3.5, "four")))
say(utf8.char(72, 228, 8364, 128512), utf8.len("häß"), utf8.codepoint("ä", 1))
for p, c in utf8.codes("aä€") do say(p, c) end

-- Tables and sorting.
local t = {}
for i = 1, 200 do t[i] = (i * 7919) % 211 end
table.sort(t)
say(table.concat(t, ",", 1, 20), #t)
table.sort(t, function(a, b) return a > b end)
say(t[1], t[100], t[200], table.unpack(t, 1, 5))
table.insert(t, 1, "first"); table.insert(t, "last"); say(table.remove(t, 1), table.remove(t), #t)
say(select("#", table.unpack({ 1, nil, 3 }, 1, 3)), select(-1, "a", "b"), table.move({ 1, 2, 3 }, 1, 3, 2)[3])
local big = {}
for i = 1, 5000 do big["k" .. i] = i end
local sum = 0
for _, v in pairs(big) do sum = sum + v end
say(sum, next({}), rawlen({ 1, 2 }), rawequal(big, big))

-- Closures, varargs, goto, integer loops, multiple assignment.
local function counter() local n = 0 return function() n = n + 1 return n end end
local a, b = counter(), counter()
say(a(), a(), b(), a())
local function va(...) local x, y = ... return select("#", ...), x, y end
say(va(), va(nil), va(1, 2, 3))
for i = 10, 1, -3 do if i == 4 then goto skip end say(i) ::skip:: end
for x = 0, 1, 0.25 do say(x) end
local x, y = 1, 2; x, y = y, x; say(x, y)
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
say(fib(22))
local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + n) end
say(loop(100000, 0))

-- Metatables and inheritance.
local V = {}
V.__index = V
V.__add = function(p, q) return setmetatable({ x = p.x + q.x }, V) end
V.__eq = function(p, q) return p.x == q.x end
V.__lt = function(p, q) return p.x < q.x end
V.__le = function(p, q) return p.x <= q.x end
V.__call = function(self, k) return self.x * k end
V.__tostring = function(p) return "V(" .. p.x .. ")" end
V.__len = function() return 77 end
V.__concat = function(p, q) return tostring(p) .. tostring(q) end
V.__unm = function(p) return setmetatable({ x = -p.x }, V) end
V.__close = function(p) say("closed", p) end
V.__name = "vector"
local p, q = setmetatable({ x = 1 }, V), setmetatable({ x = 2 }, V)
say(p + q, p == q, p < q, p <= q, p(10), #p, p .. q, -p)
local proxy = setmetatable({}, { __index = function(_, k) return k .. "!" end, __newindex = function(s, k, v) rawset(s, k, v * 2) end })
proxy.z = 21; say(proxy.z, proxy.other)
do local c <close> = p; local k <const> = 5; say("in scope", k) end

-- Errors: thrown and caught through C and Lua frames.
say(pcall(error, { code = 7 }) and 1, select(2, pcall(error, "plain", 0)))
say(pcall(function() local n = nil; return n.field end))
say(pcall(string.rep, "x", -1), pcall(string.rep))
say(select(2, xpcall(function() error("deep") end, function(m) return "handled: " .. m end)))
say(pcall(function() return 1 + {} end))
say(pcall(load, "return 1 +"))
say(load("return 1 +"))
say(pcall(setmetatable, 1, {}))
say(select(2, pcall(function() local function r() return 1 + r() end return r() end)):match("stack overflow") ~= nil)
for depth = 1, 50 do
  local ok, m = pcall(function() pcall(error, "inner") error("outer " .. depth, 0) end)
  if depth % 25 == 0 then say(ok, m) end
end
say(pcall(function() local c <close> = p; error("with close", 0) end))

-- Coroutines.
local gen = coroutine.wrap(function(first) local got = first for i = 1, 5 do got = coroutine.yield(i, got) end return "done", got end)
say(gen("a")); say(gen("b")); say(gen("c")); say(gen("d")); say(gen("e")); say(gen("f"))
local co = coroutine.create(function() coroutine.yield(1) error("in coroutine", 0) end)
say(coroutine.resume(co)); say(coroutine.resume(co)); say(coroutine.resume(co), coroutine.status(co))
local all = {}
for i = 1, 200 do all[i] = coroutine.create(function() local s = 0 for k = 1, i do s = s + k; coroutine.yield() end return s end) end
local total, live = 0, 200
while live > 0 do
  for i = 1, 200 do
    local c = all[i]
    if c and coroutine.status(c) ~= "dead" then
      local ok, r = coroutine.resume(c)
      if coroutine.status(c) == "dead" then live = live - 1; total = total + r end
    end
  end
end
say(total, coroutine.isyieldable(), select(2, coroutine.running()))

-- Garbage collection in all its modes, weak tables, finalisers.
local finalised = 0
for i = 1, 2000 do setmetatable({}, { __gc = function() finalised = finalised + 1 end }) end
collectgarbage(); collectgarbage()
say(finalised)
local weak = setmetatable({}, { __mode = "kv" })
for i = 1, 100 do weak[i] = {} end
collectgarbage()
local alive = 0
for _ in pairs(weak) do alive = alive + 1 end
say(alive, collectgarbage("generational"), collectgarbage("incremental"))
for round = 1, 30 do local junk = {} for i = 1, 500 do junk[i] = { i, tostring(i), function() return i end } end end
collectgarbage("step", 100)

-- Load, dump, environments, debug.
local f = load(string.dump(function(n) return n * n end), "dumped", "b")
say(f(12), load("a = 1; return a", "chunk", "t", {})())
local env = { print = print }
load("value = 99", "e", "t", env)(); say(env.value, value)
local info = debug.getinfo(1, "Sl"); say(info.what, info.currentline > 0)
say(debug.traceback("trace", 1):match("trace\nstack traceback:") ~= nil)
local hits = 0
debug.sethook(function() hits = hits + 1 end, "l"); local z = 1; z = z + 1; z = z + 1; debug.sethook()
say(hits > 2)

-- Mathematics, with digits that every C library agrees on.
say(math.floor(-3.5), math.ceil(-3.5), math.fmod(7, 3), math.modf(3.75), math.abs(-4), math.max(1, 9, 3), math.min(4, 2), math.ult(1, -1))
say(string.format("%.10f %.10f %.10f %.10f %.10f", math.sin(1), math.cos(1), math.sqrt(2), math.exp(1), math.log(10, 2)))
math.randomseed(42); local r1 = math.random(1000); math.randomseed(42); say(r1 == math.random(1000))

-- Files.
local name = os.tmpname and "transplant.tmp" or "x"
local h = assert(io.open(name, "w"))
for i = 1, 100 do h:write(i, " ", i * i, "\n") end
h:close()
local s = 0
for line in io.lines(name) do local _, v = line:match("(%d+) (%d+)"); s = s + tonumber(v) end
say(s)
h = io.open(name, "rb"); say(h:seek("end"), h:seek("set", 3), h:read("n"), h:read("L"), h:read(5), h:read("a"):len()); h:close()
os.remove(name)
say(io.open("no such file"), os.time({ year = 2020, month = 1, day = 1, hour = 12 }) > 0, os.getenv("NO_SUCH_VARIABLE"))
say("lines", lines)
