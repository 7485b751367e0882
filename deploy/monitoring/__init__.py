"""What is watched: panels, rules and alerts as Python, written out for Grafana and Prometheus."""
