int first[4];
