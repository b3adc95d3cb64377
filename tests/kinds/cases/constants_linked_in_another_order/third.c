_Alignas(16) const int third[4] = { 9, 10, 11, 12 };
