struct row;
void fill(struct row *row, int value);
int weigh(struct row *row);
struct row *fresh(void);
volatile int three = 3;
int start(void) {
    struct row *row = fresh();
    fill(row, three);
    return weigh(row);
}
