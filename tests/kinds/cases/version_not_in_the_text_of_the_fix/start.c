int number(void), price(int);
extern volatile int amount;
int start(void) { return price(amount) + (number() == 0); }
