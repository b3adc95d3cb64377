/* Puts answers together. */
static void put(char byte) {
    if (length < sizeof text - 2) {
        text[length++] = byte;
    }
}

static void put_number(int number) {
    char digits[12];
    int at = 0;
    unsigned rest = number < 0 ? 0u - (unsigned)number : (unsigned)number;
    do {
        digits[at++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0) {
        put('-');
    }
    while (at) {
        put(digits[--at]);
    }
}

void emit(int number) {
    put_number(number);
    put(',');
    sum = sum * 31 + (unsigned)number;
}

void result(const char *name, int number) {
    put_number(number);
    put('=');
    while (*name) {
        put(*name++);
    }
    put(' ');
    sum = sum * 31 + (unsigned)number;
}
