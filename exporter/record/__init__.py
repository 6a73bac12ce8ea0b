"""What is measured: the sample, its columns, how it is read and where it is kept."""
