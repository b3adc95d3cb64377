int _fltused = 1;
