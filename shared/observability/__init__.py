"""What a running process says about itself: JSON log lines and Prometheus metrics."""
