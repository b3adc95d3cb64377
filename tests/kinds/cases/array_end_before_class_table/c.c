const int beside[4] = { 1, 2, 3, 4 };
