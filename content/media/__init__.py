"""Files that are not pictures: known by their content, taken apart, and written anew from what a player needs."""
