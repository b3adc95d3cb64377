// Exceptions, RTTI, threads, iostreams, thread_local, templates, lambdas, coroutines:
// everything printed is the same on every run.
#include <algorithm>
#include <any>
#include <atomic>
#include <condition_variable>
#include <cstdarg>
#include <coroutine>
#include <cstdio>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
    virtual std::string name() const { return "shape"; }
};
struct Named {
    virtual ~Named() = default;
    virtual std::string label() const { return "named"; }
};
struct Circle : Shape {
    double r;
    explicit Circle(double r) : r(r) {}
    double area() const override { return 3.0 * r * r; }
    std::string name() const override { return "circle"; }
};
struct Square : virtual Shape, Named {
    double a;
    explicit Square(double a) : a(a) {}
    double area() const override { return a * a; }
    std::string name() const override { return "square"; }
    std::string label() const override { return "a " + name(); }
};
struct Cube final : Square, virtual Shape {
    explicit Cube(double a) : Square(a) {}
    double area() const override { return 6 * Square::area(); }
    std::string name() const override { return "cube"; }
};

struct Failure : std::runtime_error {
    int code;
    Failure(int code, const std::string &what) : std::runtime_error(what), code(code) {}
};
struct Worse : Failure {
    using Failure::Failure;
};

std::atomic<int> alive{0};
struct Guard {
    std::string what;
    explicit Guard(std::string w) : what(std::move(w)) { ++alive; }
    Guard(const Guard &o) : what(o.what) { ++alive; }
    ~Guard() { --alive; }
};

[[gnu::noinline]] int thrower(int depth, int kind) {
    Guard guard("depth " + std::to_string(depth));
    if (depth > 0) {
        return thrower(depth - 1, kind) + 1;
    }
    switch (kind) {
    case 0: throw Failure(10, "failure");
    case 1: throw Worse(20, "worse");
    case 2: throw std::string("a string");
    case 3: throw 42;
    case 4: throw std::out_of_range("range");
    case 5: return std::stoi("not a number");
    case 6: return static_cast<int>(std::vector<int>(3).at(7));
    case 7: dynamic_cast<Cube &>(*std::make_unique<Circle>(1.0)).area(); return 0;
    case 8: std::any_cast<int>(std::any(std::string("x"))); return 0;
    case 9: return std::get<int>(std::variant<int, std::string>("text"));
    default: return 7;
    }
}

[[gnu::noinline]] std::string attempt(int kind) {
    std::ostringstream out;
    try {
        Guard outer("outer");
        try {
            out << thrower(kind % 5 + 1, kind);
        } catch (const Worse &w) {
            out << "worse " << w.code << ", ";
            throw;
        } catch (int n) {
            out << "int " << n << ", ";
            throw Failure(n, "translated");
        } catch (const std::string &s) {
            out << s;
        }
    } catch (const Failure &f) {
        out << "failure " << f.code << ' ' << f.what();
    } catch (const std::logic_error &e) {
        out << "logic " << typeid(e).name();
    } catch (const std::exception &e) {
        out << "exception " << typeid(e).name();
    } catch (...) {
        out << "unknown";
    }
    out << " [" << alive << " alive]";
    return out.str();
}

void may_not_throw() noexcept {
    try {
        thrower(2, 3);
    } catch (int) {
    }
}

int function_try(int kind) try {
    Guard g("function");
    return thrower(1, kind);
} catch (const std::exception &e) {
    return -static_cast<int>(std::string(e.what()).size() % 100);
}

