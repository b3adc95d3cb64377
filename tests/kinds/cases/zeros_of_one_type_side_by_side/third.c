int third[4];
