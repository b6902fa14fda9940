"""Files of customers, in and out: reading, understanding, judging, writing, taking back."""
