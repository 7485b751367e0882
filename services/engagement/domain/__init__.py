"""What engagement knows, without any input or output."""
