"""What is held on people and why: the register of fields, keys, retention."""
