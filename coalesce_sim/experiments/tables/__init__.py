"""What a run leaves behind, as Arrow tables: each module holds the columns of one file."""
