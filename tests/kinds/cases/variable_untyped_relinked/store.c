long queue[4], waiting[4], rest[40];
