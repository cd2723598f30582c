"""Records: what is written to disk, frozen, typed and checked against its schema."""
