"""The pages that people who are not engineers look at."""
