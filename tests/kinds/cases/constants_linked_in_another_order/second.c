const int second[3] = { 5, 6, 7 };