struct Generator {
    struct promise_type {
        int value = 0;
        Generator get_return_object() {
            return Generator{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int v) {
            value = v;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    std::coroutine_handle<promise_type> handle;
    ~Generator() { handle.destroy(); }
    bool next() {
        handle.resume();
        return !handle.done();
    }
    int value() const { return handle.promise().value; }
};

Generator collatz(int n) {
    Guard g("coroutine");
    while (n != 1) {
        co_yield n;
        n = n % 2 ? 3 * n + 1 : n / 2;
        if (n > 10000) {
            throw Failure(n, "too large");
        }
    }
    co_yield 1;
}

struct PerThread {
    long count = 0;
    std::string name = "nobody";
    ~PerThread();
};
std::atomic<int> ended{0};
PerThread::~PerThread() { ended += count > 0; }
thread_local PerThread mine;
thread_local int plain_local = 5;

long &function_local() {
    static thread_local long value = 100;
    return value;
}

const std::map<std::string, int> &table() {
    static const std::map<std::string, int> made = [] {
        std::map<std::string, int> m;
        for (int i = 0; i < 50; ++i) {
            m["key" + std::to_string(i)] = i * i;
        }
        return m;
    }();
    return made;
}

template <typename T, typename... Rest> std::string join(const T &first, const Rest &...rest) {
    std::ostringstream out;
    out << first;
    ((out << '/' << rest), ...);
    return out.str();
}

template <int N> struct Power {
    static constexpr long of(long x) { return x * Power<N - 1>::of(x); }
};
template <> struct Power<0> {
    static constexpr long of(long) { return 1; }
};

long variadic(int count, ...) {
    va_list list;
    va_start(list, count);
    long sum = 0;
    for (int i = 0; i < count; ++i) {
        sum += va_arg(list, int);
    }
    va_end(list);
    return sum;
}

struct BySize {
    int n;
    friend std::ostream &operator<<(std::ostream &o, const BySize &b) { return o << '<' << b.n << '>'; }
    bool operator<(const BySize &o) const { return n < o.n; }
};

const char *weekday(int day) {
    switch (day) {
    case 0: return "Sunday";
    case 1: return "Monday";
    case 2: return "Tuesday";
    case 3: return "Wednesday";
    case 4: return "Thursday";
    case 5: return "Friday";
    case 6: return "Saturday";
    default: return "never";
    }
}

int dispatch(int op, int a, int b) {
    switch (op) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return b ? a / b : 0;
    case 4: return a & b;
    case 5: return a | b;
    case 6: return a ^ b;
    case 7: return a << (b & 7);
    case 8: return std::max(a, b);
    default: return dispatch(op % 9, b, a);
    }
}

void classes() {
    std::vector<std::shared_ptr<Shape>> shapes;
    for (int i = 1; i <= 6; ++i) {
        switch (i % 3) {
        case 0: shapes.push_back(std::make_shared<Circle>(i)); break;
        case 1: shapes.push_back(std::make_shared<Square>(i)); break;
        default: shapes.push_back(std::make_shared<Cube>(i)); break;
        }
    }
    double sum = 0;
    for (const auto &s : shapes) {
        sum += s->area();
        std::cout << s->name() << ' ' << s->area();
        if (auto *named = dynamic_cast<Named *>(s.get())) {
            std::cout << ' ' << named->label();
        }
        const Shape &shape = *s;
        if (typeid(shape) == typeid(Cube)) {
            std::cout << " (exactly a cube)";
        }
        std::cout << '\n';
    }
    std::cout << "sum " << sum << ' ' << shapes[0].use_count() << '\n';
    std::function<double(double)> twice = [sum](double x) { return x * 2 + sum * 0; };
    auto curried = [twice](double x) { return [=](double y) { return twice(x) + y; }; };
    double (Shape::*method)() const = &Shape::area;
    std::cout << curried(3)(4) << ' ' << ((*shapes[1]).*method)() << '\n';
}

void containers() {
    std::mt19937 random(12345);
    std::vector<BySize> list;
    for (int i = 0; i < 300; ++i) {
        list.push_back({static_cast<int>(random() % 1000)});
    }
    std::stable_sort(list.begin(), list.end());
    std::cout << list.front() << list[150] << list.back() << '\n';
    std::set<std::string> words;
    std::unordered_map<std::string, int> counts;
    std::istringstream text("the quick brown fox jumps over the lazy dog and the fox sleeps");
    for (std::string word; text >> word;) {
        words.insert(word);
        ++counts[word];
    }
    for (const auto &w : words) {
        std::cout << w << '=' << counts[w] << ' ';
    }
    std::cout << '\n' << std::accumulate(list.begin(), list.end(), 0, [](int a, const BySize &b) { return a + b.n; }) << '\n';
    std::regex pattern("([a-z]+)@([a-z]+)\\.(com|org)");
    std::smatch match;
    std::string mail = "write to someone@example.org today";
    if (std::regex_search(mail, match, pattern)) {
        std::cout << match[1] << ' ' << match[2] << ' ' << match[3] << '\n';
    }
    try {
        std::regex bad("(unclosed");
    } catch (const std::regex_error &e) {
        std::cout << "regex_error " << (e.code() == std::regex_constants::error_paren) << '\n';
    }
    std::optional<int> nothing;
    try {
        std::cout << nothing.value();
    } catch (const std::bad_optional_access &) {
        std::cout << "no value\n";
    }
    std::variant<int, double, std::string> v = "variant";
    std::visit([](const auto &x) { std::cout << x << '\n'; }, v);
    std::cout << std::hex << std::showbase << 255 << std::dec << std::setw(8) << std::setfill('*') << 42 << ' '
              << std::fixed << std::setprecision(3) << 3.14159 << std::defaultfloat << ' ' << std::boolalpha << true << '\n';
    std::istringstream numbers("12 0x1f 3.5 zzz");
    int a = 0, b = 0;
    double c = 0;
    std::string rest;
    numbers >> a >> std::hex >> b >> std::dec >> c >> rest;
    std::cout << a << ' ' << b << ' ' << c << ' ' << rest << '\n';
    numbers.clear();
    numbers.exceptions(std::ios::failbit);
    try {
        numbers >> a;
    } catch (const std::ios_base::failure &) {
        std::cout << "stream failure\n";
    }
}

void threads() {
    constexpr int COUNT = 8;
    std::vector<std::thread> workers;
    std::vector<long> results(COUNT);
    std::mutex lock;
    std::condition_variable ready;
    int waiting = 0;
    std::atomic<long> total{0};
    for (int t = 0; t < COUNT; ++t) {
        workers.emplace_back([&, t] {
            {
                std::unique_lock<std::mutex> held(lock);
                ++waiting;
                ready.notify_all();
                ready.wait(held, [&] { return waiting == COUNT; });
            }
            mine.name = "thread " + std::to_string(t);
            for (int i = 0; i < 500; ++i) {
                try {
                    mine.count += thrower(i % 4, i % 11);
                } catch (const Worse &w) {
                    mine.count += w.code;
                } catch (const std::exception &e) {
                    mine.count += 3;
                } catch (...) {
                    mine.count += 1;
                }
                plain_local += t;
                function_local() += 1;
            }
            results[t] = mine.count * 1000000 + plain_local * 1000 + function_local();
            total += mine.count;
        });
    }
    for (auto &w : workers) {
        w.join();
    }
    for (long r : results) {
        std::cout << r << ' ';
    }
    std::cout << '\n' << total << ' ' << ended << ' ' << mine.name << ' ' << plain_local << ' ' << function_local() << '\n';
}

void everything(int argc, char **argv) {
    std::cout << join("a", 1, 2.5, 'c') << ' ' << Power<5>::of(3) << ' ' << variadic(4, 1, 2, 3, argc) << '\n';
    for (int i = 1; i < argc; ++i) {
        std::cout << "argument " << argv[i] << '\n';
    }
    for (int kind = 0; kind <= 10; ++kind) {
        std::cout << kind << ' ' << attempt(kind) << '\n';
    }
    for (int day = 0; day < 9; ++day) {
        std::cout << weekday(day) << ' ' << dispatch(day, 100, day) << ' ' << dispatch(day + 9, 7, 3) << '\n';
    }
    may_not_throw();
    std::cout << function_try(0) << ' ' << function_try(4) << ' ' << function_try(10) << '\n';
    for (int start : {6, 27}) {
        Generator g = collatz(start);
        try {
            long sum = 0;
            while (g.next()) {
                sum += g.value();
            }
            std::cout << "collatz " << sum << '\n';
        } catch (const Failure &f) {
            std::cout << "collatz " << f.what() << ' ' << f.code << '\n';
        }
    }
    std::cout << table().at("key7") << ' ' << table().size() << '\n';
    classes();
    containers();
    threads();
    std::exception_ptr kept;
    std::thread([&] {
        try {
            thrower(3, 1);
        } catch (...) {
            kept = std::current_exception();
        }
    }).join();
    try {
        std::rethrow_exception(kept);
    } catch (const Failure &f) {
        std::cout << "rethrown " << f.what() << '\n';
    }
    std::cout << "alive " << alive << '\n';
}

} // namespace

// With the argument "rounds" it does everything once more for every line of its input.
int main(int argc, char **argv) {
    if (argc < 2 || std::string("rounds") != argv[1]) {
        everything(argc, argv);
        return 0;
    }
    char line[80];
    while (std::fgets(line, sizeof line, stdin)) {
        everything(argc, argv);
        std::cout << "== waiting" << std::endl;
    }
    return 3;
}
