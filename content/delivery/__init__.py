"""Home pages made beforehand: kept in the memory of each web process, made old by the publish itself."""
