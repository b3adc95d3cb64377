struct node { struct node *next; int key; };
