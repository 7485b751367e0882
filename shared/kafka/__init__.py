"""Kafka for those who publish: producers that are replaced when they fail."""
