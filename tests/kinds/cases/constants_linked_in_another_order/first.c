_Alignas(16) const int first[4] = { 1, 2, 3, 4 };
