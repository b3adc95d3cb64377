typedef int (*step)(int);
extern const step in_list_twice, in_list_thrice;
int use(int v) {
#ifdef NEW
    v = in_list_thrice(v);
#endif
    return in_list_twice(v);
}
