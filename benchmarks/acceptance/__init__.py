"""What the method claims in populations whose groups are unlike, beside other methods."""
