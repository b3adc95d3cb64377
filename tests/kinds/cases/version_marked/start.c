void fill(void);
int number(void), price(int);
const char *text(void);
extern volatile int amount;
extern const char *volatile shown;
int start(void) {
    fill();
    shown = text();
    return price(amount) + (number() == 0);
}
