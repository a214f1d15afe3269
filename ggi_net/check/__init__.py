"""Does the daemon that will run an artifact accept it? Each artifact goes to its validator in a scratch place."""
