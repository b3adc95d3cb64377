int long_one(int), other(int), behind(void);
volatile int numbers[3] = {0, 12, 130};
int start(void) {
    return long_one(numbers[0]) + long_one(numbers[1]) + long_one(numbers[2]) + other(1) + behind();
}
